#include "cli/reports.h"

#include <algorithm>
#include <utility>

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
  const auto render = [&](std::string_view name, bool color, unsigned width) -> Result<Ready> {
    options.color = color;
    options.width = width;
    TRY_ASSIGN(const report::Format* const format, report::find_format(name));
    TRY_ASSIGN(std::string text, format->render(results, options));
    return ready(std::move(text));
  };
  return write_all(render, stop);
}

Status Reports::write(std::span<const audit::AuditResult> results, report::AuditOptions options,
                      const std::stop_token& stop) const {
  options.tool_version = BULKHEAD_VERSION;
  const auto render = [&](std::string_view name, bool color, unsigned width) -> Result<Ready> {
    options.color = color;
    options.width = width;
    // The flag takes no other names.
    const auto format = std::ranges::find(report::audit_formats(), name, &report::AuditFormat::name);
    if (format->is_stream) {
      return [&results, options, format](const WritePiece& out) { return format->write(results, options, out); };
    }
    TRY_ASSIGN(std::string text, format->render(results, options));
    return ready(std::move(text));
  };
  return write_all(render, stop);
}

Status Reports::write(const report::VerifyReport& report, const std::stop_token& stop) const {
  const auto render = [&](std::string_view name, bool color, unsigned width) -> Result<Ready> {
    const auto format = std::ranges::find(report::verify_formats(), name, &report::VerifyFormat::name);
    return ready(format->render(report, {.color = color, .width = width, .tool_version = BULKHEAD_VERSION}));
  };
  return write_all(render, stop);
}

Status Reports::write(std::span<const report::JudgedObject> objects, const policy::Bundle& bundle,
                      const std::stop_token& stop) const {
  const auto render = [&](std::string_view name, bool color, unsigned width) -> Result<Ready> {
    const report::VerdictOptions options{.color = color, .width = width, .tool_version = BULKHEAD_VERSION};
    // The flag takes no other names.
    const auto format = std::ranges::find(report::verdict_formats(), name, &report::VerdictFormat::name);
    return ready(format->render(objects, bundle, options));
  };
  return write_all(render, stop);
}

Reports::Ready Reports::ready(std::string text) {
  return [text = std::move(text)](const WritePiece& out) { return out(text); };
}

Status Reports::write_all(const Render& render, const std::stop_token& stop) const {
  std::vector<Ready> all;
  for (size_t i = 0; i < formats_.size(); ++i) {
    const int descriptor = targets_[i].descriptor;
    TRY_ASSIGN(Ready one, render(formats_[i], descriptor >= 0 && wants_color(descriptor),
                                 descriptor >= 0 ? terminal_width(descriptor) : 0));
    all.push_back(std::move(one));
  }
  for (size_t i = 0; i < all.size(); ++i) TRY(write_output(targets_[i], all[i], stop));
  return {};
}

}  // namespace bulkhead::cli
