// The advisory vocabulary: what every feed is mapped to, and what the database stores.
//
// An AdvisoryRecord says, for one package of one ecosystem, which versions one vulnerability affects and what its
// publisher says about it. A Vulnerability carries what is true of the id itself (severity, description, KEV, EPSS),
// from whichever feed knows. Feeds emit both through a Sink, one at a time; nothing is accumulated by a parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "version/compare.h"

namespace bulkhead::advisory {

// What the publisher says of this package and vulnerability.
enum class AdvisoryStatus : uint8_t {
  kFixed,        // affected below the fixed version
  kAffected,     // affected, no fix yet
  kFixDeferred,  // affected; fix postponed (Debian no-dsa/postponed, Ubuntu deferred, Red Hat "Fix deferred")
  kWillNotFix,   // affected; no fix is coming (Debian ignored, Red Hat "Will not fix")
  kEndOfLife,    // affected; support of the package or release has ended (Debian end-of-life, "Out of support scope")
  kUnderInvestigation,  // the publisher does not know yet
  kNotAffected,         // explicitly not affected: kept, because it answers --explain and suppresses other feeds
};
std::string_view status_name(
    AdvisoryStatus status);  // "fixed", "affected", "fix_deferred", "will_not_fix", "end_of_life", …
std::optional<AdvisoryStatus> status_of(std::string_view name);

enum class Severity : uint8_t { kUnknown, kNegligible, kLow, kMedium, kHigh, kCritical };  // in ascending order
std::string_view severity_name(Severity severity);  // "unknown", "negligible", "low", …
std::optional<Severity> severity_of(std::string_view name);

// What a record's package name means.
enum class NameKind : uint8_t {
  kSource,  // match by the package's source name and source version (Debian, Ubuntu, Alpine)
  kBinary,  // match by the package's own name and version (Red Hat family, SUSE, Amazon, languages)
};

// One affected interval: introduced <= v, and v < fixed or v <= last_affected. Empty introduced: from the beginning.
// Both bounds empty: without end. In a record whose status is not kFixed, `fixed` is a bound only: nobody can have that
// version from the publisher (a pending update), or it is where something unaffected begins. An exact affected version
// is an interval with last_affected == introduced.
struct Range {
  std::string introduced;
  std::string fixed;
  std::string last_affected;
  bool introduced_exclusive = false;  // introduced < v instead (ranges written as ">1.2")
};

struct Cvss {
  std::string source;  // who scored: "nvd", "redhat", "ghsa", …
  std::string vector;  // "CVSS:3.1/AV:N/…"
  double score = 0;    // base score, 0 to 10
};

struct AdvisoryRecord {
  std::string id;                    // the vulnerability: a CVE where one exists, else the publisher's id
  std::string record;                // the publisher's document or line: "DSA-5417-1", "ALSA-2022:4587", the CVE itself
  std::vector<std::string> aliases;  // other names of `id`: GHSA, RHSA, PYSEC, …
  std::string ecosystem;             // "debian:12", "ubuntu:22.04", "alpine:3.19", "rhel:8", "pypi": see ecosystem.h
  std::string package;
  NameKind name_kind = NameKind::kSource;
  version::Scheme scheme = version::Scheme::kGeneric;
  AdvisoryStatus status = AdvisoryStatus::kAffected;
  std::vector<Range> ranges;               // any of them; empty with kAffected and friends means every version
  std::vector<std::string> architectures;  // empty: all
  std::string module;  // rpm "name:stream"; empty: packages outside any module (or the feed does not say)
  std::string cpe;     // Red Hat: of the product or repository
  Severity severity = Severity::kUnknown;  // by this publisher for this package
  std::string note;                        // the publisher's own word: "no-dsa: Minor issue", "unimportant", "esm-apps"
};

struct Vulnerability {
  std::string id;
  std::vector<std::string> aliases;
  std::string title;
  std::string description;
  Severity severity = Severity::kUnknown;
  std::string severity_source;
  std::vector<Cvss> cvss;
  std::vector<std::string> cwes;  // "CWE-79"
  std::vector<std::string> references;
  std::string published;                      // RFC 3339 date
  std::optional<std::string> kev_date_added;  // in CISA KEV since
  std::optional<double> epss;                 // probability, 0 to 1
  std::optional<double> epss_percentile;
  bool rejected = false;  // withdrawn by its publisher
};

// Where a parser puts what it reads. An error stops the parser and is returned by it.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual Status add(AdvisoryRecord record) = 0;
  virtual Status add(Vulnerability vulnerability) = 0;
};

}  // namespace bulkhead::advisory
