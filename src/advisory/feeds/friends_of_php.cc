// FriendsOfPHP's security advisories: one YAML file for each, <vendor>/<package>/<file>.yaml, with the affected
// versions of every branch as comparisons that hold together. Source: FriendsOfPHP/security-advisories, README.md.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/version_set.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr auto kScheme = version::Scheme::kComposer;
constexpr std::string_view kReference = "composer://";

// "symfony/symfony/CVE-2012-6431" of ".../symfony/symfony/CVE-2012-6431.yaml": how the database names an advisory.
std::string_view record_name(std::string_view path) {
  path = path.substr(0, path.rfind('.'));
  size_t at = path.size();
  for (int parts = 0; parts < 3 && at != std::string_view::npos; ++parts) at = at == 0 ? at : path.rfind('/', at - 1);
  return at == std::string_view::npos ? path : path.substr(at + 1);
}

// Composer takes ">=2.0" to mean the pre-releases of 2.0, too (composer/semver, VersionParser::parseConstraint). It
// leaves those of 2.0.17 out of "<2.0.17" likewise; but the bound there is the version to go to, and an advisory is no
// proof that a pre-release of it has the fix.
std::string with_prereleases(std::string_view comparison) {
  const std::string_view version = comparison.starts_with(">=") ? trim(comparison.substr(2)) : std::string_view();
  const bool plain =
      !version.empty() && std::ranges::all_of(version, [](char c) { return is_digit(c) || c == '.' || c == 'v'; });
  return std::string(comparison) + (plain ? "-dev" : "");
}

Result<VersionSet> affected_versions(const json::Value& branches) {
  std::vector<VersionSet> affected;
  for (const auto& [name, branch] : branches.members()) {
    std::vector<VersionSet> together;
    const std::vector<std::string> comparisons = strings_of(branch, "versions");
    if (comparisons.empty()) return fail(Code::kMalformed, fmt::format("branch {} names no versions", printable(name)));
    for (const std::string& comparison : comparisons) {
      TRY_CONTEXT(const VersionSet one, VersionSet::parse(Syntax::kOperators, kScheme, with_prereleases(comparison)),
                  fmt::format("branch {}", printable(name)));
      together.push_back(one);
    }
    affected.push_back(VersionSet::all_of(kScheme, together));
  }
  return VersionSet::any_of(kScheme, affected);
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document yaml, read_yaml(document, limits));
  const json::Value root = yaml.root();
  TRY_ASSIGN(const std::string_view reference, root.require_string("reference"));
  if (!reference.starts_with(kReference))
    return fail(Code::kMalformed, "\"reference\" must begin with \"composer://\"");
  TRY_ASSIGN(const json::Value branches, root.require_object("branches"));

  Vulnerability vulnerability;
  const std::string_view name = record_name(document.path);
  const std::string_view cve = root.string_or("cve", {});
  vulnerability.id = is_cve(cve) ? cve : name;
  vulnerability.title = root.string_or("title", {});
  if (const std::string_view link = root.string_or("link", {}); !link.empty())
    vulnerability.references.emplace_back(link);

  AdvisoryRecord record = record_for("composer");
  record.id = vulnerability.id;
  record.record = name;
  record.package = package_key("composer", reference.substr(kReference.size()));
  TRY_ASSIGN(const VersionSet affected, affected_versions(branches));
  TRY(add_with_ranges(record, affected.ranges(), true, sink));

  DocumentInfo info;
  for (const auto& [branch, fields] : branches.members()) {
    info.date = std::max(info.date, date_of(fields.string_or("time", {})));
  }
  vulnerability.published = info.date;
  TRY(sink.add(std::move(vulnerability)));
  return info;
}

bool recognises(const DocumentHead& head) {
  return head.path.ends_with(".yaml") && head.text.find("composer://") != std::string_view::npos &&
         head.text.find("\nbranches:") != std::string_view::npos;
}

constexpr std::array kDownloads = {
    Download{"composer", "https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.tar.gz"},
};
constexpr std::array<std::string_view, 1> kEcosystems = {"composer"};

constexpr Feed kFeed = {
    .name = "friends-of-php",
    .title = "FriendsOfPHP security advisories",
    .publisher = "FriendsOfPHP",
    .licence = "Unlicense",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> friends_of_php;
const std::span<const Feed> friends_of_php(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
