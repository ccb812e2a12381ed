// SARIF 2.1.0 (OASIS): a run for each image, a rule for each vulnerability, a result for each finding. Code-scanning
// services sort by the rule property "security-severity" and tell repeated results by partialFingerprints.
#include <map>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
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

// The score that services sort by: the best known CVSS score, or the middle of the severity's band.
double score_of(const Finding& finding) {
  double best = 0;
  for (const advisory::Cvss& cvss : finding.cvss) best = cvss.score > best ? cvss.score : best;
  if (best > 0) return best;
  switch (finding.severity) {
    case Severity::kCritical:
      return 9.5;
    case Severity::kHigh:
      return 8.0;
    case Severity::kMedium:
      return 5.5;
    case Severity::kLow:
      return 2.0;
    case Severity::kNegligible:
      return 0.5;
    case Severity::kUnknown:
      return 0.0;
  }
  return 0;
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

void write_rule(Writer& w, const Finding& finding) {
  w.begin_object();
  w.member("id", finding.id);
  text_member(w, "shortDescription", summary_of(finding));
  text_member(
      w, "fullDescription",
      finding.details && !finding.details->description.empty() ? finding.details->description : summary_of(finding));
  if (finding.id.starts_with("CVE-"))
    w.member("helpUri", fmt::format("https://www.cve.org/CVERecord?id={}", finding.id));
  w.key("defaultConfiguration");
  w.begin_object();
  w.member("level", level_of(finding.severity));
  w.end_object();
  w.key("properties");
  w.begin_object();
  w.member("security-severity", fmt::format("{:.1f}", score_of(finding)));
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

void write_result(Writer& w, const ScanResult& result, const Finding& finding, size_t rule) {
  const inventory::Package& package = result.packages[finding.package];
  w.begin_object();
  w.member("ruleId", finding.id);
  w.key("ruleIndex");
  w.unsigned_integer(rule);
  w.member("level", level_of(finding.severity));
  const std::string remedy = finding.fixed_version.empty()
                                 ? fmt::format("No fixed version is known ({}).", advisory::status_name(finding.status))
                                 : fmt::format("Upgrade to {}.", finding.fixed_version);
  text_member(w, "message",
              fmt::format("{}: {} {} in {} is affected ({}). {}", finding.id, package.name, package.version,
                          result.image.reference, advisory::severity_name(finding.severity), remedy));
  w.key("locations");
  w.begin_array();
  w.begin_object();
  w.key("physicalLocation");
  w.begin_object();
  w.key("artifactLocation");
  w.begin_object();
  w.member("uri", uri_path(package.locations.empty() ? package.name : package.locations.front()));
  w.member("uriBaseId", "IMAGE");
  w.end_object();
  w.key("region");
  w.begin_object();
  w.key("startLine");
  w.integer(1);
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
  w.member("bulkhead/v1", fmt::format("{}|{}|{}", finding.id, package.name, inventory::purl_type(package.type)));
  w.end_object();
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
  for (const Finding* finding : order) write_rule(w, *finding);
  w.end_array();
  w.end_object();
  w.end_object();
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
  for (const Finding& finding : result.findings) write_result(w, result, finding, rules.at(finding.id));
  w.end_array();
  w.key("columnKind");
  w.string("utf16CodeUnits");
  w.key("properties");
  w.begin_object();
  w.member("image", result.image.reference);
  w.member_if("digest", result.image.digest.to_string());
  w.end_object();
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
