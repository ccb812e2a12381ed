// The RustSec advisory database: one markdown file for each advisory, its facts in a block of TOML at the top.
// Source: rustsec/advisory-db, EXAMPLE_ADVISORY.md, and the rustsec crate's advisory format; requirements are Cargo's.
//
// Affected is what is neither patched nor unaffected.
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/version_set.h"
#include "base/text.h"
#include "base/toml.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr auto kScheme = version::Scheme::kSemver;
constexpr std::string_view kFence = "```toml";

struct Parts {
  std::string_view toml;
  std::string title;
  std::string description;
};

Result<Parts> take_apart(std::string_view text) {
  const size_t begin = text.find(kFence);
  const size_t end = begin == std::string_view::npos ? begin : text.find("\n```", begin);
  if (end == std::string_view::npos) return fail(Code::kMalformed, "no block of TOML between \"```toml\" and \"```\"");
  Parts parts;
  parts.toml = text.substr(begin + kFence.size(), end + 1 - begin - kFence.size());
  std::string_view rest = trim(text.substr(end + 4));
  if (rest.starts_with("# ")) {
    std::string_view heading;
    next_line(rest, heading);
    parts.title = trim(heading.substr(2));
  }
  parts.description = trim(rest);
  return parts;
}

Result<VersionSet> requirements(const json::Value& versions, std::string_view key) {
  std::vector<VersionSet> alternatives;
  for (const std::string& requirement : strings_of(versions, key)) {
    TRY_CONTEXT(const VersionSet one, VersionSet::parse(Syntax::kCargo, kScheme, requirement), std::string(key));
    alternatives.push_back(one);
  }
  return VersionSet::any_of(kScheme, alternatives);
}

// "only on os: windows; arch: x86, x86_64"
std::string platforms(const json::Value& root) {
  const auto affected = root.find("affected");
  if (!affected) return {};
  std::string note;
  for (const std::string_view key : {"os", "arch"}) {
    const std::vector<std::string> names = strings_of(*affected, key);
    if (names.empty()) continue;
    note += fmt::format("{}{}: {}", note.empty() ? "only on " : "; ", key, fmt::join(names, ", "));
  }
  return note;
}

Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  TRY_ASSIGN(const std::string text, read_text(document, limits.max_yaml_bytes, "--max-yaml-bytes"));
  TRY_ASSIGN(Parts parts, take_apart(text));
  TRY_ASSIGN(const json::Document facts,
             toml::parse(parts.toml, {.max_bytes = limits.max_yaml_bytes,
                                      .max_depth = limits.max_depth,
                                      .options = document_options(&FeedLimits::max_yaml_bytes)}));
  const json::Value root = facts.root();
  TRY_ASSIGN(const json::Value advisory, root.require_object("advisory"));
  TRY_ASSIGN(const json::Value versions, root.require_object("versions"));
  TRY_ASSIGN(const std::string_view id, advisory.require_string("id"));
  TRY_ASSIGN(const std::string_view package, advisory.require_string("package"));
  const DocumentInfo info{.date = date_of(advisory.string_or("date", {}))};

  Vulnerability vulnerability;
  vulnerability.title = std::move(parts.title);
  if (!advisory.string_or("withdrawn", {}).empty()) {
    vulnerability.id = id;
    vulnerability.rejected = true;
    TRY(sink.add(std::move(vulnerability)));
    return info;
  }
  vulnerability.aliases = strings_of(advisory, "aliases");
  TRY(check_aliases(id, vulnerability.aliases.size(), limits));
  vulnerability.id = choose_id(id, vulnerability.aliases);
  vulnerability.description = std::move(parts.description);
  vulnerability.published = info.date;
  if (auto cvss = cvss_of(advisory.string_or("cvss", {}), "rustsec")) vulnerability.cvss.push_back(*std::move(cvss));
  vulnerability.severity = severity_of_cvss(vulnerability.cvss);
  if (const std::string_view url = advisory.string_or("url", {}); !url.empty())
    vulnerability.references.emplace_back(url);
  for (std::string& reference : strings_of(advisory, "references")) {
    vulnerability.references.push_back(std::move(reference));
  }

  // The folder rust/ is about the standard library and the tools, which are no crates.
  const bool is_crate = document.path.find("rust/" + std::string(package) + "/") == std::string_view::npos ||
                        document.path.find("crates/") != std::string_view::npos;
  AdvisoryRecord record = record_for(is_crate ? "cargo" : "rust");
  record.id = vulnerability.id;
  record.record = id;
  record.aliases = vulnerability.aliases;
  record.package = package;
  record.note = platforms(root);
  // "unmaintained", "notice" and "unsound" warn of what is no vulnerability yet.
  if (const std::string_view kind = advisory.string_or("informational", {}); !kind.empty()) {
    if (kind != "unsound") vulnerability.severity = Severity::kNegligible;
    record.note = fmt::format("informational: {}{}{}", kind, record.note.empty() ? "" : "; ", record.note);
  }
  if (vulnerability.severity != Severity::kUnknown) vulnerability.severity_source = "rustsec";
  record.severity = vulnerability.severity;

  TRY_ASSIGN(const VersionSet patched, requirements(versions, "patched"));
  TRY_ASSIGN(const VersionSet unaffected, requirements(versions, "unaffected"));
  TRY(add_with_ranges(record, patched.unite(unaffected).complement().ranges(), !patched.empty(), sink));
  TRY(sink.add(std::move(vulnerability)));
  return info;
}

bool recognises(const DocumentHead& head) {
  return head.path.ends_with(".md") && trim(head.text).starts_with(kFence) &&
         head.text.find("[advisory]") != std::string_view::npos;
}

constexpr std::array kDownloads = {
    Download{"cargo", "https://github.com/rustsec/advisory-db/archive/refs/heads/main.tar.gz"},
};
constexpr std::array<std::string_view, 2> kEcosystems = {"cargo", "rust"};

constexpr Feed kFeed = {
    .name = "rustsec",
    .title = "RustSec advisory database",
    .publisher = "RustSec",
    .licence = "CC0-1.0",
    .attribution = "",
    .may_be_shipped = true,
    .downloads = kDownloads,
    .ecosystems = kEcosystems,
    .recognises = recognises,
    .parse = parse,
};

}  // namespace

extern const std::span<const Feed> rustsec;
const std::span<const Feed> rustsec(&kFeed, 1);

}  // namespace bulkhead::advisory::feeds
