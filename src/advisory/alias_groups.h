// Which names mean the same vulnerability. For this folder only.
//
// Feeds name a vulnerability by its CVE, by their own id, or by both, and list other names. Names are joined when a
// feed says that one is another's alias, transitively, so that CVE-2021-44228, GHSA-jfhf-… and PYSEC-… are one
// vulnerability. Two CVEs are never joined: a name that is given to several CVEs is a bulletin (RHSA, DSA, USN) that
// covers them, and stays beside them; a group of names that would tie several CVEs together is not trusted, and each of
// its names goes to the one CVE that it was given to directly, or stands for itself.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace bulkhead::advisory {

struct AliasPair {
  uint32_t id = 0;
  uint32_t alias = 0;
  friend auto operator<=>(const AliasPair&, const AliasPair&) = default;
};

class AliasGroups {
 public:
  // Names are numbers below `names`; `text` gives their spelling. The order of the pairs does not matter.
  AliasGroups(uint32_t names, std::span<const AliasPair> pairs, const std::function<std::string_view(uint32_t)>& text);

  // The name that stands for the group: its CVE; else its GHSA; else the first in alphabetical order.
  uint32_t canonical(uint32_t name) const { return canonical_[name]; }
  // (bulletin, CVE) pairs: names that several vulnerabilities share. Sorted.
  const std::vector<AliasPair>& bulletins() const { return bulletins_; }

 private:
  std::vector<uint32_t> canonical_;
  std::vector<AliasPair> bulletins_;
};

// Whether the name is one of CVE's, well written or not: what the feeds let through (is_cve in feeds/common.h) has been
// looked at.
bool is_named_as_cve(std::string_view name);

}  // namespace bulkhead::advisory
