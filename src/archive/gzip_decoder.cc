// gzip (RFC 1952) by ISA-L and by zlib. Both give the same verdict on every input (inflate_test.cc runs both).
#include <algorithm>
#include <new>

#include <zlib.h>

#include "archive/decoder.h"
#include "base/block_source.h"

#ifdef BULKHEAD_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

namespace bulkhead::archive {
namespace {

#ifdef BULKHEAD_HAVE_ISAL
std::string_view isal_message(int code) {
  switch (code) {
    case ISAL_INVALID_BLOCK:
      return "invalid deflate block";
    case ISAL_INVALID_SYMBOL:
      return "invalid deflate symbol";
    case ISAL_INVALID_LOOKBACK:
      return "deflate distance reaches before the start";
    case ISAL_INVALID_WRAPPER:
      return "invalid gzip header";
    case ISAL_UNSUPPORTED_METHOD:
      return "unsupported gzip method";
    case ISAL_INCORRECT_CHECKSUM:
      return "gzip checksum or length does not fit the contents";
    default:
      return "invalid gzip data";
  }
}

class IsalDecoder final : public Decoder {
 public:
  IsalDecoder() : state_(std::make_unique<inflate_state>()) {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
  }

  Result<Step> step(ByteSpan in, std::span<std::byte> out, bool /*input_ended*/) override {
    if (ended_) {
      isal_inflate_reset(state_.get());
      state_->crc_flag = ISAL_GZIP;  // reset clears it
      ended_ = false;
      member_bytes_ = 0;
    }
    // ISA-L before 2.32.1 overruns its output when avail_in is near 4 GiB; blocks are far smaller by contract.
    in = in.first(std::min(in.size(), BlockSource::kMaxBlockBytes));
    out = out.first(std::min(out.size(), BlockSource::kMaxBlockBytes));
    // The interface is not const-correct; ISA-L does not write to its input.
    state_->next_in = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(in.data()));
    state_->avail_in = static_cast<uint32_t>(in.size());
    state_->next_out = reinterpret_cast<uint8_t*>(out.data());
    state_->avail_out = static_cast<uint32_t>(out.size());
    // ISA-L reads on where RFC 1952, 2.3.1.2, wants an error, and zlib gives one.
    if (member_bytes_ <= kFlagsOffset && in.size() > kFlagsOffset - member_bytes_ &&
        (std::to_integer<unsigned>(in[kFlagsOffset - member_bytes_]) & kReservedFlags) != 0) {
      return fail(Code::kMalformed, "unknown flags in a gzip header");
    }
    const int code = isal_inflate(state_.get());
    if (code < 0) return fail(Code::kMalformed, std::string(isal_message(code)));
    ended_ = state_->block_state == ISAL_BLOCK_FINISH;
    member_bytes_ += in.size() - state_->avail_in;
    return Step{in.size() - state_->avail_in, out.size() - state_->avail_out, ended_};
  }

  bool allows_zero_padding() const override { return true; }

 private:
  static constexpr uint64_t kFlagsOffset = 3;  // in a member's header
  static constexpr unsigned kReservedFlags = 0xE0;

  std::unique_ptr<inflate_state> state_;
  bool ended_ = false;
  uint64_t member_bytes_ = 0;  // consumed so far of the present member
};
#endif

class ZlibDecoder final : public Decoder {
 public:
  ZlibDecoder() {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~ZlibDecoder() override { inflateEnd(&stream_); }

  Result<Step> step(ByteSpan in, std::span<std::byte> out, bool /*input_ended*/) override {
    if (ended_) inflateReset(&stream_);
    ended_ = false;
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return fail(Code::kMalformed, stream_.msg == nullptr ? "invalid gzip data" : stream_.msg);
    }
    ended_ = code == Z_STREAM_END;
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, ended_};
  }

  bool allows_zero_padding() const override { return true; }

 private:
  z_stream stream_{};
  bool ended_ = false;
};

}  // namespace

#ifdef BULKHEAD_HAVE_ISAL
std::unique_ptr<Decoder> make_isal_gzip_decoder() {
  return std::make_unique<IsalDecoder>();
}
std::unique_ptr<Decoder> make_gzip_decoder() {
  return make_isal_gzip_decoder();
}
#else
std::unique_ptr<Decoder> make_gzip_decoder() {
  return make_zlib_gzip_decoder();
}
#endif
std::unique_ptr<Decoder> make_zlib_gzip_decoder() {
  return std::make_unique<ZlibDecoder>();
}

}  // namespace bulkhead::archive
