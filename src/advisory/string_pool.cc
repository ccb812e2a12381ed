#include "advisory/string_pool.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace bulkhead::advisory {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr size_t kFirstSlots = size_t{1} << 10;

size_t hash_of(std::span<const uint32_t> words) {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(words.data()), words.size_bytes()});
}

// The slot that holds what `same` recognises, or the free one where it belongs. At least one slot is free.
template <typename Same>
size_t find_slot(const std::vector<uint32_t>& slots, size_t hash, const Same& same) {
  const size_t mask = slots.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    if (slots[at] == 0 || same(slots[at] - 1)) return at;
  }
}

template <typename HashOf>
void rehash(std::vector<uint32_t>& slots, size_t entries, const HashOf& hash_of_entry) {
  slots.assign(slots.size() * 2, 0);
  for (uint32_t id = 0; id < entries; ++id) {
    slots[find_slot(slots, hash_of_entry(id), [](uint32_t) { return false; })] = id + 1;
  }
}

}  // namespace

StringPool::StringPool() : slots_(kFirstSlots) {
  intern({});
}

std::string_view StringPool::keep(std::string_view text) {
  if (text.size() > chunk_left_) {
    const size_t size = std::max(kChunkBytes, text.size());
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    chunk_at_ = chunks_.back().get();
    chunk_left_ = size;
    chunk_bytes_ += size;
  }
  if (!text.empty()) std::memcpy(chunk_at_, text.data(), text.size());
  const std::string_view kept(chunk_at_, text.size());
  chunk_at_ += text.size();
  chunk_left_ -= text.size();
  return kept;
}

uint32_t StringPool::intern(std::string_view text) {
  const size_t hash = std::hash<std::string_view>()(text);
  const size_t slot = find_slot(slots_, hash, [&](uint32_t id) { return strings_[id] == text; });
  if (slots_[slot] != 0) return slots_[slot] - 1;
  const auto id = static_cast<uint32_t>(strings_.size());
  strings_.push_back(keep(text));
  slots_[slot] = id + 1;
  if (strings_.size() * 4 > slots_.size() * 3) grow();
  return id;
}

void StringPool::grow() {
  rehash(slots_, strings_.size(), [&](uint32_t id) { return std::hash<std::string_view>()(strings_[id]); });
}

WordListPool::WordListPool() : slots_(kFirstSlots) {
  intern({});
}

uint32_t WordListPool::intern(std::span<const uint32_t> list) {
  const size_t slot =
      find_slot(slots_, hash_of(list), [&](uint32_t id) { return std::ranges::equal(words(id), list); });
  if (slots_[slot] != 0) return slots_[slot] - 1;
  const auto id = static_cast<uint32_t>(extents_.size());
  extents_.push_back({.first = words_.size(), .count = list.size()});
  words_.insert(words_.end(), list.begin(), list.end());
  slots_[slot] = id + 1;
  if (extents_.size() * 4 > slots_.size() * 3) grow();
  return id;
}

void WordListPool::grow() {
  rehash(slots_, extents_.size(), [&](uint32_t id) { return hash_of(words(id)); });
}

}  // namespace bulkhead::advisory
