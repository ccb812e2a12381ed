// The Ubuntu CVE tracker: one file for each CVE in its folders active/ and retired/.
//
//   Candidate: CVE-2019-1010204
//   PublicDate: 2019-07-23 14:15:00 UTC
//   Priority: low
//   CVSS:
//    nvd: CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H
//   bionic_binutils: deferred (2020-03-24)
//   esm-infra/xenial_openssl: released (1.0.2g-1ubuntu4.20+esm1)
//
// Source: ubuntu-cve-tracker's README, "CVE file format" and "Statuses".
#include <array>
#include <map>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

bool speaks_of_end_of_life(std::string_view why) {
  const std::string lowered = to_lower(why);
  for (const std::string_view phrase :
       {"end-of-life", "end of life", "standard support", "is eol", "no longer supported"}) {
    if (lowered.find(phrase) != std::string::npos) return true;
  }
  return false;
}

// "ignored" is also what the tracker makes of open states when a release's support ends; which one it was is what
// counts: "ignored (end of standard support, was needs-triage)", "ignored (end of life, was deferred [2020-03-24])".
AdvisoryStatus ignored_status(std::string_view why) {
  const AdvisoryStatus ended = speaks_of_end_of_life(why) ? AdvisoryStatus::kEndOfLife : AdvisoryStatus::kWillNotFix;
  constexpr std::string_view kWas = "was ";
  const size_t was = why.find(kWas);
  if (was == std::string_view::npos || ended == AdvisoryStatus::kWillNotFix) return ended;
  const std::string_view state = why.substr(was + kWas.size());
  if (state.starts_with("needs-triage")) return AdvisoryStatus::kUnderInvestigation;
  if (state.starts_with("not-affected")) return AdvisoryStatus::kNotAffected;
  return ended;
}

// The inside of "(1.2-3)" or "[1.2-3]"; written by hand, so now and then a bracket is doubled or missing.
std::string_view unwrapped(std::string_view text) {
  while (!text.empty() && (text.front() == '(' || text.front() == '[')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ')' || text.back() == ']')) text.remove_suffix(1);
  return trim(text);
}

// "released (1.0.2g-1ubuntu4.20+esm1)". False when the line says nothing about a package of the archive.
bool read_status(std::string_view value, AdvisoryRecord& record) {
  const size_t end = value.find_first_of(" \t");
  const std::string_view word = value.substr(0, end);
  const std::string_view note = end == std::string_view::npos ? std::string_view() : unwrapped(trim(value.substr(end)));
  const bool note_is_version = !note.empty() && is_alnum(note.front()) && note.find(' ') == std::string_view::npos;
  if (word.empty() || word == "DNE") return false;
  record.note = value;
  if (word == "released" && note_is_version) {
    record.status = AdvisoryStatus::kFixed;
    record.ranges.push_back({.fixed = std::string(note)});
    record.note.clear();
  } else if (word == "pending") {
    // Prepared, not yet in the archive: only whoever has that very version is safe.
    record.status = AdvisoryStatus::kAffected;
    if (note_is_version) record.ranges.push_back({.fixed = std::string(note)});
  } else if (word == "needed" || word == "in-progress") {
    record.status = AdvisoryStatus::kAffected;
  } else if (word == "deferred") {
    record.status = AdvisoryStatus::kFixDeferred;
  } else if (word == "ignored") {
    record.status = ignored_status(note);
  } else if (word == "not-affected") {
    record.status = AdvisoryStatus::kNotAffected;
  } else {
    // needs-triage; released without saying in which version; words that are still to be invented.
    record.status = AdvisoryStatus::kUnderInvestigation;
  }
  return true;
}

Severity severity_of_priority(std::string_view value) {
  return severity_of(value.substr(0, value.find_first_of(" \t"))).value_or(Severity::kUnknown);  // "untriaged"
}

struct Entry {
  std::string_view label;  // "bionic", "esm-infra/xenial"
  std::string_view package;
  std::string_view value;
};

// "Priority_openssl", and for one release "Priority_openssl_bionic": the later line counts.
struct Override {
  size_t line = 0;  // its place among the overrides
  Severity severity = Severity::kUnknown;
};

// One file, taken apart; views into its text.
struct Candidate {
  Vulnerability vulnerability;
  std::vector<Entry> entries;
  std::map<std::string, Override, std::less<>> priorities;  // by "openssl", "openssl_bionic"
  size_t priority_lines = 0;

  Severity severity_of_entry(const Entry& entry) const {
    Override last{.line = 0, .severity = vulnerability.severity};
    for (const std::string& name : {std::string(entry.package), fmt::format("{}_{}", entry.package, entry.label)}) {
      const auto found = priorities.find(name);
      if (found != priorities.end() && found->second.line > last.line) last = found->second;
    }
    return last.severity;
  }
};

