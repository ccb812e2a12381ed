// Where the database's builder keeps text and lists: each distinct one once, named by a small number. For this folder
// only. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bulkhead::advisory {

// Distinct strings, numbered from 0 in the order of their first appearance; 0 is the empty string. The views that
// text() gives stay valid as long as the pool.
class StringPool {
 public:
  StringPool();
  uint32_t intern(std::string_view text);
  std::string_view text(uint32_t id) const { return strings_[id]; }
  size_t size() const { return strings_.size(); }
  // Memory held, roughly: what a limit should count.
  size_t bytes() const { return chunk_bytes_ + strings_.size() * (sizeof(std::string_view) + sizeof(uint32_t) * 2); }

 private:
  void grow();
  std::string_view keep(std::string_view text);

  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t chunk_left_ = 0;
  char* chunk_at_ = nullptr;
  size_t chunk_bytes_ = 0;
  std::vector<std::string_view> strings_;
  std::vector<uint32_t> slots_;  // open addressing; 0 is a free slot, else id + 1
};

// Distinct sequences of numbers, named likewise; 0 is the empty sequence.
class WordListPool {
 public:
  WordListPool();
  uint32_t intern(std::span<const uint32_t> words);
  std::span<const uint32_t> words(uint32_t id) const {
    return std::span(words_).subspan(extents_[id].first, extents_[id].count);
  }
  size_t size() const { return extents_.size(); }
  size_t bytes() const {
    return words_.size() * sizeof(uint32_t) + extents_.size() * (sizeof(Extent) + sizeof(uint32_t) * 2);
  }

 private:
  struct Extent {
    size_t first = 0;
    size_t count = 0;
  };
  void grow();

  std::vector<uint32_t> words_;
  std::vector<Extent> extents_;
  std::vector<uint32_t> slots_;
};

}  // namespace bulkhead::advisory
