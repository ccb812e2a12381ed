// JUnit of scans: a suite for each image, a failed case for each finding, a skipped one for each warning. An image
// without findings has one case that says why: passed when it was judged, skipped when it was not.
#include <fmt/format.h>

#include "report/junit_document.h"
#include "report/renderers.h"

namespace bulkhead::report {
namespace {

using advisory::Finding;
using scan::ScanResult;

void add_finding(JunitSuite& suite, const ScanResult& result, const Finding& finding) {
  const inventory::Package& package = result.packages[finding.package];
  const std::string subject = fmt::format("{} {}", package.name, package.version);
  std::string message = fmt::format("{} ({}, {}): {}", finding.id, advisory::severity_name(finding.severity),
                                    status_text(finding.status), subject);
  if (!finding.fixed_version.empty()) message += fmt::format(", fixed in {}", finding.fixed_version);
  if (!finding.fixed_in.empty()) message += fmt::format(" ({})", finding.fixed_in);
  std::string details;
  if (finding.details) details = fmt::format("{}\n{}\n", finding.details->title, finding.details->description);
  details += fmt::format("{}: {} ({})", finding.evidence.feed, finding.evidence.record, finding.evidence.rule);
  suite.failed(fmt::format("{} in {}", finding.id, subject), advisory::severity_name(finding.severity), message,
               details);
}

void add_properties(JunitSuite& suite, const ScanResult& result) {
  const scan::ImageInfo& image = result.image;
  if (!image.digest.empty()) suite.add_property("digest", image.digest.to_string());
  if (!image.platform.empty()) suite.add_property("platform", image.platform);
  if (image.os.known()) suite.add_property("os", image.os.pretty_name);
  suite.add_property("packages", fmt::format("{}", result.packages.size()));
  for (const advisory::FeedState& feed : result.feeds) suite.add_property("feed:" + feed.name, feed_state(feed));
}

JunitSuite suite_of(const ScanResult& result) {
  JunitSuite suite(result.image.reference, result.image.reference);
  add_properties(suite, result);
  for (const Finding& finding : result.findings) add_finding(suite, result, finding);
  for (const scan::Warning& warning : result.warnings) {
    suite.skipped("warning: " + warning_text(warning), warning_text(warning));
  }
  if (const std::string conclusion = scan::conclusion(result); !conclusion.empty()) {
    if (scan::not_judged(result).empty()) {
      suite.passed(conclusion);
    } else {
      suite.skipped(conclusion, conclusion);
    }
  }
  return suite;
}

}  // namespace

Result<std::string> render_junit(std::span<const ScanResult> results, const Options&) {
  std::vector<JunitSuite> suites;
  for (const ScanResult& result : results) suites.push_back(suite_of(result));
  return junit_document("bulkhead scan", suites);
}

}  // namespace bulkhead::report
