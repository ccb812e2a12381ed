// The Debian security tracker's JSON: {source package: {id: {"description", "releases": {codename: {…}}}}}.
// Source: security-tracker.debian.org, "JSON format"; the security tracker's own doc/security-team.d, "no-dsa".
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "base/json_members.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

// "low**" and "medium*" are the tracker's guesses out of NVD's score.
Severity severity_of_urgency(std::string_view urgency) {
  while (urgency.ends_with('*')) urgency.remove_suffix(1);
  if (urgency == "unimportant") return Severity::kNegligible;
  return severity_of(urgency).value_or(Severity::kUnknown);  // "not yet assigned", "end-of-life"
}

bool older(std::string_view a, std::string_view b) {
  const auto order = version::compare(version::Scheme::kDeb, a, b);
  return order && *order == std::strong_ordering::less;
}

// The newest version that the archive has of a release; empty when it does not say.
std::string_view shipped_version(const json::Value& release) {
  std::string_view newest;
  const auto repositories = release.find("repositories");
  if (!repositories) return newest;
  for (const auto& [name, version] : repositories->members()) {
    const std::string_view text = version.string().value_or(std::string_view());
    if (newest.empty() || older(newest, text)) newest = text;
  }
  return newest;
}

// Fills in what the release's entry says. `fixed_in_sid` is empty when sid has no fix.
Status read_release(const json::Value& release, std::string_view fixed_in_sid, AdvisoryRecord& record) {
  TRY_ASSIGN(const std::string_view status, release.require_string("status"));
  const std::string_view fixed = release.string_or("fixed_version", {});
  const std::string_view urgency = release.string_or("urgency", {});
  record.severity = severity_of_urgency(urgency);
  if (urgency == "unimportant" || urgency == "end-of-life") record.note = urgency;

  if (status == "resolved" && fixed == "0") {
    record.status = AdvisoryStatus::kNotAffected;
    return {};
  }
  if (status == "resolved" && !fixed.empty()) {
    record.ranges.push_back({.fixed = std::string(fixed)});
    record.status = AdvisoryStatus::kFixed;
    if (const std::string_view shipped = shipped_version(release); !shipped.empty() && older(shipped, fixed)) {
      record.status = AdvisoryStatus::kAffected;
      record.note = fmt::format("the fix {} is not in the archive yet", fixed);
    }
    return {};
  }
  if (status == "undetermined") {
    record.status = AdvisoryStatus::kUnderInvestigation;
    record.note = status;
    return {};
  }
  if (status != "open" && status != "resolved") {
    record.status = AdvisoryStatus::kUnderInvestigation;
    record.note = fmt::format("status \"{}\"", printable(status));
    return {};
  }

  record.status = urgency == "end-of-life" ? AdvisoryStatus::kEndOfLife : AdvisoryStatus::kAffected;
  const auto no_dsa = release.find("nodsa");
  if (!no_dsa) return {};
  // What stands here was decided about the version of that day. Once the release ships what fixed sid, it is fixed.
  const std::string_view shipped = shipped_version(release);
  if (!fixed_in_sid.empty() && !shipped.empty() && !older(shipped, fixed_in_sid)) {
    record.status = AdvisoryStatus::kFixed;
    record.ranges.push_back({.fixed = std::string(fixed_in_sid)});
    record.note = fmt::format("no-dsa is out of date: {} ships sid's fix", shipped);
    return {};
  }
  const std::string_view reason = release.string_or("nodsa_reason", {});
  if (record.status == AdvisoryStatus::kAffected) {
    record.status = reason == "ignored" ? AdvisoryStatus::kWillNotFix : AdvisoryStatus::kFixDeferred;
  }
  const std::string_view word = reason.empty() ? "no-dsa" : reason;
  const std::string_view why = no_dsa->string().value_or(std::string_view());
  const std::string text = why.empty() ? std::string(word) : fmt::format("{}: {}", word, why);
  record.note = record.note.empty() ? text : fmt::format("{}; {}", record.note, text);
  return {};
}

Status read_vulnerability(std::string_view package, std::string_view id, const json::Value& entry, Sink& sink) {
  TRY_ASSIGN(const json::Value releases, entry.require_object("releases"));
  std::string_view fixed_in_sid;
  if (const auto sid = releases.find("sid"); sid && sid->string_or("status", {}) == "resolved") {
    fixed_in_sid = sid->string_or("fixed_version", {});
    if (fixed_in_sid == "0") fixed_in_sid = {};
  }
  for (const auto& [codename, release] : releases.members()) {
    const auto ecosystem = ecosystem_key("debian", codename);
    if (!ecosystem) continue;  // experimental and the like
    AdvisoryRecord record = record_for(*ecosystem);
    record.id = id;
    record.record = id;
    record.package = package;
    if (auto status = read_release(release, fixed_in_sid, record); !status) {
      return fail(std::move(status).error().with_context(std::string(codename)));
    }
    TRY(sink.add(std::move(record)));
  }
  if (const std::string_view description = entry.string_or("description", {}); !description.empty()) {
    Vulnerability vulnerability;
    vulnerability.id = id;
    vulnerability.description = description;
    TRY(sink.add(std::move(vulnerability)));
  }
  return {};
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  json::MemberReader packages(document.source, limits.max_document_bytes);
  for (;;) {
    TRY_ASSIGN(const json::RawMember* package, packages.next());
    if (package == nullptr) return DocumentInfo{};
    const std::string name(package->key);
    TRY_CONTEXT(const json::Document entries, json::Document::parse(package->value, json_limits(limits)),
                printable(name));
    if (!entries.root().is_object()) {
      return fail(Error(Code::kMalformed, "an object of vulnerabilities expected").with_context(printable(name)));
    }
    for (const auto& [id, entry] : entries.root().members()) {
      if (auto status = read_vulnerability(name, id, entry, sink); !status) {
        return fail(std::move(status).error().with_context(fmt::format("{}: {}", printable(name), printable(id))));
      }
    }
  }
}

// No member of the outermost object is fixed: {"389-ds-base": {"CVE-2012-0833": {… "releases": {"bookworm": {"status"…
bool recognises(const DocumentHead& head) {
  const std::string_view text = trim(head.text);
  if (!text.starts_with('{')) return false;
  const size_t releases = text.find("\"releases\"");
  if (releases == std::string_view::npos) return false;
  const std::string_view before = text.substr(0, releases);
  const bool names_id =
      before.find("\"CVE-") != std::string_view::npos || before.find("\"TEMP-") != std::string_view::npos;
  const std::string_view after = text.substr(releases, 4096);
  return names_id && after.find("\"status\"") != std::string_view::npos &&
         after.find("\"repositories\"") != std::string_view::npos;
}

constexpr std::array kDownloads = {
    Download{"debian:*", "https://security-tracker.debian.org/tracker/data/json"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"debian:*"};

constexpr Feed kFeed = {
    .name = "debian-tracker",
    .title = "Debian Security Tracker",
    .publisher = "Debian",
    .licence = "no explicit licence; facts published for reuse by Debian",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> debian_tracker;
const std::span<const Feed> debian_tracker(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
