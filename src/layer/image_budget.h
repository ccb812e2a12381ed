// What the layers of one image may cost together. Limits that held for each layer alone would be multiplied by their
// number; so every layer draws on one budget, also those that are walked at the same time and those that come from the
// cache.
//
// What a layer costs depends on nothing but the layer, and is kept with its facts: an image passes its limits or fails
// whatever the order in which its layers are walked, and whether they are cached.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "archive/limits.h"
#include "base/result.h"

namespace bulkhead::layer {

// Each against one limit of archive/limits.h.
enum class Cost : uint8_t {
  kInflatedBytes,  // max_image_bytes
  kEntries,        // of the archive: max_entries
  kNodes,          // of the tree, with implied folders and what was replaced: max_entries
  kLinkBytes,      // of links followed on the way to an entry's folder: kLinkBytesPerEntry for each of max_entries
  kNameBytes,      // names and link targets: max_name_bytes
  kFactBytes,      // what analysers answered, with kBytesPerFact for each time that they were asked: max_fact_bytes
  kCount,
};
// Following links costs more than an entry's own bytes pay for, so it is bounded by itself.
inline constexpr uint64_t kLinkBytesPerEntry = 64;

// What a fact costs besides its text, in the tables of the walk and of the merge, about.
inline constexpr uint64_t kBytesPerFact = 256;

using LayerCost = std::array<uint64_t, static_cast<size_t>(Cost::kCount)>;

// Thread-safe.
class ImageBudget {
 public:
  // `other_remedy`: what a passed limit's error says that one can do besides raising it; may be empty.
  explicit ImageBudget(const archive::Limits& limits, std::string other_remedy = {});
  ImageBudget(const ImageBudget&) = delete;
  ImageBudget& operator=(const ImageBudget&) = delete;

  // kLimitExceeded, naming the limit and its option; nothing is taken then.
  Status take(Cost what, uint64_t amount);
  Status take(const LayerCost& cost);
  void give_back(const LayerCost& cost);

 private:
  uint64_t limit_of(Cost what) const;

  const archive::Limits limits_;
  const std::string other_remedy_;
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Cost::kCount)> taken_{};
};

// What one layer takes while it is walked; given back when the walk fails. Not thread-safe; `budget` must outlive it.
class LayerAccount {
 public:
  explicit LayerAccount(ImageBudget& budget) : budget_(budget) {}
  LayerAccount(const LayerAccount&) = delete;
  LayerAccount& operator=(const LayerAccount&) = delete;
  ~LayerAccount() { budget_.give_back(cost_); }

  Status take(Cost what, uint64_t amount) {
    TRY(budget_.take(what, amount));
    cost_[static_cast<size_t>(what)] += amount;
    return {};
  }
  // What was taken, which stays taken: who holds the layer's facts gives it back.
  LayerCost keep() {
    const LayerCost kept = cost_;
    cost_ = {};
    return kept;
  }

 private:
  ImageBudget& budget_;
  LayerCost cost_{};
};

}  // namespace bulkhead::layer
