// SARIF 2.1.0 (OASIS): a run for each image, a rule for each vulnerability, a result for each finding. What GitHub's
// code scanning asks for beyond it ("SARIF support for code scanning"): a category for each run (automationDetails.id),
// the rule property "security-severity", help texts, descriptions of at most 1,024 characters, whole regions, and the
// fingerprint primaryLocationLineHash, the only one that it tells repeated results by.
#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "report/renderers.h"

namespace bulkhead::report {
namespace {

using advisory::Finding;
using advisory::Severity;
using json::Writer;
using scan::ScanResult;

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
    case Severity::kHigh:
      return "error";
    case Severity::kMedium:
      return "warning";
    case Severity::kLow:
    case Severity::kNegligible:
    case Severity::kUnknown:
      return "note";
  }
  return "note";
}

struct Band {
  double least;
  double most;
};

// The scores that services show as this severity; nothing for one that nobody knows.
std::optional<Band> band_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return Band{9.0, 10.0};
    case Severity::kHigh:
      return Band{7.0, 8.9};
    case Severity::kMedium:
      return Band{4.0, 6.9};
    case Severity::kLow:
    case Severity::kNegligible:
      return Band{0.1, 3.9};
    case Severity::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

// The score that services sort by and make their own severity of. Ours stands: the score of whoever rated it, else the
// highest, is moved into its band.
std::optional<double> score_of(const Finding& finding) {
  const auto band = band_of(finding.severity);
  if (!band) return std::nullopt;
  double score = 0;
  for (const advisory::Cvss& cvss : finding.cvss) score = std::max(score, cvss.score);
  const auto rated = std::ranges::find(finding.cvss, finding.severity_source, &advisory::Cvss::source);
  if (rated != finding.cvss.end() && rated->score > 0) score = rated->score;
  if (!(score > 0)) return (band->least + band->most) / 2;
  return std::clamp(score, band->least, band->most);
}

// At most as many characters as services take of a description.
std::string limited(std::string_view text) {
  constexpr size_t kMaxCharacters = 1024;
  size_t characters = 0;
  size_t cut = 0;  // where the text ends when it is too long: before its last allowed character
  for (size_t i = 0; i < text.size(); ++characters) {
    if (characters == kMaxCharacters - 1) cut = i;
    if (characters == kMaxCharacters) return std::string(text.substr(0, cut)) + "…";
    i += std::max<size_t>(utf8_sequence_length(text.substr(i)), 1);
  }
  return std::string(text);
}

void text_member(Writer& w, std::string_view name, std::string_view text) {
  w.key(name);
  w.begin_object();
  w.member("text", text);
  w.end_object();
}

std::string summary_of(const Finding& finding) {
  if (finding.details && !finding.details->title.empty()) return finding.details->title;
  return fmt::format("{} ({})", finding.id, advisory::severity_name(finding.severity));
}

std::string remedy_of(const Finding& finding) {
  if (finding.fixed_version.empty()) {
    return fmt::format("No fixed version is known ({}).", status_text(finding.status));
  }
  return fmt::format("Upgrade to {}{}.", finding.fixed_version,
                     finding.fixed_in.empty() ? "" : fmt::format(" ({})", finding.fixed_in));
}

// Text of an advisory in a Markdown document: nothing of it may become a link, an image or markup.
std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>()#!|&~").contains(c)) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

void write_help(Writer& w, const ScanResult& result, const Finding& finding) {
  const inventory::Package& package = result.packages[finding.package];
  const std::pair<std::string_view, std::string> facts[] = {
      {"Vulnerability", finding.id},
      {"Severity", fmt::format("{}{}", advisory::severity_name(finding.severity),
                               finding.severity_source.empty() ? "" : " (" + finding.severity_source + ")")},
      {"Package", fmt::format("{} {}", package.name, package.version)},
      {"What to do", remedy_of(finding)},
      {"Evidence", fmt::format("{}: {}", finding.evidence.feed, finding.evidence.record)},
  };
  std::string text = fmt::format("{}\n", summary_of(finding));
  std::string markdown = fmt::format("{}\n\n", markdown_escaped(summary_of(finding)));
  for (const auto& [name, value] : facts) {
    text += fmt::format("{}: {}\n", name, value);
    markdown += fmt::format("- **{}**: {}\n", name, markdown_escaped(value));
  }
  if (finding.details) {
    for (const std::string& reference : finding.details->references) {
      text += fmt::format("Reference: {}\n", reference);
      markdown += fmt::format("- {}\n", markdown_escaped(reference));
    }
  }
  w.key("help");
  w.begin_object();
  w.member("text", text);
  w.member("markdown", markdown);
  w.end_object();
}

void write_rule(Writer& w, const ScanResult& result, const Finding& finding) {
  w.begin_object();
  w.member("id", finding.id);
  text_member(w, "shortDescription", limited(summary_of(finding)));
  text_member(w, "fullDescription",
              limited(finding.details && !finding.details->description.empty() ? finding.details->description
                                                                               : summary_of(finding)));
  if (finding.id.starts_with("CVE-"))
    w.member("helpUri", fmt::format("https://www.cve.org/CVERecord?id={}", finding.id));
  write_help(w, result, finding);
  w.key("defaultConfiguration");
  w.begin_object();
  w.member("level", level_of(finding.severity));
  w.end_object();
  w.key("properties");
  w.begin_object();
  if (const auto score = score_of(finding)) w.member("security-severity", fmt::format("{:.1f}", *score));
  w.key("tags");
  w.begin_array();
  w.string("security");
  w.string("vulnerability");
  w.string(advisory::severity_name(finding.severity));
  w.end_array();
  w.end_object();
  w.end_object();
}

