// Packages that Debian does not support to the end of a release: the lists of the package debian-security-support.
//
// Two layouts: since 2026 one file for each release, security-support.deb12, with the columns package, "non-supported"
// or "limited", and for the former last supported version, date, text; before, security-support-ended.deb12 with
// package, version, date, text. A name may be a regular expression, in practice a prefix and ".*". Source: the files'
// own comments and check-support-status(1), which judges by date and leaves the version aside.
//
// Such a package gets one record whose id is the list's name and whose status is end_of_life; its range begins on the
// day when support ended or will end, and the note says so. "limited" says how a package may be used, nothing about
// what ails it: no record. "supported" takes a package out of a pattern that limits it.
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr std::string_view kId = "debian-security-support";

// The next column of `rest`; empty at the end.
std::string_view next_column(std::string_view& rest) {
  rest = trim(rest);
  const size_t end = rest.find_first_of(" \t");
  const std::string_view column = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
  return column;
}

// "12" of "security-support.deb12"; empty when it is no such name.
std::string_view release_in_name(std::string_view base) {
  for (const std::string_view prefix : {"security-support.deb", "security-support-ended.deb"}) {
    if (base.starts_with(prefix) && parse_decimal(base.substr(prefix.size()))) return base.substr(prefix.size());
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  const std::string_view base = document.path.substr(document.path.rfind('/') + 1);
  const auto ecosystem = ecosystem_key("debian", release_in_name(base));
  if (!ecosystem) {
    return fail(Code::kInvalidArgument, "the release is not to be told from the file's name",
                "name the file as the package does: security-support.deb12");
  }
  const bool ended_list = base.starts_with("security-support-ended.");
  TRY_ASSIGN(const std::string text, read_text(document, limits));
  std::string_view lines = text;
  std::string_view line;
  for (size_t number = 1; next_line(lines, line); ++number) {
    std::string_view rest = trim(line);
    if (rest.empty() || rest.starts_with('#')) continue;
    const std::string_view package = next_column(rest);
    if (!ended_list) {
      const std::string_view support = next_column(rest);
      if (support == "limited" || support == "supported") continue;
      if (support != "non-supported") {
        return fail(Code::kMalformed, fmt::format("line {}: \"non-supported\" or \"limited\" expected after \"{}\"",
                                                  number, printable(package.substr(0, 80))));
      }
    }
    // Version and date are left out now and then.
    std::string_view columns = rest;
    const std::string_view version = next_column(columns);
    const std::string date = date_of(next_column(columns));
    std::string note = "support ended";
    if (!date.empty()) {
      note += fmt::format(" {} with version {}", date, version);
      rest = columns;
    }
    if (const std::string_view why = trim(rest); !why.empty()) note += fmt::format(": {}", why);
    AdvisoryRecord record = record_for(*ecosystem);
    record.id = kId;
    record.record = base;
    record.package = package;
    record.status = AdvisoryStatus::kEndOfLife;
    if (!date.empty()) record.ranges.push_back({.introduced = date});
    record.note = std::move(note);
    TRY(sink.add(std::move(record)));
  }
  return DocumentInfo{};
}

bool recognises(const DocumentHead& head) {
  return !release_in_name(head.base()).empty();
}

constexpr std::array kDownloads = {
    Download{"debian:*",
             "https://salsa.debian.org/debian/debian-security-support/-/raw/master/security-support.deb{number}"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"debian:*"};

constexpr Feed kFeed = {
    .name = "debian-security-support",
    .title = "Debian packages without security support",
    .publisher = "Debian",
    .licence = "GPL-2.0-or-later (package); facts",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .supplements = true,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> debian_support;
const std::span<const Feed> debian_support(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
