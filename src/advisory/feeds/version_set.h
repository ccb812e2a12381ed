// Sets of versions, for feeds that write requirements ("~> 1.2, >= 1.2.5", "^1.2 || 3.x") where a record wants
// intervals.
//
// A set is a list of disjoint intervals in the order of its scheme. Cost: the operations sort, so n log n comparisons.
// Immutable values; thread-safe. Trust of the input: none; kMalformed names the requirement, kLimitExceeded past
// kMaxRequirementBytes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/record.h"
#include "base/result.h"
#include "version/compare.h"

namespace bulkhead::advisory::feeds {

// How a requirement is written.
enum class Syntax : uint8_t {
  kNpm,        // node-semver: alternatives by "||", comparators by spaces; ^ ~ x-ranges, "1.2 - 2.3"
  kCargo,      // Cargo: comparators by commas; a bare version is a caret requirement
  kGem,        // Gem::Requirement: comparators by commas; ~>
  kOperators,  // "<2.0.17": comparators by commas, plain operators only (FriendsOfPHP)
};

class VersionSet {
 public:
  static constexpr size_t kMaxRequirementBytes = 16384;

  static VersionSet none(version::Scheme scheme) { return VersionSet(scheme); }
  static VersionSet all(version::Scheme scheme);
  static Result<VersionSet> parse(Syntax syntax, version::Scheme scheme, std::string_view requirement);

  // What any of them holds, what each of them holds; none and everything when there are no sets. However many there
  // are, they are sorted once: joining them one by one would sort all that came before for each.
  static VersionSet any_of(version::Scheme scheme, std::span<const VersionSet> sets);
  static VersionSet all_of(version::Scheme scheme, std::span<const VersionSet> sets);
  // What the ranges hold, without those that have a bound which is no version of the scheme.
  static VersionSet of(version::Scheme scheme, const std::vector<Range>& ranges);

  VersionSet unite(const VersionSet& other) const;
  VersionSet intersect(const VersionSet& other) const;
  VersionSet complement() const;
  bool empty() const { return intervals_.empty(); }
  bool contains(std::string_view version) const;  // false for what is no version of the scheme

  // As a record's ranges: an exclusive upper end is `fixed`, an inclusive one `last_affected`.
  std::vector<Range> ranges() const;

  // This set, with every inclusive upper end moved up to where `patched` begins, when nothing else of this set lies
  // between: "<=1.0.0" with a patch ">=1.0.1" becomes "<1.0.1", which names the version to go to.
  VersionSet up_to(const VersionSet& patched) const;

 private:
  // A place between versions: before or after one, or at an end of the line.
  struct Cut {
    enum class Kind : uint8_t { kStart, kVersion, kEnd } kind;
    bool after = false;
    std::string version;
  };
  struct Interval {
    Cut low;
    Cut high;
  };
  friend class RequirementParser;

  explicit VersionSet(version::Scheme scheme) : scheme_(scheme) {}
  bool less(const Cut& a, const Cut& b) const;
  static VersionSet joined(version::Scheme scheme, std::vector<Interval> intervals);
  static VersionSet between(version::Scheme scheme, Cut low, Cut high);

  version::Scheme scheme_;
  std::vector<Interval> intervals_;  // sorted, disjoint, none empty
};

}  // namespace bulkhead::advisory::feeds
