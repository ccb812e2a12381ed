// SARIF of scans: a run for each image, a rule for each vulnerability, a result for each finding.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/renderers.h"
#include "report/sarif_document.h"

namespace bulkhead::report {
namespace {

using advisory::Finding;
using scan::ScanResult;

// That of whoever rated it, else the highest.
double score_of(const Finding& finding) {
  const auto rated = std::ranges::find(finding.cvss, finding.severity_source, &advisory::Cvss::source);
  if (rated != finding.cvss.end() && rated->score > 0) return rated->score;
  double score = 0;
  for (const advisory::Cvss& cvss : finding.cvss) score = std::max(score, cvss.score);
  return score;
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

SarifRule rule_of(const ScanResult& result, const Finding& finding) {
  const inventory::Package& package = result.packages[finding.package];
  SarifRule rule{
      .id = finding.id,
      .summary = summary_of(finding),
      .description = finding.details ? finding.details->description : "",
      .help_uri = finding.id.starts_with("CVE-") ? fmt::format("https://www.cve.org/CVERecord?id={}", finding.id) : "",
      .severity = finding.severity,
      .score = score_of(finding),
      .tags = {"vulnerability"}};
  const std::pair<std::string_view, std::string> facts[] = {
      {"Vulnerability", finding.id},
      {"Severity", fmt::format("{}{}", advisory::severity_name(finding.severity),
                               finding.severity_source.empty() ? "" : " (" + finding.severity_source + ")")},
      {"Package", fmt::format("{} {}", package.name, package.version)},
      {"What to do", remedy_of(finding)},
      {"Evidence", fmt::format("{}: {}", finding.evidence.feed, finding.evidence.record)},
  };
  set_sarif_help(rule, facts);
  if (!finding.details) return rule;
  for (const std::string& reference : finding.details->references) {
    rule.help += fmt::format("Reference: {}\n", reference);
    rule.help_markdown += fmt::format("- {}\n", markdown_escaped(reference));
  }
  return rule;
}

// Without the version: the finding stays the same one when the package is upgraded and still vulnerable.
std::string_view without_version(std::string_view purl) {
  return purl.substr(0, purl.substr(0, purl.find('?')).rfind('@'));
}

SarifResult result_of(const ScanResult& result, const Finding& finding, size_t rule, Fingerprints& fingerprints) {
  const inventory::Package& package = result.packages[finding.package];
  SarifResult one{
      .rule = rule,
      .severity = finding.severity,
      .message = fmt::format("{}: {} {} in {} is affected ({}). {}", finding.id, package.name, package.version,
                             result.image.reference, advisory::severity_name(finding.severity), remedy_of(finding)),
      .path = package.locations.empty() ? package.name : package.locations.front(),
      .logical_name = result.purls[finding.package],
      .logical_kind = "package"};
  one.fingerprint =
      fingerprints.next(fmt::format("{}|{}|{}", finding.id, without_version(one.logical_name), sarif_uri(one.path)));
  return one;
}

std::vector<SarifNotification> notifications_of(const ScanResult& result) {
  std::vector<SarifNotification> all;
  for (const scan::Warning& warning : result.warnings) all.push_back({"warning", warning_text(warning)});
  const std::string open = scan::not_judged(result);
  if (!open.empty()) all.push_back({"warning", fmt::format("not judged: {}", open)});
  return all;
}

void write_properties(json::Writer& w, const ScanResult& result) {
  w.member("image", result.image.reference);
  w.member_if("digest", result.image.digest.to_string());
  w.member_if("conclusion", scan::conclusion(result));
  w.key("feeds");
  w.begin_array();
  for (const advisory::FeedState& feed : result.feeds) w.string(fmt::format("{} ({})", feed.name, feed_state(feed)));
  w.end_array();
}

SarifRun run_of(const ScanResult& result, const Options& options) {
  SarifRun run{
      .tool_version = options.tool_version,
      .category = fmt::format("bulkhead/{}/", result.image.reference),
      .base = "IMAGE",
      .base_description = fmt::format("the root of {} {}", result.image.reference, result.image.digest.to_string()),
      .notifications = notifications_of(result),
      .properties = [&result](json::Writer& w) { write_properties(w, result); }};
  std::map<std::string_view, size_t> rules;
  Fingerprints fingerprints;
  for (const Finding& finding : result.findings) {
    const auto [rule, is_new] = rules.emplace(finding.id, run.rules.size());
    if (is_new) run.rules.push_back(rule_of(result, finding));
    run.results.push_back(result_of(result, finding, rule->second, fingerprints));
  }
  return run;
}

}  // namespace

Result<std::string> render_sarif(std::span<const ScanResult> results, const Options& options) {
  std::vector<SarifRun> runs;
  for (const ScanResult& result : results) runs.push_back(run_of(result, options));
  return sarif_document(runs);
}

}  // namespace bulkhead::report
