// The Ruby Advisory Database: one YAML file for each gem (gems/<gem>/<id>.yml) or interpreter
// (rubies/<engine>/<id>.yml) and vulnerability. Source: rubysec/ruby-advisory-db, README.md, "Schema"; requirements are
// Gem::Requirement's.
//
// Affected is what is neither patched nor unaffected.
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "advisory/cvss.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/version_set.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr auto kScheme = version::Scheme::kGem;

Result<VersionSet> requirements(const json::Value& advisory, std::string_view key) {
  std::vector<VersionSet> alternatives;
  for (const std::string& requirement : strings_of(advisory, key)) {
    TRY_CONTEXT(const VersionSet one, VersionSet::parse(Syntax::kGem, kScheme, requirement), std::string(key));
    alternatives.push_back(one);
  }
  return VersionSet::any_of(kScheme, alternatives);
}

// The scores stand without their vectors; the newest version of CVSS counts.
Severity severity_of_scores(const json::Value& advisory) {
  for (const std::string_view key : {"cvss_v4", "cvss_v3", "cvss_v2"}) {
    const std::string_view text = advisory.string_or(key, {});
    double score = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), score);
    if (error == std::errc() && stopped == text.data() + text.size() && score >= 0 && score <= 10) {
      return severity_of_score(score, key == "cvss_v2");
    }
  }
  return Severity::kUnknown;
}

std::vector<std::string> names_of(const json::Value& advisory) {
  struct Name {
    std::string_view key;
    std::string_view prefix;
  };
  constexpr std::array kNames = {Name{"cve", "CVE-"}, Name{"ghsa", "GHSA-"}, Name{"osvdb", "OSVDB-"}};
  std::vector<std::string> names;
  for (const Name& name : kNames) {
    const std::string_view value = advisory.string_or(name.key, {});
    if (!value.empty()) names.push_back(fmt::format("{}{}", name.prefix, value));
  }
  return names;
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const json::Document yaml, read_yaml(document, limits));
  const json::Value root = yaml.root();
  const std::string_view gem = root.string_or("gem", {});
  const std::string_view engine = root.string_or("engine", {});
  if (gem.empty() && engine.empty()) return fail(Code::kMalformed, "neither \"gem\" nor \"engine\" is named");

  Vulnerability vulnerability;
  std::string_view file = document.path.substr(document.path.rfind('/') + 1);
  file = file.substr(0, file.rfind('.'));
  std::vector<std::string> names = names_of(root);
  const std::string first = names.empty() ? std::string(file) : names.front();
  vulnerability.id = choose_id(first, names);
  vulnerability.aliases = std::move(names);
  vulnerability.title = root.string_or("title", {});
  vulnerability.description = trim(root.string_or("description", {}));
  vulnerability.published = date_of(root.string_or("date", {}));
  vulnerability.severity = severity_of_scores(root);
  if (vulnerability.severity != Severity::kUnknown) vulnerability.severity_source = "rubysec";
  if (const std::string_view url = root.string_or("url", {}); !url.empty()) vulnerability.references.emplace_back(url);

  AdvisoryRecord record = record_for(gem.empty() ? "ruby" : "gem");
  record.id = vulnerability.id;
  record.record = file;
  record.aliases = vulnerability.aliases;
  record.package = gem.empty() ? engine : gem;
  record.severity = vulnerability.severity;
  if (const std::string_view platform = root.string_or("platform", {}); !platform.empty()) {
    record.note = fmt::format("only on {}", platform);
  }
  TRY_ASSIGN(const VersionSet patched, requirements(root, "patched_versions"));
  TRY_ASSIGN(const VersionSet unaffected, requirements(root, "unaffected_versions"));
  TRY(add_with_ranges(record, patched.unite(unaffected).complement().ranges(), !patched.empty(), sink));
  const DocumentInfo info{.date = vulnerability.published};
  TRY(sink.add(std::move(vulnerability)));
  return info;
}

bool recognises(const DocumentHead& head) {
  if (!head.path.ends_with(".yml") && !head.path.ends_with(".yaml")) return false;
  const auto has_line = [&](std::string_view key) {
    return head.text.starts_with(key) || head.text.find(fmt::format("\n{}", key)) != std::string_view::npos;
  };
  return (has_line("gem: ") || has_line("engine: ")) && has_line("url:") && has_line("title:");
}

constexpr std::array kDownloads = {
    Download{"gem", "https://github.com/rubysec/ruby-advisory-db/archive/refs/heads/master.tar.gz"},
};
constexpr std::array<std::string_view, 2> kEcosystems = {"gem", "ruby"};

constexpr Feed kFeed = {
    .name = "rubysec",
    .title = "Ruby Advisory Database",
    .publisher = "RubySec",
    .licence = "public domain; part from OSVDB",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> rubysec;
const std::span<const Feed> rubysec(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
