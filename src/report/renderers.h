// The formats that are more than a template; see formats.cc for the table of all.
#pragma once

#include <span>
#include <string>

#include "report/report.h"
#include "sbom/sbom.h"

namespace bulkhead::report {

Result<std::string> render_table(std::span<const scan::ScanResult> results, const Options& options);
Result<std::string> render_junit(std::span<const scan::ScanResult> results, const Options& options);
Result<std::string> render_sarif(std::span<const scan::ScanResult> results, const Options& options);
Result<std::string> render_cyclonedx(std::span<const scan::ScanResult> results, const Options& options);
Result<std::string> render_spdx(std::span<const scan::ScanResult> results, const Options& options);

// The result as a bill of materials; with its vulnerabilities when asked.
sbom::Bom to_bom(const scan::ScanResult& result, const Options& options, bool with_vulnerabilities);

// A status in words for people. "fixed" in JSON means that the publisher has a fix, not that the image has it.
std::string status_text(advisory::AdvisoryStatus status);
// How current a feed is: "2026-11-22", "2025-08-25, stale", "missing".
std::string feed_state(const advisory::FeedState& feed);

}  // namespace bulkhead::report
