// Matching: which of the installed packages have which known vulnerabilities, by the rules of each publisher.
//
// The rules, each with the test that proves it, are in docs/matching.md; what differs between distributions is the
// table in match_rules.cc. Pure: no I/O, no clock; the same input gives the same answer, sorted. Safe to call from
// several threads on one database. Packages may come from an untrusted image or SBOM: any text is accepted, and what
// cannot be compared is told in MatchResult::notes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/database.h"
#include "advisory/finding.h"
#include "inventory/package.h"

namespace bulkhead::advisory {

struct MatchOptions {
  std::string now;                   // RFC 3339; empty: ages are unknown, and every feed counts as stale
  int64_t max_feed_age_days = 7;     // --max-feed-age
  bool under_investigation = false;  // report also what the publisher has not decided yet
  bool details = true;               // fill Finding::details
  // Red Hat images, by Package::layer: the repositories that its packages are from (Inventory::layer_repositories). The
  // database says which products they are of; where that leaves none, the main streams of the image's release count.
  std::vector<std::vector<std::string>> layer_repositories;
};

MatchResult match(std::span<const inventory::Package> packages, const inventory::OperatingSystem& system,
                  const Database& database, const MatchOptions& options);

// Whether the text has the form of an id at all: "CVE-2023-4911", "GHSA-jfh8-c2jp-5v3q", "RHSA-2023:4418", as far as
// can be told without knowing every publisher's. A database may still not know it.
bool looks_like_id(std::string_view text);

// The reasoning about one id: why each package that a feed names with it is reported or is not. One answer for each
// vulnerability of that name: an advisory that covers several (RHSA-…, DSA-…) gives several, and an id that no feed
// knows gives one with known == false.
std::vector<Explanation> explain(std::string_view id, std::span<const inventory::Package> packages,
                                 const inventory::OperatingSystem& system, const Database& database,
                                 const MatchOptions& options);

}  // namespace bulkhead::advisory
