// Debian's advisory lists: data/DSA/list, data/DLA/list and data/DTSA/list of the security tracker.
//
//   [29 Mar 2023] DSA-5380-1 xorg-server - security update
//   	{CVE-2023-1393}
//   	[bullseye] - xorg-server 2:1.20.11-1+deb11u6
//
// Source: the tracker's own doc/security-team.d and lib/python/bugs.py on the formats of its lists.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

// An advisory without a CVE is a vulnerability of its own, unless its title says that it is none.
constexpr std::array<std::string_view, 18> kNoVulnerability = {
    "regression", "end-of-life", "end of life",    "end of support", "announcement",    "upstream version",
    "timezone",   "bugfix",      "new package",    "version number", "database update", "crash fix",
    "notice",     "ca update",   "untrusted root", "mis-issued",     "whitelist",       "acmev2",
};

struct Advisory {
  std::string name;   // "DSA-5380-1"
  std::string title;  // "xorg-server - security update"
  std::string date;
  std::vector<std::string> cves;
  bool vulnerability_of_its_own = false;
};

std::string iso_date(std::string_view text) {  // "29 Mar 2023"
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto parts = split(text, ' ');
  if (parts.size() != 3 || parts[1].size() != 3) return {};
  const auto day = parse_decimal(parts[0]);
  const auto year = parse_decimal(parts[2]);
  const size_t month = kMonths.find(parts[1]);
  if (!day || !year || month == std::string_view::npos || month % 3 != 0 || *day > 31 || *year > 9999) return {};
  return fmt::format("{:04}-{:02}-{:02}", *year, month / 3 + 1, *day);
}

bool speaks_of_a_vulnerability(std::string_view title) {
  const std::string lowered = to_lower(title);
  for (const std::string_view phrase : kNoVulnerability) {
    if (lowered.find(phrase) != std::string::npos) return false;
  }
  return !lowered.ends_with("- update");
}

Result<Advisory> read_heading(std::string_view line) {
  Advisory advisory;
  const size_t bracket = line.find(']');
  if (bracket == std::string_view::npos) return fail(Code::kMalformed, "the date is not closed by \"]\"");
  advisory.date = iso_date(line.substr(1, bracket - 1));
  const std::string_view rest = trim(line.substr(bracket + 1));
  const size_t end = rest.find_first_of(" \t");
  advisory.name = rest.substr(0, end);
  if (!advisory.name.starts_with("DSA-") && !advisory.name.starts_with("DLA-") && !advisory.name.starts_with("DTSA-")) {
    return fail(Code::kMalformed, fmt::format("\"{}\" is no advisory's name", printable(advisory.name.substr(0, 40))));
  }
  if (end != std::string_view::npos) advisory.title = trim(rest.substr(end));
  advisory.vulnerability_of_its_own = speaks_of_a_vulnerability(advisory.title);
  return advisory;
}

