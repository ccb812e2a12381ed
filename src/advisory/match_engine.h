// The steps that match() and explain() share: which records speak of a package, how each is judged, and what follows
// for the package and the vulnerability. For this folder only. Not thread-safe; one engine per call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/cpe.h"
#include "advisory/database.h"
#include "advisory/finding.h"
#include "advisory/match.h"
#include "advisory/match_rules.h"
#include "inventory/file_owners.h"
#include "inventory/package.h"
#include "version/compare.h"

namespace bulkhead::advisory {

// Under which of a package's keys a record was found.
enum class Role : uint8_t {
  kRelease,     // the package's own ecosystem
  kPocket,      // a separately sold pocket of it (Ubuntu ESM)
  kDisclosure,  // the distribution that it is rebuilt from
};

struct Candidate {
  RecordView record;
  uint32_t vulnerability = 0;
  uint32_t ecosystem = 0;  // index in the database
  uint32_t order = 0;      // in which it was found: the release's own records first
  Role role = Role::kRelease;
  // Judged:
  Outcome outcome = Outcome::kNotInRange;
  std::optional<uint16_t>
      range;  // the range that holds the installed version, when outcome is kAffected and it has any
  std::string_view overruled_by;  // what decides instead, when outcome is kOverruled
};

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

  // The name under which its distribution files advisories about the package's source.
  std::string_view source_name() const { return source_name_; }
  // The installed version that a record is compared with.
  std::string_view installed_for(const RecordView& record) const;
  // Whether any version of the package could not be read by a scheme that it was to be compared in.
  bool unreadable_version() const { return unreadable_version_; }
  // A record that names a bound which its scheme cannot read, and that says nothing of the package for that.
  struct UnreadableBound {
    uint32_t vulnerability = 0;
    std::string_view bound;
  };
  const std::optional<UnreadableBound>& unreadable_bound() const { return unreadable_bound_; }
  // The build that the package is ("fips") when its records stand apart and the database has none of them.
  std::string_view build_without_records() const;
  const FamilyRules& rules() const { return *rules_; }
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
  // Where a version lies in the ranges of a record.
  struct Place {
    enum class Kind : uint8_t { kInside, kOutside, kUnreadable } kind = Kind::kOutside;
    std::optional<uint16_t> range;
    std::string_view unreadable_bound;
  };
  // Many vulnerabilities of a package share their ranges: each is compared once.
  struct Remembered {
    uint64_t key = 0;
    uint32_t package = 0;
    Place place;
  };
  static constexpr size_t kMemory = 1024;

  World& world_of(inventory::PackageType type);
  bool of_system(const inventory::Package& package) const;
  void collect_named(const LookupKey& key, std::string_view name, bool as_binary, bool as_source,
                     std::vector<Candidate>& candidates) const;
  void collect_topics(std::vector<Candidate>& candidates) const;
  void judge(Candidate& candidate);
  Place place_of(const RecordView& record);
  Place place_in_ranges(std::string_view installed, const RecordView& record, bool ignore_epochs);
  bool is_readable(version::Scheme scheme, std::string_view installed);
  bool other_architecture(const RecordView& record) const;
  bool other_module(const RecordView& record);
  // Of a package that is a module's, but is not labelled with which: whether the stream ("nodejs:16") can be its own.
  bool may_be_of_stream(std::string_view module);
  bool other_product(const RecordView& record);
  bool other_flavour(const RecordView& record) const;
  void keep_newest_feed(std::span<Candidate> group) const;
  void keep_clear_feed(std::span<Candidate> group) const;
  void keep_own_stream(std::span<Candidate> group) const;
  // True when a minor's own erratum was chosen among several.
  bool keep_own_minor(std::span<Candidate> group) const;
  void settle_pockets_and_disclosures(std::span<Candidate> group) const;
  void carry_on_ended_release(std::span<Candidate> group) const;
  // The affected record that stands for all.
  struct Choice {
    const Candidate* best = nullptr;
    std::string_view fix;
    bool undecided_only = true;  // the publisher has decided none of them yet
  };
  // The one with the highest fix, the release's before a pocket's.
  void consider(const Candidate& candidate, Choice& choice) const;
  Choice choose(std::span<const Candidate> group) const;
  std::string_view fix_of(const Candidate& candidate) const;
  Severity severity_by(std::span<const Candidate> group, const Candidate& deciding, std::string& source) const;

  std::span<const inventory::Package> packages_;
  const Database& database_;
  const MatchOptions& options_;
  std::string system_key_;
  const FamilyRules* system_rules_;
  std::vector<LookupKey> system_keys_;
  std::vector<LookupKey> flavour_keys_;
  std::vector<std::pair<LookupKey, std::string_view>> topics_;  // with their names
  std::vector<World> worlds_;                                   // by package type
  struct FeedRank {
    int64_t day = 0;        // as of which it holds: the newest of any input of that name
    bool is_vague = false;  // FamilyRules::vague_feed
  };
  std::vector<FeedRank> feed_ranks_;  // by feed
  std::optional<uint32_t> unsupported_id_;

  // Of the package at hand.
  const inventory::Package* package_ = nullptr;
  const FamilyRules* rules_;
  bool unreadable_version_ = false;
  std::optional<UnreadableBound> unreadable_bound_;
  std::string source_name_;
  bool signs_source_ = false;  // source_name_ is not its own source's
  uint32_t package_number_ = 0;
  // Whether the installed version, as this text and scheme, can be read: asked for each record, answered once.
  struct Readable {
    const char* text = nullptr;
    size_t size = 0;
    version::Scheme scheme = version::Scheme::kGeneric;
    bool valid = false;
  } readable_;
  std::vector<Remembered> memory_;

  // The versions, without epochs, of modules' packages that bear no label, by name: a module's main package has its
  // name, and tells the stream by its version.
  std::optional<std::map<std::string_view, std::string_view>> module_packages_;
  std::vector<Cpe> default_products_;
  std::map<std::pair<const char*, uint32_t>, bool> products_;  // by CPE text and layer: whether it is another product
  std::optional<std::vector<std::pair<std::string_view, RecordView>>> unsupported_prefixes_;
  std::optional<inventory::FileOwners> owners_;
};

// One sentence about why a decision suppresses what a feed says.
std::string suppression_detail(const Database& database, std::span<const Candidate> group, const Decision& decision);
std::string owner_detail(const inventory::Package& owner);
// A package without security support will not be fixed: its open findings are end-of-life.
void apply_lost_support(Finding& finding, const RecordView& support);

}  // namespace bulkhead::advisory
