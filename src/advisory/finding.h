// What matching answers: findings, what was left out of them and why, and how fresh the feeds are that they rest on.
//
// All of it is plain values: safe to copy, to keep in a ledger, and to read from several threads. A finding names its
// package by its index in the list that was matched, so that a report reads package, layer and locations there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/record.h"

namespace bulkhead::advisory {

// Where an answer comes from.
struct Evidence {
  std::string feed;    // as in the feed table: "debian-tracker"
  std::string record;  // the publisher's document or line: "DSA-5417-1", "ALSA-2022:4587", "CVE-2023-0286"
  std::string rule;    // what decided, from the list in docs/matching.md: "source-version-below-fix"
  // Why the severity is unknown, one of a few constant sentences; empty when it is known.
  std::string_view unrated = {};
};

// One vulnerability of one package. However many feeds and names it has (CVE, GHSA, RHSA, …), it is reported once.
struct Finding {
  std::string id;                    // the CVE where one exists
  std::vector<std::string> aliases;  // its other names, sorted, without `id`
  AdvisoryStatus status = AdvisoryStatus::kAffected;
  Severity severity = Severity::kUnknown;
  std::string severity_source;  // who says so: the record's feed, or "nvd", "ghsa", …; empty when unknown
  size_t package = 0;           // index into the packages that were matched
  std::string fixed_version;    // the version to go to; empty when there is none
  std::string fixed_in;         // the pocket that carries it when it is not the release itself: "esm-infra"
  std::vector<Cvss> cvss;       // every score known, by source
  std::optional<std::string> kev_date_added;  // in CISA's catalogue of known exploited vulnerabilities since
  std::optional<double> epss;
  std::optional<double> epss_percentile;
  std::string note;  // the publisher's own words: "no-dsa: Minor issue"
  Evidence evidence;
  // Title, description, weaknesses, references, dates: shared between the findings of one id and feed. Null when
  // MatchOptions left it out. Title and description are never another distribution's (match_facts.h).
  std::shared_ptr<const Vulnerability> details;
};

// Why something that a feed says about an installed package is not among the findings.
enum class Suppression : uint8_t {
  kNotAffected,          // another feed says affected, but the distribution says that it is not
  kUnderInvestigation,   // the publisher does not know yet (reported when MatchOptions::under_investigation)
  kIgnoredByPublisher,   // the publisher looked at it and ignores it (Ubuntu's "ignored": no bug, or not worth one)
  kRejected,             // the id was withdrawn
  kOwnedByDistribution,  // a language package that a distribution package installed: the distribution's judgement
                         // counts
  kIgnored,              // by the user's ignore file (set by whoever applies it)
};
std::string_view suppression_name(Suppression suppression);  // "not_affected", "under_investigation", …

struct Suppressed {
  Finding finding;
  Suppression reason = Suppression::kIgnored;
  std::string detail;  // one sentence for people
};

// A feed that the answer rests on, or should have rested on.
struct FeedState {
  std::string name;       // as in the feed table; the ecosystem's key when no feed covers it
  std::string ecosystem;  // for which of the matched ecosystems; empty for feeds about ids (KEV, EPSS, NVD)
  std::string date;       // of its data, RFC 3339; empty: unknown
  std::string fetched;    // when it was fetched from its publisher; empty: unknown
  std::string licence;
  std::string attribution;          // the line that its licence wants shown; empty when it wants none
  std::optional<int64_t> age_days;  // at `now`; nothing when the date is unknown
  bool stale = false;               // older than MatchOptions allow, or of unknown age
  // Judges the ecosystem's packages as a whole, or should; else it only mentions some or speaks of ids.
  bool covers = false;
  // Why it is not all that the publisher says: "an extract: fixes of 36 packages"; empty: it is all.
  std::string incomplete;
  bool missing = false;  // no feed in this database covers the ecosystem; or this feed, or a part of it, is not in it
};

// Something worth telling that is no finding: a version that its scheme cannot read, an ecosystem without rules.
struct MatchNote {
  std::optional<size_t> package;
  std::string text;
};

struct MatchResult {
  std::vector<Finding> findings;       // by package index, then id
  std::vector<Suppressed> suppressed;  // the same order
  std::vector<FeedState> feeds;        // by ecosystem, then name
  std::vector<MatchNote> notes;
  std::vector<std::string> not_judged;  // what of the packages was not, or not wholly: for the conclusion
};

// How one record was judged for one package.
enum class Outcome : uint8_t {
  kAffected,     // the installed version lies in an affected range
  kNotInRange,   // it does not: fixed already, or not affected yet
  kNotAffected,  // the record says that the package is not affected
  kOtherArchitecture,
  kOtherModule,   // another module stream, or none
  kOtherProduct,  // the record is about a product (CPE) that this image does not take packages from
  kOtherFlavour,  // another build of the package: FIPS, Ksplice
  kOverruled,     // affected by itself, but a more specific record of the same publisher decides
  kUnreadable,    // one of the versions cannot be read by its scheme
};
std::string_view outcome_name(Outcome outcome);  // "affected", "not_in_range", …

struct ExplainedRecord {
  std::string feed;
  std::string record;
  std::string ecosystem;
  std::string package;  // the name in the record
  AdvisoryStatus status = AdvisoryStatus::kAffected;
  std::string condition;  // what the record says: "below 1.1.1n-0+deb11u4", "every version", "not affected"
  Outcome outcome = Outcome::kNotInRange;
  std::string reasoning;  // with the comparison shown: "1.1.1n-0+deb11u3 < 1.1.1n-0+deb11u4 (deb)"
};

struct ExplainedPackage {
  size_t package = 0;
  std::string ecosystem;                 // where it was looked up; empty when it has none
  std::string products;                  // where the products that count are known from; empty where records name none
  std::vector<ExplainedRecord> records;  // every record about this id and package, applicable or not
  std::optional<Finding> finding;        // when it is reported
  std::optional<Suppressed> suppressed;
  std::string conclusion;  // one sentence: reported because …, not reported because …
};

// The whole reasoning about one id.
struct Explanation {
  std::string asked;  // as given
  std::string id;     // the name that findings use; equals `asked` when no feed knows it
  std::vector<std::string> aliases;
  bool known = false;  // some feed in this database names the id
  bool rejected = false;
  std::shared_ptr<const Vulnerability> details;  // null when no feed describes it
  std::vector<ExplainedPackage> packages;        // packages that some record about the id is about, by index
  std::vector<std::string> elsewhere;  // "debian:12 openssl (debian-tracker)": packages that it is about, but which are
                                       // not installed; at most kMaxElsewhere
  size_t elsewhere_total = 0;
  std::vector<FeedState> feeds;

  static constexpr size_t kMaxElsewhere = 50;
};

// The explanation as text for people: wrapped by nobody, sorted, ends with a newline. Untrusted text (versions, package
// names) is made printable. `label` names a package by its index: "openssl 1.1.1n-0+deb11u3".
std::string explanation_text(const Explanation& explanation, const std::vector<std::string>& labels);

}  // namespace bulkhead::advisory
