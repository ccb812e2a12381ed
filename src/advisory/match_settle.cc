#include "advisory/match_settle.h"

#include <algorithm>
#include <map>
#include <vector>

#include "advisory/dist_tag.h"
#include "version/compare.h"

namespace bulkhead::advisory {
namespace {

// Whether the record is about the package at all, whatever it says of the version.
bool applies(Outcome outcome) {
  return outcome == Outcome::kAffected || outcome == Outcome::kNotInRange || outcome == Outcome::kNotAffected;
}

void overrule(Candidate& candidate, std::string_view by) {
  candidate.outcome = Outcome::kOverruled;
  candidate.overruled_by = by;
}

void keep_newest_feed(std::span<Candidate> group, std::span<const FeedRank> ranks) {
  const auto day_of_feed = [&](const Candidate& candidate) {
    const uint32_t feed = candidate.record.feed();
    return feed < ranks.size() ? ranks[feed].day : INT64_MIN;
  };
  const auto speaks = [](const Candidate& candidate) {
    return candidate.role == Role::kRelease && applies(candidate.outcome);
  };
  int64_t newest = INT64_MIN;
  for (const Candidate& candidate : group) {
    if (speaks(candidate)) newest = std::max(newest, day_of_feed(candidate));
  }
  for (Candidate& candidate : group) {
    if (speaks(candidate) && day_of_feed(candidate) < newest) {
      overrule(candidate, "the publisher's feed with newer data speaks of this package");
    }
  }
}

void keep_clear_feed(std::span<Candidate> group, std::span<const FeedRank> ranks) {
  const auto is_vague = [&](const Candidate& candidate) {
    const uint32_t feed = candidate.record.feed();
    return feed < ranks.size() && ranks[feed].is_vague;
  };
  for (Candidate& candidate : group) {
    if (candidate.outcome != Outcome::kAffected || candidate.record.status() != AdvisoryStatus::kAffected ||
        !is_vague(candidate)) {
      continue;
    }
    const bool spoken_of = std::ranges::any_of(group, [&](const Candidate& other) {
      return other.ecosystem == candidate.ecosystem && applies(other.outcome) && !is_vague(other);
    });
    if (spoken_of) overrule(candidate, "the publisher's feed that tells the states of what is not fixed apart decides");
  }
}

void keep_own_stream(std::span<Candidate> group, const inventory::Package& package) {
  if (package.module.empty()) return;
  const bool own_speaks = std::ranges::any_of(group, [](const Candidate& candidate) {
    return candidate.role == Role::kRelease && applies(candidate.outcome) && !candidate.record.module().empty();
  });
  for (Candidate& candidate : group) {
    if (own_speaks && candidate.role == Role::kRelease && applies(candidate.outcome) &&
        candidate.record.module().empty()) {
      overrule(candidate, "the record that names the package's module stream decides");
    }
  }
}

// True when a minor's own erratum was chosen among several.
bool keep_own_minor(std::span<Candidate> group, const inventory::Package& package) {
  const auto installed = minor_of(package.version);
  if (!installed) return false;
  const auto is_erratum = [](const Candidate& candidate) {
    return candidate.record.status() == AdvisoryStatus::kFixed && candidate.record.ranges() == 1 &&
           (candidate.outcome == Outcome::kAffected || candidate.outcome == Outcome::kNotInRange);
  };
  // Only errata of one publisher about one stream are each other's alternatives.
  std::map<std::pair<Role, std::string_view>, std::vector<Candidate*>> alternatives;
  for (Candidate& candidate : group) {
    if (is_erratum(candidate)) alternatives[{candidate.role, candidate.record.module()}].push_back(&candidate);
  }
  // A dist tag without a minor comes after every one with: it is the next minor's rebase.
  static constexpr uint32_t kLast = UINT32_MAX;
  const auto minor_in = [](const Candidate* candidate) {
    return minor_of(candidate->record.range(0).fixed).value_or(kLast);
  };
  bool chosen_among_several = false;
  for (const auto& [about, errata] : alternatives) {
    std::vector<uint32_t> minors;
    std::ranges::transform(errata, std::back_inserter(minors), minor_in);
    std::ranges::sort(minors);
    if (minors.front() == minors.back()) continue;
    chosen_among_several = true;
    // Its own minor's erratum; else that of the next one that has any; else of the last one before.
    const auto next = std::ranges::lower_bound(minors, *installed);
    const uint32_t chosen = next == minors.end() ? minors.back() : *next;
    for (Candidate* candidate : errata) {
      if (minor_in(candidate) != chosen) overrule(*candidate, "the erratum of the installed minor release decides");
    }
  }
  return chosen_among_several;
}

// Where the release's support has ended, its pockets are where it goes on: what they say is the release's state now,
// unless something is open there.
void carry_on_ended_release(std::span<Candidate> group) {
  const auto status = [](const Candidate& candidate) { return candidate.record.status(); };
  bool carried_on = false;
  for (const Candidate& candidate : group) {
    if (candidate.role != Role::kPocket || !applies(candidate.outcome)) continue;
    carried_on = carried_on || candidate.outcome == Outcome::kNotAffected ||
                 status(candidate) == AdvisoryStatus::kUnderInvestigation ||
                 status(candidate) == AdvisoryStatus::kWillNotFix;
    const bool open = candidate.outcome == Outcome::kAffected &&
                      (status(candidate) == AdvisoryStatus::kFixed || status(candidate) == AdvisoryStatus::kAffected ||
                       status(candidate) == AdvisoryStatus::kFixDeferred);
    if (open) return;
  }
  if (!carried_on) return;
  const bool ended = std::ranges::all_of(group, [&](const Candidate& candidate) {
    return candidate.role != Role::kRelease || candidate.outcome != Outcome::kAffected ||
           status(candidate) == AdvisoryStatus::kEndOfLife;
  });
  for (Candidate& candidate : group) {
    if (ended && candidate.role == Role::kRelease && candidate.outcome == Outcome::kAffected) {
      overrule(candidate, "the release's support has ended, and its pocket's record carries it on");
    }
  }
}

void settle_pockets_and_disclosures(std::span<Candidate> group, const Judge& judge) {
  const bool release_speaks = std::ranges::any_of(
      group, [](const Candidate& candidate) { return candidate.role == Role::kRelease && applies(candidate.outcome); });
  const bool release_affected = std::ranges::any_of(group, [](const Candidate& candidate) {
    return candidate.role == Role::kRelease && candidate.outcome == Outcome::kAffected;
  });
  const bool fixed_in_pocket = std::ranges::any_of(group, [](const Candidate& candidate) {
    return candidate.role == Role::kPocket && candidate.outcome == Outcome::kNotInRange &&
           candidate.record.status() == AdvisoryStatus::kFixed;
  });
  for (Candidate& candidate : group) {
    if (candidate.outcome != Outcome::kAffected && candidate.outcome != Outcome::kNotAffected) continue;
    const bool affected = candidate.outcome == Outcome::kAffected;
    switch (candidate.role) {
      case Role::kRelease:
        if (fixed_in_pocket && affected) overrule(candidate, "the installed version is the pocket's, which fixes it");
        break;
      case Role::kPocket:
        // What a pocket does not fix, and what it says of itself alone, is for the release to decide.
        if (fixed_in_pocket || (release_speaks && (!release_affected || judge.fix_of(candidate).empty()))) {
          overrule(candidate, "the release's own record decides");
        }
        break;
      case Role::kDisclosure:
        if (release_speaks) overrule(candidate, "the distribution's own record decides");
        break;
    }
  }
}

// The one with the highest fix, the release's before a pocket's.
void consider(const Candidate& candidate, const Judge& judge, Choice& choice) {
  const bool undecided = candidate.record.status() == AdvisoryStatus::kUnderInvestigation;
  if (choice.best != nullptr && undecided && !choice.undecided_only) return;
  const std::string_view own_fix = judge.fix_of(candidate);
  bool better = choice.best == nullptr || (choice.undecided_only && !undecided);
  if (!better && !own_fix.empty() && candidate.role != Role::kPocket) {
    better = choice.fix.empty() || choice.best->role == Role::kPocket ||
             version::compare(candidate.record.scheme(), own_fix, choice.fix).value_or(std::strong_ordering::less) > 0;
  }
  choice.undecided_only = choice.undecided_only && undecided;
  if (!better) return;
  choice.best = &candidate;
  choice.fix = own_fix;
}

}  // namespace

bool settle(std::span<Candidate> group, const inventory::Package& package, const FamilyRules& rules,
            std::span<const FeedRank> ranks, const Judge& judge) {
  if (group.size() < 2) return false;
  if (rules.one_publisher) keep_newest_feed(group, ranks);
  if (!rules.vague_feed.empty()) keep_clear_feed(group, ranks);
  if (rules.modules) keep_own_stream(group, package);
  const bool own_minor = rules.minor_streams && keep_own_minor(group, package);
  carry_on_ended_release(group);
  settle_pockets_and_disclosures(group, judge);
  return own_minor;
}

Choice choose(std::span<const Candidate> group, const Judge& judge) {
  std::vector<std::pair<std::string_view, Choice>> streams;
  for (const Candidate& candidate : group) {
    if (candidate.outcome != Outcome::kAffected) continue;
    const std::string_view module = candidate.record.module();
    auto place = std::ranges::find(streams, module, [](const auto& stream) { return stream.first; });
    if (place == streams.end()) place = streams.insert(place, {module, Choice{}});
    consider(candidate, judge, place->second);
  }
  // Which stream the package is of is unknown when there are several: the nearest fix is the likeliest.
  Choice chosen;
  for (const auto& [module, choice] : streams) {
    const bool better =
        chosen.best == nullptr || (chosen.undecided_only && !choice.undecided_only) ||
        (chosen.undecided_only == choice.undecided_only && !choice.fix.empty() &&
         (chosen.fix.empty() ||
          version::compare(choice.best->record.scheme(), choice.fix, chosen.fix).value_or(std::strong_ordering::less) <
              0));
    if (better) chosen = choice;
  }
  return chosen;
}

}  // namespace bulkhead::advisory