// "[bullseye] - xorg-server 2:1.20.11-1+deb11u6", "[woody] - vlc <not-affected> (Vulnerable code not present)".
Status read_package(std::string_view line, const Advisory& advisory, Sink& sink) {
  const size_t bracket = line.find(']');
  const std::string_view codename = bracket == std::string_view::npos ? line : line.substr(1, bracket - 1);
  std::string_view rest = bracket == std::string_view::npos ? std::string_view() : trim(line.substr(bracket + 1));
  if (!rest.starts_with("- ")) return fail(Code::kMalformed, "\"[release] - package version\" expected");
  rest = trim(rest.substr(2));
  const size_t name_end = rest.find_first_of(" \t");
  if (name_end == std::string_view::npos)
    return fail(Code::kMalformed, "a version or a state expected after the package");
  const std::string_view package = rest.substr(0, name_end);
  rest = trim(rest.substr(name_end));
  const size_t state_end = rest.find_first_of(" \t");
  const std::string_view state = rest.substr(0, state_end);
  const std::string_view why = state_end == std::string_view::npos ? std::string_view() : trim(rest.substr(state_end));

  const auto ecosystem = ecosystem_key("debian", codename);
  if (!ecosystem) return {};  // releases before woody
  AdvisoryRecord record = record_for(*ecosystem);
  record.record = advisory.name;
  record.package = package;
  if (state == "<not-affected>") {
    record.status = AdvisoryStatus::kNotAffected;
  } else if (state == "<end-of-life>") {
    record.status = AdvisoryStatus::kEndOfLife;
  } else if (state == "<unfixed>") {
    record.status = AdvisoryStatus::kAffected;
  } else if (state.starts_with('<')) {
    record.status = AdvisoryStatus::kUnderInvestigation;
  } else {
    record.status = AdvisoryStatus::kFixed;
    record.ranges.push_back({.fixed = std::string(state)});
  }
  if (record.status != AdvisoryStatus::kFixed) record.note = rest;
  if (record.status == AdvisoryStatus::kFixed && !why.empty()) record.note = why;

  for (const std::string& cve : advisory.cves) {
    AdvisoryRecord copy = record;
    copy.id = cve;
    TRY(sink.add(std::move(copy)));
  }
  if (advisory.cves.empty() && advisory.vulnerability_of_its_own) {
    record.id = advisory.name;
    TRY(sink.add(std::move(record)));
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const std::string text, read_text(document, limits));
  DocumentInfo info;
  Advisory advisory;
  std::string_view rest = text;
  std::string_view line;
  for (size_t number = 1; next_line(rest, line); ++number) {
    const auto place = [&] { return fmt::format("line {}", number); };
    const std::string_view content = trim(line);
    if (line.starts_with('[')) {
      TRY_CONTEXT(advisory, read_heading(line), place());
      info.date = std::max(info.date, advisory.date);
    } else if (content.starts_with('{')) {
      advisory.cves = cves_in(content);
      if (auto status = check_aliases(advisory.name, advisory.cves.size(), limits); !status) {
        return fail(std::move(status).error().with_context(place()));
      }
    } else if (content.starts_with('[')) {
      if (advisory.name.empty())
        return fail(Code::kMalformed, fmt::format("{}: a package before any advisory", place()));
      if (auto status = read_package(content, advisory, sink); !status) {
        return fail(std::move(status).error().with_context(place()));
      }
      if (advisory.cves.empty() && advisory.vulnerability_of_its_own) {
        Vulnerability vulnerability;
        vulnerability.id = advisory.name;
        vulnerability.title = advisory.title;
        vulnerability.published = advisory.date;
        TRY(sink.add(std::move(vulnerability)));
      }
    } else if (!content.empty() && !content.starts_with("NOTE:") && !content.starts_with('#')) {
      return fail(Code::kMalformed, fmt::format("{}: \"{}\" is neither advisory, CVE list, package nor note", place(),
                                                printable(content.substr(0, 60))));
    }
  }
  return info;
}

bool recognises(const DocumentHead& head) {
  std::string_view rest = head.text;
  std::string_view line;
  if (!next_line(rest, line) || !line.starts_with('[')) return false;
  const size_t bracket = line.find("] ");
  if (bracket == std::string_view::npos || iso_date(line.substr(1, bracket - 1)).empty()) return false;
  const std::string_view name = line.substr(bracket + 2);
  return name.starts_with("DSA-") || name.starts_with("DLA-") || name.starts_with("DTSA-");
}

constexpr std::array kDownloads = {
    Download{"debian:*", "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list"},
    Download{"debian:*", "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"debian:*"};

constexpr Feed kFeed = {
    .name = "debian-advisories",
    .title = "Debian Security Advisories (DSA, DLA)",
    .publisher = "Debian",
    .licence = "no explicit licence; facts published for reuse by Debian",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .only_advisories = true,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> debian_advisories;
const std::span<const Feed> debian_advisories(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
