// BlockSource: bytes that arrive in blocks, pulled one at a time. The one streaming interface of the house: a file, a
// registry download, an inflating stage and a hashing stage all look the same, and nothing is copied between stages.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"

namespace bulkhead {

class BlockSource {
 public:
  BlockSource() = default;
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;
  virtual ~BlockSource() = default;

  // The next block; empty at the end of the stream, and again at every later call. The view stays valid until the next
  // call of next() or the source's destruction. After an error the source must not be used any more.
  // Blocks are at most kMaxBlockBytes. One caller at a time; a source may move between threads.
  virtual Result<ByteSpan> next() = 0;

  // Passes over at most `count` bytes that next() would give, where that is cheaper than reading them (a file that can
  // be sought), and says how many; 0: there is no cheaper way, read them. Fewer than `count` otherwise only at the end.
  virtual Result<uint64_t> skip(uint64_t count) {
    static_cast<void>(count);
    return uint64_t{0};
  }

  static constexpr size_t kMaxBlockBytes = size_t{1} << 20;
};

// Owns its bytes and hands them out in blocks.
class MemorySource final : public BlockSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<ByteSpan> next() override {
    const ByteSpan rest = as_bytes(bytes_).subspan(position_);
    const ByteSpan block = rest.first(rest.size() < kMaxBlockBytes ? rest.size() : kMaxBlockBytes);
    position_ += block.size();
    return block;
  }

 private:
  std::string bytes_;
  size_t position_ = 0;
};

// Hands out bytes that somebody else owns (a mapped file), in blocks; they must outlive it.
class SpanSource final : public BlockSource {
 public:
  explicit SpanSource(ByteSpan bytes) : rest_(bytes) {}
  Result<ByteSpan> next() override {
    const ByteSpan block = rest_.first(rest_.size() < kMaxBlockBytes ? rest_.size() : kMaxBlockBytes);
    rest_ = rest_.subspan(block.size());
    return block;
  }

 private:
  ByteSpan rest_;
};

// Everything until the end of the stream; kLimitExceeded past max_bytes, naming `what`.
Result<std::string> read_all(BlockSource& source, size_t max_bytes, std::string_view what);

}  // namespace bulkhead
