#include <algorithm>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "report/html_template.h"
#include "report/json_report.h"
#include "report/renderers.h"
#include "report/report.h"

namespace bulkhead::report {
namespace {

using scan::ScanResult;

Result<std::string> render_json(std::span<const ScanResult> results, const Options& options) {
  json::Writer w;
  const bool several = results.size() != 1;
  if (several) w.begin_array();
  for (const ScanResult& result : results) write_json(w, result, options.tool_version);
  if (several) w.end_array();
  return std::move(w).take();
}

Result<std::string> render_through(std::string_view text, std::span<const ScanResult> results, const Options& options) {
  return render_over(text, template_document(results, options.tool_version));
}

Result<std::string> render_html(std::span<const ScanResult> results, const Options& options) {
  return render_through(kHtmlTemplate, results, options);
}

Result<std::string> render_template(std::span<const ScanResult> results, const Options& options) {
  if (options.template_text.empty()) {
    return fail(Code::kInvalidArgument, "the format \"template\" needs a template", "name one with --template FILE");
  }
  return render_through(options.template_text, results, options);
}

constexpr Format kFormats[] = {
    {"table", "for people: worst first, grouped by package, with what to change", render_table},
    {"json", "everything, by docs/schemas/scan-report.schema.json", render_json},
    {"sarif", "SARIF 2.1.0, for code-scanning services", render_sarif},
    {"cyclonedx", "CycloneDX 1.6 with vulnerabilities", render_cyclonedx},
    {"spdx", "SPDX 2.3, packages only", render_spdx},
    {"junit", "JUnit XML, a failed test for each finding", render_junit},
    {"html", "one self-contained page", render_html},
    {"template", "your own Mustache template over the JSON report (--template FILE)", render_template},
};

}  // namespace

std::string status_text(advisory::AdvisoryStatus status) {
  if (status == advisory::AdvisoryStatus::kFixed) return "fix available";
  std::string text(advisory::status_name(status));
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string feed_state(const advisory::FeedState& feed) {
  if (feed.missing) return "missing";
  return fmt::format("{}{}{}", feed.date.empty() ? "no date" : feed.date.substr(0, 10), feed.stale ? ", stale" : "",
                     feed.incomplete.empty() ? "" : ", incomplete");
}

std::span<const Format> formats() {
  return kFormats;
}

Result<const Format*> find_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name, &Format::name);
  if (found != std::end(kFormats)) return &*found;
  std::string names;
  for (const Format& format : kFormats) names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  return fail(Code::kInvalidArgument, fmt::format("unknown format \"{}\"", name),
              fmt::format("choose one of {}", names));
}

}  // namespace bulkhead::report