// Paths of an image are any bytes; a URI is not (RFC 3986, path characters).
std::string uri_path(std::string_view path) {
  std::string uri;
  for (const char c : path) {
    if (is_alnum(c) || std::string_view("/._-~").contains(c)) {
      uri.push_back(c);
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

// Without the version: the finding stays the same one when the package is upgraded and still vulnerable.
std::string_view without_version(std::string_view purl) {
  return purl.substr(0, purl.substr(0, purl.find('?')).rfind('@'));
}

// What tells a result from the others of its run, from one scan to the next: a hash, and how many before it had the
// same (two installed versions of one package).
class Fingerprints {
 public:
  std::string next(std::string_view id, std::string_view purl, std::string_view location) {
    const std::string hash =
        Digest::sha256_of(as_bytes(fmt::format("{}|{}|{}", id, without_version(purl), location))).hex().substr(0, 16);
    return fmt::format("{}:{}", hash, ++seen_[hash]);
  }

 private:
  std::map<std::string, size_t> seen_;
};

void write_result(Writer& w, const ScanResult& result, const Finding& finding, size_t rule,
                  Fingerprints& fingerprints) {
  const inventory::Package& package = result.packages[finding.package];
  const std::string location = uri_path(package.locations.empty() ? package.name : package.locations.front());
  w.begin_object();
  w.member("ruleId", finding.id);
  w.key("ruleIndex");
  w.unsigned_integer(rule);
  w.member("level", level_of(finding.severity));
  text_member(w, "message",
              fmt::format("{}: {} {} in {} is affected ({}). {}", finding.id, package.name, package.version,
                          result.image.reference, advisory::severity_name(finding.severity), remedy_of(finding)));
  w.key("locations");
  w.begin_array();
  w.begin_object();
  w.key("physicalLocation");
  w.begin_object();
  w.key("artifactLocation");
  w.begin_object();
  w.member("uri", location);
  w.member("uriBaseId", "IMAGE");
  w.end_object();
  w.key("region");
  w.begin_object();
  for (const std::string_view name : {"startLine", "startColumn", "endLine", "endColumn"}) {
    w.key(name);
    w.integer(1);
  }
  w.end_object();
  w.end_object();
  w.key("logicalLocations");
  w.begin_array();
  w.begin_object();
  w.member("fullyQualifiedName", result.purls[finding.package]);
  w.member("kind", "package");
  w.end_object();
  w.end_array();
  w.end_object();
  w.end_array();
  w.key("partialFingerprints");
  w.begin_object();
  w.member("primaryLocationLineHash", fingerprints.next(finding.id, result.purls[finding.package], location));
  w.end_object();
  w.end_object();
}

void write_invocation(Writer& w, const ScanResult& result) {
  w.key("invocations");
  w.begin_array();
  w.begin_object();
  w.member("executionSuccessful", true);
  w.key("toolExecutionNotifications");
  w.begin_array();
  const auto notify = [&](std::string_view text) {
    w.begin_object();
    w.member("level", "warning");
    text_member(w, "message", text);
    w.end_object();
  };
  for (const scan::Warning& warning : result.warnings) notify(warning_text(warning));
  if (!scan::not_judged(result).empty()) notify(fmt::format("not judged: {}", scan::not_judged(result)));
  w.end_array();
  w.end_object();
  w.end_array();
}

void write_properties(Writer& w, const ScanResult& result) {
  w.key("properties");
  w.begin_object();
  w.member("image", result.image.reference);
  w.member_if("digest", result.image.digest.to_string());
  w.member_if("conclusion", scan::conclusion(result));
  w.key("feeds");
  w.begin_array();
  for (const advisory::FeedState& feed : result.feeds) w.string(fmt::format("{} ({})", feed.name, feed_state(feed)));
  w.end_array();
  w.end_object();
}

void write_run(Writer& w, const ScanResult& result, const Options& options) {
  std::map<std::string_view, size_t> rules;
  std::vector<const Finding*> order;
  for (const Finding& finding : result.findings) {
    if (rules.emplace(finding.id, order.size()).second) order.push_back(&finding);
  }
  w.begin_object();
  w.key("tool");
  w.begin_object();
  w.key("driver");
  w.begin_object();
  w.member("name", "Bulkhead");
  w.member("version", options.tool_version);
  w.key("rules");
  w.begin_array();
  for (const Finding* finding : order) write_rule(w, result, *finding);
  w.end_array();
  w.end_object();
  w.end_object();
  w.key("automationDetails");
  w.begin_object();
  w.member("id", fmt::format("bulkhead/{}/", result.image.reference));
  w.end_object();
  write_invocation(w, result);
  w.key("originalUriBaseIds");
  w.begin_object();
  w.key("IMAGE");
  w.begin_object();
  text_member(w, "description",
              fmt::format("the root of {} {}", result.image.reference, result.image.digest.to_string()));
  w.end_object();
  w.end_object();
  w.key("results");
  w.begin_array();
  Fingerprints fingerprints;
  for (const Finding& finding : result.findings) {
    write_result(w, result, finding, rules.at(finding.id), fingerprints);
  }
  w.end_array();
  w.key("columnKind");
  w.string("utf16CodeUnits");
  write_properties(w, result);
  w.end_object();
}

}  // namespace

Result<std::string> render_sarif(std::span<const ScanResult> results, const Options& options) {
  Writer w;
  w.begin_object();
  w.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  w.member("version", "2.1.0");
  w.key("runs");
  w.begin_array();
  for (const ScanResult& result : results) write_run(w, result, options);
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

}  // namespace bulkhead::report
