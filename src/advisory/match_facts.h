// What is said of a finding's vulnerability, and by whom: how bad it is, and in which words. A distribution's word and
// text are about its own package; a finding of another distribution never takes them. For this folder only. Pure and
// thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "advisory/database.h"
#include "advisory/match_candidate.h"
#include "advisory/match_rules.h"

namespace bulkhead::advisory {

struct Rating {
  Severity severity = Severity::kUnknown;
  std::string_view source;  // whose it is: a feed, "nvd", …; empty when nobody's
};
// `deciding` is one of `group`: the record that the finding rests on.
Rating rating_of(const Database& database, std::span<const Candidate> group, const Candidate& deciding,
                 const FamilyRules& rules);

// Why rating_of() found nothing, in words that live as long as the program: whether anybody rates the vulnerability,
// and whether NVD, who rates most, could have.
std::string_view why_unrated(const VulnerabilityView& vulnerability, bool has_nvd);
bool has_nvd(const Database& database);

// Everything about the vulnerability, with the title and description of the deciding record's feed; else those of
// another feed about the same ecosystem, else those of feeds about ids (CVE records, NVD, KEV); else none.
Vulnerability described(const Database& database, const Candidate& deciding);
// For an id that no installed package has: the first title and description that there are, of feeds about ids if any.
Vulnerability described(const VulnerabilityView& vulnerability);

}  // namespace bulkhead::advisory
