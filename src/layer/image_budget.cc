#include "layer/image_budget.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

namespace bulkhead::layer {
namespace {

using archive::Limits;

struct Bound {
  uint64_t Limits::* limit;
  uint64_t times = 1;
};
constexpr std::array<Bound, static_cast<size_t>(Cost::kCount)> kBounds = {{
    {&Limits::max_image_bytes},
    {&Limits::max_entries},
    {&Limits::max_entries},
    {&Limits::max_entries, kLinkBytesPerEntry},
    {&Limits::max_name_bytes},
    {&Limits::max_fact_bytes},
}};

constexpr size_t index_of(Cost what) {
  return static_cast<size_t>(what);
}

}  // namespace

ImageBudget::ImageBudget(const Limits& limits, std::string other_remedy)
    : limits_(limits), other_remedy_(std::move(other_remedy)) {}

uint64_t ImageBudget::limit_of(Cost what) const {
  // Far from where sums overflow; nobody reaches it.
  constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max() / 4;
  const Bound& bound = kBounds[index_of(what)];
  const uint64_t limit = limits_.*bound.limit;
  return limit > kUnlimited / bound.times ? kUnlimited : limit * bound.times;
}

Status ImageBudget::take(Cost what, uint64_t amount) {
  const uint64_t limit = limit_of(what);
  std::atomic<uint64_t>& taken = taken_[index_of(what)];
  if (amount <= limit) {
    if (taken.fetch_add(amount, std::memory_order_relaxed) + amount <= limit) return {};
    taken.fetch_sub(amount, std::memory_order_relaxed);
  }
  Error error = archive::limit_passed(limits_, kBounds[index_of(what)].limit);
  if (other_remedy_.empty()) return fail(std::move(error));
  std::string remedy = fmt::format("{}; {}", error.remedy(), other_remedy_);
  return fail(std::move(error).with_remedy(std::move(remedy)));
}

Status ImageBudget::take(const LayerCost& cost) {
  LayerCost so_far{};
  for (size_t i = 0; i < cost.size(); ++i) {
    if (auto one = take(static_cast<Cost>(i), cost[i]); !one) {
      give_back(so_far);
      return one;
    }
    so_far[i] = cost[i];
  }
  return {};
}

void ImageBudget::give_back(const LayerCost& cost) {
  for (size_t i = 0; i < cost.size(); ++i) taken_[i].fetch_sub(cost[i], std::memory_order_relaxed);
}

}  // namespace bulkhead::layer
