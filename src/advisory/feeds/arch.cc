// The Arch Linux security tracker: a JSON array of vulnerability groups. Source: security.archlinux.org/all.json and
// arch-security-tracker, "tracker/view/show.py".
#include <array>

#include <fmt/format.h>

#include "advisory/feeds/common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

Status read_group(const json::Value& group, Sink& sink) {
  AdvisoryRecord record = record_for("arch");
  TRY_ASSIGN(record.record, group.require_string("name"));
  TRY_ASSIGN(const std::string_view status, group.require_string("status"));
  const std::string_view fixed = group.string_or("fixed", {});
  record.severity = severity_of_word(group.string_or("severity", {}));
  record.note = group.string_or("type", {});
  if (status == "Fixed" && !fixed.empty()) {
    record.status = AdvisoryStatus::kFixed;
    record.ranges.push_back({.fixed = std::string(fixed)});
  } else if (status == "Not affected") {
    record.status = AdvisoryStatus::kNotAffected;
  } else if (status == "Unknown") {
    record.status = AdvisoryStatus::kUnderInvestigation;
  } else {
    // "Vulnerable"; "Testing": fixed in a repository that is not for everyone.
    record.status = AdvisoryStatus::kAffected;
    if (!fixed.empty()) record.ranges.push_back({.fixed = std::string(fixed)});
  }
  for (const std::string& package : strings_of(group, "packages")) {
    for (const std::string& issue : strings_of(group, "issues")) {
      AdvisoryRecord copy = record;
      copy.id = issue;
      copy.package = package;
      TRY(sink.add(std::move(copy)));
    }
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document groups, read_json(document, limits));
  if (!groups.root().is_array()) return fail(Code::kMalformed, "an array of vulnerability groups expected");
  size_t number = 0;
  for (const json::Value group : groups.root().elements()) {
    if (auto status = read_group(group, sink); !status) {
      return fail(std::move(status).error().with_context(fmt::format("group {}", number)));
    }
    ++number;
  }
  return DocumentInfo{};
}

bool recognises(const DocumentHead& head) {
  return trim(head.text).starts_with('[') && head.text.find("\"AVG-") != std::string_view::npos &&
         head.text.find("\"issues\"") != std::string_view::npos;
}

constexpr std::array kDownloads = {Download{"arch", "https://security.archlinux.org/all.json"}};
constexpr std::array<std::string_view, 1> kEcosystems = {"arch"};

constexpr Feed kFeed = {
    .name = "arch",
    .title = "Arch Linux security tracker",
    .publisher = "Arch Linux",
    .licence = "no explicit licence; facts published for reuse by Arch Linux",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> arch;
const std::span<const Feed> arch(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
