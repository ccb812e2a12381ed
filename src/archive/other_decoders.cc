// zstd (RFC 8878), xz (.xz file format 1.2.1) and bzip2 by their own libraries.
#include <new>

#include <bzlib.h>
#include <fmt/format.h>
#include <lzma.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "archive/decoder.h"

namespace bulkhead::archive {
namespace {

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    constexpr int kMaxWindowLog = 27;  // 128 MiB: what `zstd --long` writes
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kMaxWindowLog);
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  Result<Step> step(ByteSpan in, std::span<std::byte> out, bool /*input_ended*/) override {
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    ZSTD_outBuffer output = {out.data(), out.size(), 0};
    const size_t code = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(code) != 0) {
      const ZSTD_ErrorCode error = ZSTD_getErrorCode(code);
      if (error == ZSTD_error_memory_allocation) throw std::bad_alloc();
      if (error == ZSTD_error_frameParameter_windowTooLarge) {
        return fail(Code::kUnsupported, "zstd window of more than 128 MiB", "compress it again without --ultra --long");
      }
      return fail(Code::kMalformed, fmt::format("invalid zstd data ({})", ZSTD_getErrorName(code)));
    }
    return Step{input.pos, output.pos, code == 0 && (input.pos != 0 || output.pos != 0)};
  }

 private:
  ZSTD_DCtx* context_;
};

class XzDecoder final : public Decoder {
 public:
  XzDecoder() {
    constexpr uint64_t kMaxMemory = uint64_t{256} << 20;  // xz -9 needs 65 MiB
    if (lzma_stream_decoder(&stream_, kMaxMemory, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  }
  ~XzDecoder() override { lzma_end(&stream_); }

  Result<Step> step(ByteSpan in, std::span<std::byte> out, bool input_ended) override {
    stream_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret code = lzma_code(&stream_, input_ended ? LZMA_FINISH : LZMA_RUN);
    switch (code) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:
      case LZMA_STREAM_END:
        break;
      case LZMA_MEM_ERROR:
        throw std::bad_alloc();
      case LZMA_MEMLIMIT_ERROR:
        return fail(Code::kLimitExceeded, "xz data that needs more than 256 MiB of memory");
      default:
        return fail(Code::kMalformed, fmt::format("invalid xz data (liblzma error {})", static_cast<int>(code)));
    }
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, code == LZMA_STREAM_END};
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class Bzip2Decoder final : public Decoder {
 public:
  Bzip2Decoder() { init(); }
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }

  Result<Step> step(ByteSpan in, std::span<std::byte> out, bool /*input_ended*/) override {
    if (ended_) {
      BZ2_bzDecompressEnd(&stream_);
      init();
    }
    stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data()));
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = reinterpret_cast<char*>(out.data());
    stream_.avail_out = static_cast<unsigned>(out.size());
    const int code = BZ2_bzDecompress(&stream_);
    if (code == BZ_MEM_ERROR) throw std::bad_alloc();
    if (code != BZ_OK && code != BZ_STREAM_END) {
      return fail(Code::kMalformed, fmt::format("invalid bzip2 data (libbz2 error {})", code));
    }
    ended_ = code == BZ_STREAM_END;
    return Step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, ended_};
  }

 private:
  void init() {
    stream_ = {};
    ended_ = false;
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
  }

  bz_stream stream_{};
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder() {
  return std::make_unique<ZstdDecoder>();
}
std::unique_ptr<Decoder> make_xz_decoder() {
  return std::make_unique<XzDecoder>();
}
std::unique_ptr<Decoder> make_bzip2_decoder() {
  return std::make_unique<Bzip2Decoder>();
}

}  // namespace bulkhead::archive
