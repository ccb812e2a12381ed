// Fedora's Bodhi: pages of its API, {"updates": [{"alias", "type", "severity", "release", "builds", "bugs", …}]}, or
// the array of updates alone. Builds are source packages ("curl-7.82.0-6.fc36"); the CVEs stand in the titles of the
// bugs. Source: bodhi.fedoraproject.org/docs, REST API, updates.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_common.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

// Bodhi's scale: unspecified, low, medium, high, urgent.
Severity severity_of_update(std::string_view word) {
  if (word == "urgent") return Severity::kCritical;
  return severity_of(word).value_or(Severity::kUnknown);
}

void add_ids(std::string_view text, std::vector<std::string>& ids) {
  for (std::string& id : cves_in(text)) ids.push_back(std::move(id));
}

// Name and version-release of "rust-regex-1.5.5-1.fc36".
struct Build {
  std::string_view name;
  std::string_view version;
  std::string_view release;
};
std::optional<Build> split_nvr(std::string_view nvr) {
  const size_t release = nvr.rfind('-');
  if (release == std::string_view::npos || release == 0) return std::nullopt;
  const size_t version = nvr.rfind('-', release - 1);
  if (version == std::string_view::npos || version == 0) return std::nullopt;
  return Build{.name = nvr.substr(0, version),
               .version = nvr.substr(version + 1, release - version - 1),
               .release = nvr.substr(release + 1)};
}

Status read_update(const json::Value& update, DocumentInfo& info, Sink& sink) {
  TRY_ASSIGN(const std::string_view alias, update.require_string("alias"));
  const std::string_view status = update.string_or("status", {});
  const auto release = update.find("release");
  if (update.string_or("type", {}) != "security" || !release || status == "obsolete" || status == "unpushed") return {};
  for (const std::string_view name : {"date_pushed", "date_stable"}) {
    info.date = std::max(info.date, date_of(update.string_or(name, {})));
  }
  // Other prefixes: EPEL (packages for other distributions), modules, containers, flatpaks.
  if (release->string_or("id_prefix", {}) != "FEDORA") return {};
  const auto key = ecosystem_key("fedora", release->string_or("version", {}));
  if (!key) return {};

  std::vector<std::string> ids;
  if (const auto bugs = update.find("bugs")) {
    for (const json::Value bug : bugs->elements()) add_ids(bug.string_or("title", {}), ids);
  }
  if (ids.empty()) add_ids(update.string_or("notes", {}), ids);
  if (ids.empty()) add_ids(update.string_or("title", {}), ids);
  if (ids.empty()) ids.emplace_back(alias);
  remove_repeats(ids);

  AdvisoryRecord record = record_for(*key);
  record.record = alias;
  record.name_kind = NameKind::kSource;
  record.status = AdvisoryStatus::kFixed;
  record.severity = severity_of_update(update.string_or("severity", {}));
  if (status != "stable") {
    // What is still in testing is no fix that the release has: only who has that very version is safe.
    record.status = AdvisoryStatus::kAffected;
    record.note = fmt::format("{} in Bodhi", printable(status));
  }
  TRY_ASSIGN(const json::Value builds, update.require_array("builds"));
  for (const json::Value entry : builds.elements()) {
    if (entry.string_or("type", {}) != "rpm") continue;
    TRY_ASSIGN(const std::string_view nvr, entry.require_string("nvr"));
    const auto build = split_nvr(nvr);
    if (!build)
      return fail(Code::kMalformed, fmt::format("{}: \"{}\" is no name-version-release", alias, printable(nvr)));
    const auto epoch = entry.find("epoch");
    const int64_t number = epoch ? epoch->integer().value_or(0) : 0;
    record.package = build->name;
    record.ranges = {fixed_below(evr_text(fmt::format("{}", number), build->version, build->release))};
    for (const std::string& id : ids) {
      AdvisoryRecord copy = record;
      copy.id = id;
      TRY(sink.add(std::move(copy)));
    }
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document content, read_json(document, limits));
  const auto updates = content.root().is_array() ? std::optional(content.root()) : content.root().find("updates");
  if (!updates || !updates->is_array()) return fail(Code::kMalformed, "an array of updates expected");
  DocumentInfo info;
  for (const json::Value update : updates->elements()) TRY(read_update(update, info, sink));
  return info;
}

bool recognises(const DocumentHead& head) {
  const std::string_view text = trim(head.text);
  return (text.starts_with('[') || text.starts_with('{')) && text.contains("\"alias\"") && text.contains("\"FEDORA-") &&
         text.contains("\"builds\"") && text.contains("\"nvr\"");
}

constexpr std::array<std::string_view, 1> kEcosystems = {"fedora:*"};

constexpr Feed kFeed = {
    .name = "fedora-bodhi",
    .title = "Fedora updates (Bodhi)",
    .publisher = "Fedora Project",
    .licence = "publisher's terms; no explicit licence",
    .attribution = "Fedora updates, https://bodhi.fedoraproject.org/",
    .may_be_shipped = false,
    .downloads = {},
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> bodhi;
const std::span<const Feed> bodhi(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
