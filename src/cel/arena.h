// The memory of one evaluation: handed out in order, bounded, and given back all at once. What a small evaluation needs
// is inside the arena, so that the common one allocates nothing. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bulkhead::cel {

class Arena {
 public:
  explicit Arena(size_t max_bytes) : max_bytes_(max_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Null when max_bytes would be passed, and exhausted() from then on.
  void* allocate(size_t bytes, size_t alignment);

  // Null as above; elements are not initialised.
  template <typename T>
    requires std::is_trivially_destructible_v<T>
  T* allocate(size_t count) {
    if (count > SIZE_MAX / sizeof(T)) count = SIZE_MAX / sizeof(T);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  bool exhausted() const { return exhausted_; }

  // Everything handed out so far is dead; larger blocks are returned to the system.
  void reset();

 private:
  static constexpr size_t kInside = 4096;
  static constexpr size_t kBlock = size_t{64} << 10;

  size_t max_bytes_;
  size_t used_ = 0;  // of max_bytes_
  bool exhausted_ = false;
  std::byte* next_ = inside_;
  std::byte* end_ = inside_ + kInside;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  alignas(std::max_align_t) std::byte inside_[kInside];
};

}  // namespace bulkhead::cel
