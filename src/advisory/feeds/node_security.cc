// The Node.js security working group's database: vuln/npm/<n>.json about packages of npm (to 2019) and
// vuln/core/<n>.json about Node.js itself. Source: nodejs/security-wg, tools/vuln_valid/vulnValidate.js.
//
// The folders' index.json repeats the other files and is left out, as is vuln/deps, which tells what Node.js is not
// affected by.
#include <array>

#include <fmt/format.h>

#include "advisory/feeds/common.h"
#include "advisory/feeds/version_set.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr auto kScheme = version::Scheme::kNpm;

Result<VersionSet> requirement(const json::Value& advisory, std::string_view key) {
  const std::string_view text = trim(advisory.string_or(key, {}));
  if (text.empty()) return VersionSet::none(kScheme);
  auto set = VersionSet::parse(Syntax::kNpm, kScheme, text);
  if (!set) return fail(std::move(set).error().with_context(std::string(key)));
  return set;
}

// What the two kinds of files call the same things.
struct Keys {
  std::string_view cves;
  std::string_view vulnerable;
  std::string_view patched;
  std::string_view title;
};
constexpr Keys kNpmKeys = {"cves", "vulnerable_versions", "patched_versions", "title"};
constexpr Keys kCoreKeys = {"cve", "vulnerable", "patched", "description"};

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document advisory, read_json(document, limits));
  const json::Value root = advisory.root();
  const std::string_view module = root.string_or("module_name", {});
  const bool npm = !module.empty();
  const Keys& keys = npm ? kNpmKeys : kCoreKeys;
  std::string_view file = document.path.substr(document.path.rfind('/') + 1);
  file = file.substr(0, file.rfind('.'));
  const std::string name = fmt::format("NSWG-{}-{}", npm ? "ECO" : "COR", file);

  std::vector<std::string> ids = strings_of(root, keys.cves);
  TRY(check_aliases(name, ids.size(), limits));
  const std::vector<std::string> aliases = ids.size() == 1 ? std::vector{name} : std::vector<std::string>();
  if (ids.empty()) ids.push_back(name);

  AdvisoryRecord record = record_for(npm ? "npm" : "nodejs");
  record.record = name;
  record.aliases = aliases;
  record.package = npm ? module : "node";
  Vulnerability vulnerability;
  vulnerability.aliases = aliases;
  vulnerability.title = root.string_or(keys.title, {});
  vulnerability.description = trim(root.string_or("overview", {}));
  vulnerability.published = date_of(root.string_or("publish_date", {}));
  if (auto cvss = cvss_of(root.string_or("cvss_vector", {}), "nodejs")) vulnerability.cvss.push_back(*std::move(cvss));
  vulnerability.severity = severity_of_word(root.string_or("severity", {}));
  if (vulnerability.severity == Severity::kUnknown) vulnerability.severity = severity_of_cvss(vulnerability.cvss);
  if (vulnerability.severity != Severity::kUnknown) vulnerability.severity_source = "nodejs";
  record.severity = vulnerability.severity;
  vulnerability.references = strings_of(root, "references");
  if (const std::string_view ref = root.string_or("ref", {}); !ref.empty()) vulnerability.references.emplace_back(ref);

  TRY_ASSIGN(const VersionSet vulnerable, requirement(root, keys.vulnerable));
  TRY_ASSIGN(const VersionSet patched, requirement(root, keys.patched));
  const VersionSet affected = vulnerable.intersect(patched.complement()).up_to(patched);
  for (const std::string& id : ids) {
    record.id = id;
    TRY(add_with_ranges(record, affected.ranges(), !patched.empty(), sink));
    vulnerability.id = id;
    TRY(sink.add(vulnerability));
  }
  const std::string updated = date_of(root.string_or("updated_at", {}));
  return DocumentInfo{.date = std::max(updated, vulnerability.published)};
}

bool recognises(const DocumentHead& head) {
  if (!head.path.ends_with(".json") || head.base() == "index.json") return false;
  if (head.has_json_member("module_name") && head.has_json_member("vulnerable_versions")) return true;
  return head.has_json_member("cve") && head.has_json_member("vulnerable") && head.has_json_member("patched");
}

constexpr std::array kDownloads = {
    Download{"nodejs", "https://github.com/nodejs/security-wg/archive/refs/heads/main.tar.gz"},
};
constexpr std::array<std::string_view, 2> kEcosystems = {"npm", "nodejs"};

constexpr Feed kFeed = {
    .name = "node-security",
    .title = "Node.js security working group",
    .publisher = "OpenJS Foundation",
    .licence = "MIT",
    .attribution = "Node.js Security WG vulnerability database, MIT",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> node_security;
const std::span<const Feed> node_security(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
