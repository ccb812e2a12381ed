#include "advisory/alias_groups.h"

#include <algorithm>
#include <numeric>

namespace bulkhead::advisory {
namespace {

// Union by smaller root, with path halving.
class DisjointSets {
 public:
  explicit DisjointSets(uint32_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0U); }
  uint32_t root(uint32_t at) {
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(uint32_t a, uint32_t b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<uint32_t> parent_;
};

// Which spelling is the better name of a group: smaller is better.
int name_rank(std::string_view name) {
  if (is_named_as_cve(name)) return 0;
  return name.starts_with("GHSA-") ? 1 : 2;
}

}  // namespace

bool is_named_as_cve(std::string_view name) {
  return name.starts_with("CVE-");
}

AliasGroups::AliasGroups(uint32_t names, std::span<const AliasPair> pairs,
                         const std::function<std::string_view(uint32_t)>& text)
    : canonical_(names) {
  std::iota(canonical_.begin(), canonical_.end(), 0U);

  // Each name that is no CVE, with the CVEs that it was given to directly: (name, CVE), sorted and unique.
  std::vector<AliasPair> direct;
  for (const AliasPair& pair : pairs) {
    const bool first = is_named_as_cve(text(pair.id));
    const bool second = is_named_as_cve(text(pair.alias));
    if (first && !second) direct.push_back({.id = pair.alias, .alias = pair.id});
    if (second && !first) direct.push_back({.id = pair.id, .alias = pair.alias});
  }
  std::ranges::sort(direct);
  direct.erase(std::ranges::unique(direct).begin(), direct.end());
  const auto cves_of = [&](uint32_t name) {
    return std::ranges::equal_range(direct, name, {}, [](const AliasPair& pair) { return pair.id; });
  };
  const auto is_bulletin = [&](uint32_t name) { return cves_of(name).size() > 1; };

  DisjointSets sets(names);
  for (const AliasPair& pair : pairs) {
    if (is_named_as_cve(text(pair.id)) || is_named_as_cve(text(pair.alias)) || is_bulletin(pair.id) ||
        is_bulletin(pair.alias))
      continue;
    sets.join(pair.id, pair.alias);
  }

  // The CVE of each set of other names: none, one, or too many.
  constexpr uint32_t kNone = UINT32_MAX;
  constexpr uint32_t kSeveral = UINT32_MAX - 1;
  std::vector<uint32_t> cve_of_set(names, kNone);
  for (const AliasPair& pair : direct) {
    if (is_bulletin(pair.id)) {
      bulletins_.push_back(pair);
      continue;
    }
    uint32_t& cve = cve_of_set[sets.root(pair.id)];
    cve = cve == kNone || cve == pair.alias ? pair.alias : kSeveral;
  }

  std::vector<uint32_t> best_of_set(names, kNone);
  for (uint32_t name = 0; name < names; ++name) {
    if (is_named_as_cve(text(name))) continue;
    uint32_t& best = best_of_set[sets.root(name)];
    const auto key = [&](uint32_t each) { return std::pair(name_rank(text(each)), text(each)); };
    if (best == kNone || key(name) < key(best)) best = name;
  }
  for (uint32_t name = 0; name < names; ++name) {
    if (is_named_as_cve(text(name)) || is_bulletin(name)) continue;
    const uint32_t root = sets.root(name);
    if (cve_of_set[root] == kSeveral) {
      if (const auto cves = cves_of(name); !cves.empty()) canonical_[name] = cves.front().alias;
    } else {
      canonical_[name] = cve_of_set[root] == kNone ? best_of_set[root] : cve_of_set[root];
    }
  }
}

}  // namespace bulkhead::advisory
