// JUnit XML, as Jenkins and GitLab read it (there is no other specification): a suite for each image, a failed case for
// each finding, a skipped one for each warning. An image without findings has one case that says why: passed when it
// was judged, skipped when it was not, since readers fail a suite without cases.
#include <algorithm>

#include <fmt/format.h>

#include "report/mustache.h"
#include "report/renderers.h"

namespace bulkhead::report {
namespace {

using advisory::Finding;
using scan::ScanResult;

struct Suite {
  size_t tests = 0;
  size_t failures = 0;
  size_t skipped = 0;
  std::string cases;
};

// Readers take what stands before the last dot for a folder of suites.
std::string class_name(const ScanResult& result) {
  std::string name = result.image.reference;
  std::ranges::replace(name, '.', '_');
  return "bulkhead." + name;
}

void add_case(Suite& suite, const ScanResult& result, std::string_view name, std::string_view body) {
  suite.cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"{}",
                             markup_escaped(class_name(result)), markup_escaped(name), body.empty() ? "/>\n" : ">\n");
  if (!body.empty()) suite.cases += fmt::format("      {}\n    </testcase>\n", body);
  ++suite.tests;
}

void add_skipped(Suite& suite, const ScanResult& result, std::string_view name, std::string_view message) {
  add_case(suite, result, name, fmt::format("<skipped message=\"{}\"/>", markup_escaped(message)));
  ++suite.skipped;
}

void add_finding(Suite& suite, const ScanResult& result, const Finding& finding) {
  const inventory::Package& package = result.packages[finding.package];
  const std::string subject = fmt::format("{} {}", package.name, package.version);
  std::string message = fmt::format("{} ({}, {}): {}", finding.id, advisory::severity_name(finding.severity),
                                    status_text(finding.status), subject);
  if (!finding.fixed_version.empty()) message += fmt::format(", fixed in {}", finding.fixed_version);
  if (!finding.fixed_in.empty()) message += fmt::format(" ({})", finding.fixed_in);
  std::string details;
  if (finding.details) details = fmt::format("{}\n{}\n", finding.details->title, finding.details->description);
  details += fmt::format("{}: {} ({})", finding.evidence.feed, finding.evidence.record, finding.evidence.rule);
  add_case(suite, result, fmt::format("{} in {}", finding.id, subject),
           fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", advisory::severity_name(finding.severity),
                       markup_escaped(message), markup_escaped(details)));
  ++suite.failures;
}

Suite suite_of(const ScanResult& result) {
  Suite suite;
  for (const Finding& finding : result.findings) add_finding(suite, result, finding);
  for (const scan::Warning& warning : result.warnings) {
    add_skipped(suite, result, "warning: " + warning_text(warning), warning_text(warning));
  }
  if (const std::string conclusion = scan::conclusion(result); !conclusion.empty()) {
    if (scan::not_judged(result).empty()) {
      add_case(suite, result, conclusion, "");
    } else {
      add_skipped(suite, result, conclusion, conclusion);
    }
  }
  return suite;
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", markup_escaped(name), markup_escaped(value));
}

std::string properties_of(const ScanResult& result) {
  const scan::ImageInfo& image = result.image;
  std::string text;
  if (!image.digest.empty()) text += property("digest", image.digest.to_string());
  if (!image.platform.empty()) text += property("platform", image.platform);
  if (image.os.known()) text += property("os", image.os.pretty_name);
  text += property("packages", fmt::format("{}", result.packages.size()));
  for (const advisory::FeedState& feed : result.feeds) text += property("feed:" + feed.name, feed_state(feed));
  return text;
}

}  // namespace

Result<std::string> render_junit(std::span<const ScanResult> results, const Options&) {
  const auto counts = [](const Suite& suite) {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"0\"", suite.tests,
                       suite.failures, suite.skipped);
  };
  Suite all;
  for (const ScanResult& result : results) {
    const Suite suite = suite_of(result);
    all.tests += suite.tests;
    all.failures += suite.failures;
    all.skipped += suite.skipped;
    all.cases += fmt::format("  <testsuite name=\"{}\" {}>\n    <properties>\n{}    </properties>\n{}  </testsuite>\n",
                             markup_escaped(result.image.reference), counts(suite), properties_of(result), suite.cases);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bulkhead scan\" {}>\n{}</testsuites>\n",
      counts(all), all.cases);
}

}  // namespace bulkhead::report
