// Hands bytes out in blocks of a chosen size, so that tests meet every way in which a stream can be cut. For tests
// only.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "base/block_source.h"

namespace bulkhead {

class ChoppedSource final : public BlockSource {
 public:
  ChoppedSource(std::string bytes, size_t block_bytes) : bytes_(std::move(bytes)), block_bytes_(block_bytes) {}

  Result<ByteSpan> next() override {
    const ByteSpan rest = as_bytes(bytes_).subspan(position_);
    const ByteSpan block = rest.first(std::min(block_bytes_, rest.size()));
    position_ += block.size();
    return block;
  }

 private:
  std::string bytes_;
  size_t block_bytes_;
  size_t position_ = 0;
};

}  // namespace bulkhead
