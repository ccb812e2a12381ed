#include "cli/reports.h"

#include <algorithm>

#include "cli/environment.h"
#include "cli/terminal.h"

namespace bulkhead::cli {

Result<Reports> Reports::create(const OutputFlags& flags) {
  Reports reports;
  std::vector<std::string> files;
  for (const OutputArgument& output : flags.outputs) {
    reports.formats_.push_back(output.format);
    files.push_back(output.file);
  }
  TRY_ASSIGN(reports.targets_, find_outputs(files));
  return reports;
}

Status Reports::write(std::span<const scan::ScanResult> results, report::Options options,
                      const std::stop_token& stop) const {
  options.tool_version = BULKHEAD_VERSION;
  options.created = source_date();
  const auto render = [&](std::string_view name, bool color, unsigned width) -> Result<std::string> {
    options.color = color;
    options.width = width;
    TRY_ASSIGN(const report::Format* const format, report::find_format(name));
    return format->render(results, options);
  };
  return write_all(render, stop);
}

Status Reports::write(std::span<const audit::AuditResult> results, report::AuditOptions options,
                      const std::stop_token& stop) const {
  options.tool_version = BULKHEAD_VERSION;
  const auto render = [&](std::string_view name, bool color, unsigned width) {
    options.color = color;
    options.width = width;
    // The flag takes no other names.
    return std::ranges::find(report::audit_formats(), name, &report::AuditFormat::name)->render(results, options);
  };
  return write_all(render, stop);
}

Status Reports::write_all(const Render& render, const std::stop_token& stop) const {
  std::vector<std::string> texts;
  for (size_t i = 0; i < formats_.size(); ++i) {
    const int descriptor = targets_[i].descriptor;
    TRY_ASSIGN(std::string text, render(formats_[i], descriptor >= 0 && wants_color(descriptor),
                                        descriptor >= 0 ? terminal_width(descriptor) : 0));
    texts.push_back(std::move(text));
  }
  for (size_t i = 0; i < texts.size(); ++i) TRY(write_output(targets_[i], texts[i], stop));
  return {};
}

}  // namespace bulkhead::cli
