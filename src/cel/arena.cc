#include "cel/arena.h"

#include <algorithm>

namespace bulkhead::cel {

void* Arena::allocate(size_t bytes, size_t alignment) {
  if (bytes > max_bytes_ - used_) {
    exhausted_ = true;
    return nullptr;
  }
  const auto padding = static_cast<size_t>(-reinterpret_cast<uintptr_t>(next_)) & (alignment - 1);
  if (padding + bytes > static_cast<size_t>(end_ - next_)) {
    const size_t size = std::max(bytes, kBlock);
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
    next_ = blocks_.back().get();
    end_ = next_ + size;
    used_ += bytes;
    void* result = next_;
    next_ += bytes;
    return result;
  }
  used_ += bytes;
  void* result = next_ + padding;
  next_ += padding + bytes;
  return result;
}

void Arena::reset() {
  blocks_.clear();
  used_ = 0;
  exhausted_ = false;
  next_ = inside_;
  end_ = inside_ + kInside;
}

}  // namespace bulkhead::cel
