// A growing list whose first N elements need no allocation: versions have few parts, hostile ones have many.
// Internal to the folder.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace bulkhead::version {

template <typename T, size_t N>
class InlineVector {
 public:
  void push_back(const T& value) {
    if (size_ < N) {
      local_[size_] = value;
    } else {
      if (size_ == N) heap_.assign(local_.begin(), local_.end());
      heap_.push_back(value);
    }
    ++size_;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](size_t index) const { return items()[index]; }

  std::span<const T> items() const {
    return size_ <= N ? std::span<const T>(local_.data(), size_) : std::span<const T>(heap_);
  }
  auto begin() const { return items().begin(); }
  auto end() const { return items().end(); }

 private:
  std::array<T, N> local_{};
  std::vector<T> heap_;
  size_t size_ = 0;
};

}  // namespace bulkhead::version
