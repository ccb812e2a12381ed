#include "advisory/feeds/osv.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "advisory/dist_tag.h"
#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_common.h"
#include "advisory/feeds/version_set.h"
#include "base/text.h"
#include "inventory/purl.h"

namespace bulkhead::advisory::feeds {
namespace {

// The value of a qualifier of the package's URL, where it has one: "esm-infra/xenial" of
// "pkg:deb/ubuntu/x?arch=source&distro=esm-infra/xenial".
std::string qualifier(const json::Value& package, std::string_view key) {
  const auto purl = inventory::parse_purl(package.string_or("purl", {}), inventory::PurlCheck::kSyntax);
  return purl ? std::string(purl->qualifier(key)) : std::string();
}

// The scores of a "severity" list; `word` gets what a publisher says in words instead (Ubuntu's priority).
void read_severities(const json::Value& owner, std::string_view source, ScoreList& scores, Severity& word) {
  const auto list = owner.find("severity");
  if (!list) return;
  for (const json::Value entry : list->elements()) {
    const std::string_view score = entry.string_or("score", {});
    if (entry.string_or("type", {}).starts_with("CVSS")) {
      if (auto cvss = cvss_of(score, source)) scores.add(*std::move(cvss));
    } else if (const Severity severity = severity_of_word(score); severity != Severity::kUnknown) {
      word = severity;
    }
  }
}

// What publishers say about the severity outside of the schema's own member.
Severity severity_in_words(const json::Value& owner) {
  struct Place {
    std::string_view object;
    std::string_view key;
  };
  constexpr std::array kPlaces = {
      Place{"database_specific", "severity"},
      Place{"ecosystem_specific", "severity"},
      Place{"ecosystem_specific", "ubuntu_priority"},
      Place{"ecosystem_specific", "urgency"},
  };
  for (const Place& place : kPlaces) {
    const auto object = owner.find(place.object);
    if (!object) continue;
    const std::string_view word = object->string_or(place.key, {});
    if (word == "unimportant") return Severity::kNegligible;
    if (const Severity severity = severity_of_word(word); severity != Severity::kUnknown) return severity;
  }
  return Severity::kUnknown;
}

struct Event {
  enum class Kind : uint8_t { kIntroduced, kFixed, kLastAffected } kind;
  std::string_view version;  // empty: the beginning
};

// In the order of their versions; equals keep the document's. By a heap, which stays inside its bounds even where a
// scheme should contradict itself.
void sort_events(std::vector<Event>& events, version::Scheme scheme) {
  const auto earlier = [&](const Event& a, const Event& b) {
    if (a.version.empty() || b.version.empty()) return a.version.empty() && !b.version.empty();
    const auto order = version::compare(scheme, a.version, b.version);
    return order && *order < 0;
  };
  if (std::ranges::is_sorted(events, earlier)) return;
  struct Placed {
    Event event;
    size_t place;
  };
  std::vector<Placed> placed;
  for (const Event& event : events) placed.push_back({event, placed.size()});
  const auto before = [&](const Placed& a, const Placed& b) {
    return earlier(a.event, b.event) || (a.place < b.place && !earlier(b.event, a.event));
  };
  std::ranges::make_heap(placed, before);
  std::ranges::sort_heap(placed, before);
  std::ranges::transform(placed, events.begin(), &Placed::event);
}

// "events" in the order of their versions; as they stand where one of them is no version of the scheme.
std::vector<Event> events_of(const json::Value& range, version::Scheme scheme) {
  std::vector<Event> events;
  const auto list = range.find("events");
  if (!list) return events;
  bool comparable = true;
  for (const json::Value entry : list->elements()) {
    for (const auto& [name, value] : entry.members()) {
      const std::string_view version = value.string().value_or(std::string_view());
      if (name == "introduced") {
        events.push_back({Event::Kind::kIntroduced, version == "0" ? std::string_view() : version});
      } else if (name == "fixed") {
        events.push_back({Event::Kind::kFixed, version});
      } else if (name == "last_affected") {
        events.push_back({Event::Kind::kLastAffected, version});
      } else {
        continue;  // "limit" bounds ranges of commits
      }
      comparable = comparable && (events.back().version.empty() || version::is_valid(scheme, events.back().version));
    }
  }
  if (comparable) sort_events(events, scheme);
  return events;
}

struct Affected {
  std::vector<Range> ranges;
  bool bound_without_fix = false;  // an exclusive upper end is no fix
  bool never = false;              // "fixed" at "0": no version ever was affected (Alpine's and its kin's secfixes)
};

void read_events(const std::vector<Event>& events, Affected& affected) {
  std::optional<std::string_view> introduced;
  for (const Event& event : events) {
    if (event.kind == Event::Kind::kIntroduced) {
      if (!introduced) introduced = event.version;
      continue;
    }
    if (!introduced) continue;
    Range range;
    range.introduced = *introduced;
    (event.kind == Event::Kind::kFixed ? range.fixed : range.last_affected) = event.version;
    if (introduced->empty() && range.fixed == "0") {
      affected.never = true;
    } else {
      affected.ranges.push_back(std::move(range));
    }
    introduced.reset();
  }
  if (introduced) affected.ranges.push_back({.introduced = std::string(*introduced)});
}

// GitHub's own range where its advisory knows no fix: "<= 1.2.3", "< 2.0". The schema has only an open end for it.
void apply_last_known(std::string_view last_known, Affected& affected) {
  const bool inclusive = last_known.starts_with("<=");
  if (!inclusive && !last_known.starts_with('<')) return;
  const std::string_view version = trim(last_known.substr(inclusive ? 2 : 1));
  if (version.empty() || affected.ranges.empty()) return;
  Range& last = affected.ranges.back();
  if (!last.fixed.empty() || !last.last_affected.empty()) return;
  (inclusive ? last.last_affected : last.fixed) = version;
  affected.bound_without_fix = !inclusive;
}

// A version listed by name is affected whatever the ranges say; most of them the ranges hold anyway.
void add_listed_versions(const json::Value& entry, version::Scheme scheme, Affected& affected) {
  const auto versions = entry.find("versions");
  if (!versions) return;
  const VersionSet ranges = VersionSet::of(scheme, affected.ranges);
  for (const json::Value element : versions->elements()) {
    const auto version = element.string();
    if (!version || version->empty() || ranges.contains(*version)) continue;
    affected.ranges.push_back({.introduced = std::string(*version), .last_affected = std::string(*version)});
  }
}

Affected read_affected(const json::Value& entry, version::Scheme scheme) {
  Affected affected;
  if (const auto ranges = entry.find("ranges")) {
    for (const json::Value range : ranges->elements()) {
      if (range.string_or("type", {}) != "GIT") read_events(events_of(range, scheme), affected);
    }
  }
  if (const auto specific = entry.find("database_specific")) {
    apply_last_known(specific->string_or("last_known_affected_version_range", {}), affected);
  }
  // Go's: versions that Go itself cannot order (a module without proper tags). They stand beside an open range.
  if (const auto specific = entry.find("ecosystem_specific")) {
    if (const auto custom = specific->find("custom_ranges"); custom && custom->size() > 0) {
      Affected replaced;
      for (const json::Value range : custom->elements()) read_events(events_of(range, scheme), replaced);
      const bool open = affected.ranges.size() == 1 && affected.ranges[0].introduced.empty() &&
                        affected.ranges[0].fixed.empty() && affected.ranges[0].last_affected.empty();
      if (open) affected = std::move(replaced);
    }
  }
  add_listed_versions(entry, scheme, affected);
  return affected;
}

// Which key the records of this entry go under; nothing for worlds that we do not know.
std::optional<std::string> ecosystem_of(const json::Value& package, const json::Value& entry, std::string& note) {
  const std::string_view name = package.string_or("ecosystem", {});
  auto key = ecosystem_key_of_osv(name);
  if (!key || !key->starts_with("ubuntu:")) return key;
  // The package URL tells Ubuntu's pockets apart ("distro=esm-infra/xenial"); "Ubuntu:Pro:…" alone does not.
  const std::string distro = qualifier(package, "distro");
  if (distro.find('/') != std::string_view::npos) key = ecosystem_key_of_ubuntu_label(distro);
  if (!key) return key;
  if (const auto specific = entry.find("ecosystem_specific")) {
    const std::string_view availability = specific->string_or("availability", {});
    if (availability != "No subscription required") note = availability;
    if (availability.starts_with("Livepatch")) key = fmt::format("ubuntu:{}:livepatch", release_of(*key));
  }
  return key;
}

// What an advisory is about.
struct Subject {
  std::string_view advisory;         // its own id
  std::vector<std::string> ids;      // the vulnerabilities
  std::vector<std::string> aliases;  // further names, when it is about one
  std::vector<std::string> modules;  // the streams that its modular packages are of; empty: it does not say
};

// The module streams that an erratum's summary names: "virt:rhel" and "virt-devel:rhel" of "Important: virt:rhel and
// virt-devel:rhel security update". It names them nowhere else.
std::vector<std::string> modules_in(std::string_view summary) {
  const auto is_name = [](std::string_view text) {
    return !text.empty() && is_alnum(text.front()) && std::ranges::all_of(text, [](char c) {
      return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+';
    });
  };
  std::vector<std::string> modules;
  for (std::string_view word : split(summary, ' ')) {
    word = word.substr(0, word.find_first_of(",/"));
    const size_t colon = word.find(':');
    if (colon == std::string_view::npos) continue;
    const bool advisory = word.substr(0, colon).contains("SA-");  // "ALSA-2022:5468"
    if (!advisory && is_name(word.substr(0, colon)) && is_name(word.substr(colon + 1))) modules.emplace_back(word);
  }
  return modules;
}

bool is_modular_fix(const std::vector<Range>& ranges) {
  return std::ranges::any_of(ranges, [](const Range& range) { return is_modular(range.fixed); });
}

// Prefixes of bug-fix and enhancement errata: no vulnerability unless they name one.
bool is_plain_erratum(std::string_view id) {
  return id.starts_with("ALBA-") || id.starts_with("ALEA-") || id.starts_with("RLBA-") || id.starts_with("RLEA-") ||
         id.starts_with("RHBA-") || id.starts_with("RHEA-");
}

Subject subject_of(const json::Value& advisory, std::string_view id, bool errata) {
  Subject subject{.advisory = id, .ids = {}, .aliases = strings_of(advisory, "aliases")};
  const std::vector<std::string> upstream = strings_of(advisory, "upstream");
  subject.aliases.insert(subject.aliases.end(), upstream.begin(), upstream.end());
  if (!errata) {
    // "UBUNTU-CVE-2024-51988" is a publisher's name for that CVE.
    if (std::vector<std::string> own = cves_in(id); own.size() == 1 && own.front() != id) {
      subject.aliases.push_back(std::move(own.front()));
    }
    subject.ids.push_back(choose_id(id, subject.aliases));
    return subject;
  }
  for (const std::vector<std::string>& names : {subject.aliases, strings_of(advisory, "related")}) {
    for (const std::string& name : names) {
      if (is_cve(name)) subject.ids.push_back(name);
    }
    if (!subject.ids.empty()) break;
  }
  std::ranges::sort(subject.ids);
  subject.ids.erase(std::ranges::unique(subject.ids).begin(), subject.ids.end());
  subject.aliases.clear();
  if (subject.ids.empty() && !is_plain_erratum(id)) subject.ids.emplace_back(id);
  return subject;
}

Status read_entry(const json::Value& entry, const Subject& subject, Severity severity, const OsvDialect& dialect,
                  Sink& sink) {
  const auto package = entry.find("package");
  if (!package) return {};  // commits of a repository
  std::string note;
  const auto ecosystem = ecosystem_of(*package, entry, note);
  const std::string_view name = package->string_or("name", {});
  if (!ecosystem || name.empty() || (dialect.errata && is_debug_package(name))) return {};

  AdvisoryRecord record = record_for(*ecosystem);
  const Affected affected = read_affected(entry, record.scheme);
  record.record = subject.advisory;
  record.aliases = subject.aliases;
  record.package = package_key(*ecosystem, name);
  record.note = std::move(note);
  ScoreList scores;
  Severity word = Severity::kUnknown;
  read_severities(entry, dialect.source, scores, word);
  if (word == Severity::kUnknown) word = severity_in_words(entry);
  if (word == Severity::kUnknown) word = severity_of_cvss(scores.scores());
  record.severity = word == Severity::kUnknown ? severity : word;
  if (std::string architecture = qualifier(*package, "arch"); !architecture.empty() && architecture != "source") {
    record.architectures.push_back(std::move(architecture));
  }

  if (affected.never && affected.ranges.empty()) record.status = AdvisoryStatus::kNotAffected;
  std::vector<std::string> modules = {std::string()};
  if (!subject.modules.empty() && is_modular_fix(affected.ranges)) modules = subject.modules;
  for (const std::string& id : subject.ids) {
    record.id = id;
    for (const std::string& module : modules) {
      record.module = module;
      if (record.status == AdvisoryStatus::kNotAffected) TRY(sink.add(record));
      TRY(add_with_ranges(record, affected.ranges, !affected.bound_without_fix, sink));
    }
  }
  return {};
}

// Red Hat's rebuilders begin an erratum's summary with its severity: "Important: gupnp security update".
Severity severity_of_summary(std::string_view summary) {
  const size_t colon = summary.find(':');
  return colon == std::string_view::npos ? Severity::kUnknown : severity_of_word(summary.substr(0, colon));
}

Vulnerability vulnerability_of(const json::Value& advisory) {
  Vulnerability vulnerability;
  vulnerability.title = advisory.string_or("summary", {});
  vulnerability.description = advisory.string_or("details", {});
  vulnerability.published = date_of(advisory.string_or("published", {}));
  if (const auto specific = advisory.find("database_specific")) {
    for (const std::string& cwe : strings_of(*specific, "cwe_ids")) {
      if (std::string id = cwe_of(cwe); !id.empty()) vulnerability.cwes.push_back(std::move(id));
    }
  }
  if (const auto references = advisory.find("references")) {
    for (const json::Value reference : references->elements()) {
      if (const std::string_view url = reference.string_or("url", {}); !url.empty()) {
        vulnerability.references.emplace_back(url);
      }
    }
  }
  return vulnerability;
}

}  // namespace

Result<DocumentInfo> read_osv(const json::Value& advisory, const OsvDialect& dialect, Sink& sink,
                              const FeedLimits& limits) {
  TRY_ASSIGN(const std::string_view id, advisory.require_string("id"));
  if (id.empty()) return fail(Code::kMalformed, "\"id\" is empty");
  // The newer one: Go's repository has year 1 as "modified".
  const DocumentInfo info{
      .date = std::max(date_of(advisory.string_or("modified", {})), date_of(advisory.string_or("published", {})))};
  if (!advisory.string_or("withdrawn", {}).empty()) {
    // Its aliases may well be alive: only this name is withdrawn.
    Vulnerability withdrawn;
    withdrawn.id = id;
    withdrawn.title = advisory.string_or("summary", {});
    withdrawn.rejected = true;
    TRY(sink.add(std::move(withdrawn)));
    return info;
  }
  Subject subject = subject_of(advisory, id, dialect.errata);
  if (dialect.errata) subject.modules = modules_in(advisory.string_or("summary", {}));
  TRY(check_aliases(id, subject.aliases.size() + subject.ids.size(), limits));

  Vulnerability vulnerability = vulnerability_of(advisory);
  Severity word = severity_in_words(advisory);
  ScoreList scores;
  read_severities(advisory, dialect.source, scores, word);
  if (word == Severity::kUnknown && dialect.errata) word = severity_of_summary(vulnerability.title);
  const Severity severity = word == Severity::kUnknown ? severity_of_cvss(scores.scores()) : word;

  if (const auto affected = advisory.find("affected")) {
    for (const json::Value entry : affected->elements()) {
      TRY(read_entry(entry, subject, severity, dialect, sink));
      // Some publishers score each package; for one vulnerability that is its score.
      read_severities(entry, dialect.source, scores, word);
    }
  }
  // What an erratum says is about the update, not about the vulnerabilities that it fixes.
  if (subject.ids.size() != 1 || (dialect.errata && subject.ids.front() != id)) return info;
  vulnerability.id = subject.ids.front();
  vulnerability.aliases = subject.aliases;
  vulnerability.cvss = scores.scores();
  vulnerability.severity = severity == Severity::kUnknown ? severity_of_cvss(vulnerability.cvss) : severity;
  if (vulnerability.severity != Severity::kUnknown) vulnerability.severity_source = dialect.source;
  TRY(sink.add(std::move(vulnerability)));
  return info;
}

}  // namespace bulkhead::advisory::feeds
