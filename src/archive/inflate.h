// Compressed streams: what they are, by their first bytes, and their contents as another stream.
//
// gzip is inflated by ISA-L (zlib where that is missing or not to be trusted), zstd, xz and bzip2 by their libraries. A
// stream that ends early, fails its own checksum or is followed by anything that is not another member or frame of the
// same format is kMalformed; zero bytes after the last gzip member are padding, as for gzip(1).
// Sources: RFC 1952, RFC 8878, the .xz file format 1.2.1. Trust of the input: none; limits: max_layer_bytes and
// max_ratio of archive/limits.h; a zstd window above 128 MiB (kUnsupported) and xz' memory above 256 MiB
// (kLimitExceeded).
#pragma once

#include <memory>
#include <string_view>

#include "archive/limits.h"
#include "base/block_source.h"

namespace bulkhead::archive {

enum class Compression : uint8_t { kNone, kGzip, kZstd, kXz, kBzip2 };
std::string_view compression_name(Compression compression);

// By magic; kNone when none fits. kMagicBytes are enough to tell.
inline constexpr size_t kMagicBytes = 6;
Compression detect_compression(ByteSpan head);

// How much a caller of Inflater best offers at once: large enough to hide ISA-L's cost per call (it copies its 32 KiB
// window), small enough to stay in a processor's cache for the digest and the tar walk.
inline constexpr size_t kInflateBlockBytes = size_t{256} << 10;

// The contents of `stored`, whatever its compression (found out at the first read). Bytes that are not compressed are
// passed through, without copying. Reading to the end reads `stored` to its end.
// `max_bytes`: which of the limits its length has.
std::unique_ptr<BlockSource> make_inflating_source(std::unique_ptr<BlockSource> stored, const Limits& limits = {},
                                                   uint64_t Limits::* max_bytes = &Limits::max_layer_bytes);

// A decompressor that fills the caller's memory; what make_inflating_source and the parallel layer walk are made of.
// `stored` must outlive it. Not thread-safe; may move between threads.
class Inflater {
 public:
  Inflater(BlockSource& stored, const Limits& limits, uint64_t Limits::* max_bytes = &Limits::max_layer_bytes);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  // The stream's compression; reads its head when that has not happened yet.
  Result<Compression> compression();

  // The next bytes of the contents, in `out` (at most BlockSource::kMaxBlockBytes of it, at least one byte) or, when
  // the stream is not compressed, in the stored block itself, valid as long as that. Empty: the end, and the stored
  // stream has been read to its end.
  Result<ByteSpan> read(std::span<std::byte> out);

  uint64_t stored_bytes() const;    // consumed so far
  uint64_t inflated_bytes() const;  // produced so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bulkhead::archive
