#include <fmt/format.h>

#include "advisory/cvss.h"
#include "report/renderers.h"

namespace bulkhead::report {
namespace {

// CycloneDX has no "negligible".
std::string cyclonedx_severity(advisory::Severity severity) {
  if (severity == advisory::Severity::kNegligible) return "info";
  return std::string(advisory::severity_name(severity));
}

// A score of 0 says that nobody scored it.
advisory::Severity severity_of(const advisory::Cvss& cvss) {
  if (!(cvss.score > 0)) return advisory::Severity::kUnknown;
  return advisory::severity_of_score(cvss.score, !cvss.vector.starts_with("CVSS:"));
}

sbom::Vulnerability to_vulnerability(const scan::ScanResult& result, const advisory::Finding& finding) {
  const inventory::Package& package = result.packages[finding.package];
  sbom::Vulnerability vulnerability;
  vulnerability.id = finding.id;
  vulnerability.source = finding.evidence.feed;
  vulnerability.package = finding.package;
  vulnerability.references = finding.aliases;
  vulnerability.ratings.push_back(
      {.source = finding.severity_source.empty() ? finding.evidence.feed : finding.severity_source,
       .severity = cyclonedx_severity(finding.severity)});
  for (const advisory::Cvss& cvss : finding.cvss) {
    vulnerability.ratings.push_back({.source = cvss.source,
                                     .score = cvss.score,
                                     .severity = cyclonedx_severity(severity_of(cvss)),
                                     .vector = cvss.vector});
  }
  if (finding.details) {
    vulnerability.cwes = finding.details->cwes;
    vulnerability.description =
        finding.details->description.empty() ? finding.details->title : finding.details->description;
  }
  vulnerability.will_not_fix = finding.status == advisory::AdvisoryStatus::kWillNotFix;
  if (!finding.fixed_version.empty()) {
    vulnerability.recommendation = fmt::format("Upgrade {} to {}", package.name, finding.fixed_version);
  }
  return vulnerability;
}

Result<const scan::ScanResult*> only_one(std::span<const scan::ScanResult> results, std::string_view format) {
  if (results.size() == 1) return &results.front();
  return fail(Code::kInvalidArgument,
              fmt::format("{} describes one image, but {} were scanned", format, results.size()),
              "scan the images one at a time");
}

}  // namespace

sbom::Bom to_bom(const scan::ScanResult& result, const Options& options, bool with_vulnerabilities) {
  sbom::Bom bom;
  bom.reference = result.image.reference;
  bom.digest = result.image.digest.to_string();
  bom.created = options.created.empty() ? result.image.created : options.created;
  bom.platform = result.image.platform;
  bom.architecture = result.image.architecture;
  bom.repository = result.image.repository;
  bom.tag = result.image.tag;
  bom.os = result.image.os;
  bom.packages = result.packages;
  bom.purls = result.purls;
  for (const scan::LayerInfo& layer : result.image.layers) bom.layer_ids.push_back(layer.diff_id.to_string());
  bom.tool_version = options.tool_version;
  for (const scan::Warning& warning : result.warnings) bom.warnings.push_back(warning_text(warning));
  for (const advisory::FeedState& feed : result.feeds) {
    bom.feeds.push_back(fmt::format("{} ({})", feed.name, feed_state(feed)));
  }
  if (!with_vulnerabilities) return bom;
  for (const advisory::Finding& finding : result.findings)
    bom.vulnerabilities.push_back(to_vulnerability(result, finding));
  for (const advisory::Suppressed& suppressed : result.suppressed) {
    // Of what was left out, only "the publisher says that it is not affected" is a statement about the package.
    if (suppressed.reason != advisory::Suppression::kNotAffected) continue;
    sbom::Vulnerability vulnerability = to_vulnerability(result, suppressed.finding);
    vulnerability.not_affected = true;
    vulnerability.analysis_detail = suppressed.detail;
    bom.vulnerabilities.push_back(std::move(vulnerability));
  }
  return bom;
}

Result<std::string> render_cyclonedx(std::span<const scan::ScanResult> results, const Options& options) {
  TRY_ASSIGN(const scan::ScanResult* const result, only_one(results, "a CycloneDX document"));
  return sbom::write_cyclonedx(to_bom(*result, options, true));
}

Result<std::string> render_spdx(std::span<const scan::ScanResult> results, const Options& options) {
  TRY_ASSIGN(const scan::ScanResult* const result, only_one(results, "an SPDX document"));
  return sbom::write_spdx(to_bom(*result, options, false));
}

}  // namespace bulkhead::report
