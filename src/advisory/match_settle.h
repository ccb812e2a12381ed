// What follows from the records about one package and vulnerability together, each of them judged: which overrule
// which, and which one stands for all that are left. For this folder only. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "advisory/match_candidate.h"
#include "advisory/match_judge.h"
#include "advisory/match_rules.h"
#include "inventory/package.h"

namespace bulkhead::advisory {

// How one of the database's feeds stands to the others of its publisher.
struct FeedRank {
  int64_t day = 0;        // as of which it holds: the newest of any input of that name
  bool is_vague = false;  // FamilyRules::vague_feed
};

// Overrules what a newer feed, a clearer one, the package's own module stream, its minor release, a pocket or the
// distribution itself decides instead. `ranks` by feed. True when a minor's own erratum was chosen among several.
bool settle(std::span<Candidate> group, const inventory::Package& package, const FamilyRules& rules,
            std::span<const FeedRank> ranks, const Judge& judge);

// The affected record that stands for all.
struct Choice {
  const Candidate* best = nullptr;  // null: none is affected
  std::string_view fix;
  bool undecided_only = true;  // the publisher has decided none of them yet
};
Choice choose(std::span<const Candidate> group, const Judge& judge);

}  // namespace bulkhead::advisory
