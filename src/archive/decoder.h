// One compressed format behind one call; internal to this folder. inflate.h is the way in.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"

namespace bulkhead::archive {

// Trust of the input: none. Not thread-safe.
class Decoder {
 public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  struct Step {
    size_t consumed = 0;
    size_t produced = 0;
    bool member_ended =
        false;  // a gzip or bzip2 member, a zstd frame, all of an xz stream; the next step begins another
  };
  // Decodes from `in` (at most BlockSource::kMaxBlockBytes) to `out`. A step that does nothing at all needs more input.
  // kMalformed (message without position), kUnsupported, kLimitExceeded.
  virtual Result<Step> step(ByteSpan in, std::span<std::byte> out, bool input_ended) = 0;
  // Whether zero bytes after a member are padding.
  virtual bool allows_zero_padding() const { return false; }
};

#ifdef BULKHEAD_HAVE_ISAL
std::unique_ptr<Decoder> make_isal_gzip_decoder();
#endif
std::unique_ptr<Decoder> make_zlib_gzip_decoder();
std::unique_ptr<Decoder> make_gzip_decoder();  // the faster of those that there are
std::unique_ptr<Decoder> make_zstd_decoder();
std::unique_ptr<Decoder> make_xz_decoder();
std::unique_ptr<Decoder> make_bzip2_decoder();

}  // namespace bulkhead::archive
