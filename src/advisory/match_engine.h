// The steps that match() and explain() share: which records speak of a package, and what follows for it and a
// vulnerability when each is judged (match_judge.h) and they are settled (match_settle.h). For this folder only. Not
// thread-safe; one engine per call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/database.h"
#include "advisory/finding.h"
#include "advisory/match.h"
#include "advisory/match_candidate.h"
#include "advisory/match_judge.h"
#include "advisory/match_products.h"
#include "advisory/match_rules.h"
#include "advisory/match_settle.h"
#include "inventory/file_owners.h"
#include "inventory/package.h"

namespace bulkhead::advisory {

struct Decision {
  enum class Kind : uint8_t { kSilent, kReported, kSuppressed } kind = Kind::kSilent;
  Suppression suppression = Suppression::kNotAffected;  // when suppressed
  size_t deciding = 0;            // the candidate that a finding would rest on; meaningless when silent
  std::optional<size_t> against;  // when suppressed by a record: which
  AdvisoryStatus status = AdvisoryStatus::kAffected;
  std::string_view fixed_version;
  std::string_view fixed_in;  // pocket
  std::string_view rule;
};

class MatchEngine {
 public:
  MatchEngine(std::span<const inventory::Package> packages, const inventory::OperatingSystem& system,
              const Database& database, const MatchOptions& options);

  // The key of a package's world: the distribution for its own package database, else the language; empty when it has
  // none.
  std::string_view key_of(const inventory::Package& package);

  // Every record about the package, by vulnerability, unjudged. What follows is about this package until the next call.
  void collect(const inventory::Package& package, std::vector<Candidate>& candidates);
  // Judges the records about one vulnerability and says what follows.
  Decision decide(std::span<Candidate> group);
  Finding finding(size_t package, std::span<const Candidate> group, const Decision& decision) const;

  // The build that the package is ("fips") when its records stand apart and the database has none of them.
  std::string_view build_without_records() const;
  const FamilyRules& rules() const { return *rules_; }
  const Judge& judge() const { return *judge_; }
  const Products& products() const { return *products_; }
  // The repositories that layers of the image name, and that the database does not know although it covers the
  // distribution: one list for each set of them.
  std::vector<std::span<const std::string>> unknown_repositories() const;
  // The record that says that the package has no security support any more; nothing when none does.
  std::optional<RecordView> unsupported();
  // The distribution package that installed this language package, when its distribution's judgement counts for it.
  const inventory::Package* owner();

 private:
  struct LookupKey {
    uint32_t ecosystem = 0;
    Role role = Role::kRelease;
  };
  struct World {  // of a package type
    bool known = false;
    std::string key;
    std::optional<uint32_t> ecosystem;
  };
  World& world_of(inventory::PackageType type);
  bool of_system(const inventory::Package& package) const;
  void collect_named(const LookupKey& key, std::string_view name, bool as_binary, bool as_source,
                     std::vector<Candidate>& candidates) const;
  void collect_topics(std::vector<Candidate>& candidates) const;

  std::span<const inventory::Package> packages_;
  const Database& database_;
  const MatchOptions& options_;
  std::string system_key_;
  const FamilyRules* system_rules_;
  bool has_nvd_;  // the database has NVD's ratings
  std::vector<LookupKey> system_keys_;
  std::vector<LookupKey> flavour_keys_;
  std::vector<std::pair<LookupKey, std::string_view>> topics_;  // with their names
  std::vector<World> worlds_;                                   // by package type
  std::vector<FeedRank> feed_ranks_;                            // by feed
  std::optional<Products> products_;
  std::optional<Judge> judge_;
  // Ids that stand for no vulnerability.
  std::optional<uint32_t> unsupported_id_;
  std::optional<uint32_t> repository_id_;

  // Of the package at hand.
  const inventory::Package* package_ = nullptr;
  const FamilyRules* rules_;
  std::optional<std::vector<std::pair<std::string_view, RecordView>>> unsupported_prefixes_;
  std::optional<inventory::FileOwners> owners_;
};

// One sentence about why a decision suppresses what a feed says.
std::string suppression_detail(const Database& database, std::span<const Candidate> group, const Decision& decision);
std::string owner_detail(const inventory::Package& owner);
// A package without security support will not be fixed: its open findings are end-of-life.
void apply_lost_support(Finding& finding, const RecordView& support);

}  // namespace bulkhead::advisory