// A line that belongs to the section begun by an earlier "Key:".
void read_continuation(std::string_view section, std::string_view line, Candidate& candidate) {
  Vulnerability& vulnerability = candidate.vulnerability;
  if (section == "Description") {
    if (!vulnerability.description.empty()) vulnerability.description += ' ';
    vulnerability.description += line;
  } else if (section == "References") {
    if (line.starts_with("http")) vulnerability.references.emplace_back(line.substr(0, line.find_first_of(" \t")));
  } else if (section == "CVSS") {
    const size_t colon = line.find(':');  // " nvd: CVSS:3.1/… [7.5 HIGH]"
    if (colon == std::string_view::npos) return;
    const std::string_view vector = trim(line.substr(colon + 1));
    if (auto cvss = cvss_of(vector.substr(0, vector.find_first_of(" \t")), line.substr(0, colon))) {
      vulnerability.cvss.push_back(*std::move(cvss));
    }
  }
}

void read_field(std::string_view key, std::string_view value, Candidate& candidate) {
  Vulnerability& vulnerability = candidate.vulnerability;
  if (key == "Candidate") {
    vulnerability.id = value;
  } else if (key == "PublicDate") {
    vulnerability.published = date_of(value);
  } else if (key == "Priority") {
    vulnerability.severity = severity_of_priority(value);
  } else if (key.starts_with("Priority_")) {
    candidate.priorities[std::string(key.substr(9))] = {.line = ++candidate.priority_lines,
                                                        .severity = severity_of_priority(value)};
  } else if (key == "Description" || key == "References" || key == "CVSS") {
    if (!value.empty()) read_continuation(key, value, candidate);
  } else if (const size_t underscore = key.find('_'); underscore != std::string_view::npos) {
    candidate.entries.push_back(
        {.label = key.substr(0, underscore), .package = key.substr(underscore + 1), .value = value});
  }
}

Result<Candidate> read_candidate(std::string_view text) {
  Candidate candidate;
  std::string_view section;
  std::string_view line;
  while (next_line(text, line)) {
    if (line.empty() || line.starts_with('#')) continue;
    if (is_space(line.front())) {
      read_continuation(section, trim(line), candidate);
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;  // free text; the tracker has a few such lines
    section = trim(line.substr(0, colon));
    read_field(section, trim(line.substr(colon + 1)), candidate);
  }
  if (candidate.vulnerability.id.empty()) return fail(Code::kMalformed, "\"Candidate:\" is missing");
  return candidate;
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const std::string text, read_text(document, limits));
  TRY_ASSIGN(Candidate candidate, read_candidate(text));
  Vulnerability& vulnerability = candidate.vulnerability;
  vulnerability.severity_source = "ubuntu";
  for (const Entry& entry : candidate.entries) {
    const auto ecosystem = ecosystem_key_of_ubuntu_label(entry.label);
    if (!ecosystem) continue;
    AdvisoryRecord record = record_for(*ecosystem);
    if (!read_status(entry.value, record)) continue;
    record.id = vulnerability.id;
    record.record = vulnerability.id;
    record.package = entry.package;
    record.severity = candidate.severity_of_entry(entry);
    if (const size_t pocket = record.ecosystem.find(':', std::string_view("ubuntu:").size());
        pocket != std::string::npos) {
      const std::string name = record.ecosystem.substr(pocket + 1);
      record.note = record.note.empty() ? name : fmt::format("{}: {}", name, record.note);
    }
    TRY(sink.add(std::move(record)));
  }
  TRY(sink.add(std::move(vulnerability)));
  return DocumentInfo{};
}

bool recognises(const DocumentHead& head) {
  if (!head.base().starts_with("CVE-")) return false;
  const auto has_line = [&](std::string_view key) {
    return head.text.starts_with(key) || head.text.find(fmt::format("\n{}", key)) != std::string_view::npos;
  };
  // Wind River's tracker is written alike, but has no references.
  return has_line("Candidate:") && has_line("PublicDate") && has_line("References:");
}

constexpr std::array<std::string_view, 1> kEcosystems = {"ubuntu:*"};

constexpr Feed kFeed = {
    .name = "ubuntu-tracker",
    .title = "Ubuntu CVE tracker",
    .publisher = "Canonical",
    .licence = "CC-BY-SA-4.0",
    .attribution = "Ubuntu CVE tracker, Canonical Ltd., CC BY-SA 4.0",
    .may_be_shipped = true,
    .downloads = {},  // db update takes the OSV and VEX files that Canonical makes from it
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> ubuntu_tracker;
const std::span<const Feed> ubuntu_tracker(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
