#include "cli/reports.h"

#include "cli/environment.h"
#include "cli/terminal.h"

namespace bulkhead::cli {

Result<Reports> Reports::create(const OutputFlags& flags) {
  Reports reports;
  std::vector<std::string> files;
  for (const OutputArgument& output : flags.outputs) {
    TRY_ASSIGN(const report::Format* const format, report::find_format(output.format));
    reports.formats_.push_back(format);
    files.push_back(output.file);
  }
  TRY_ASSIGN(reports.targets_, find_outputs(files));
  return reports;
}

Status Reports::write(std::span<const scan::ScanResult> results, report::Options options) const {
  options.tool_version = BULKHEAD_VERSION;
  options.created = source_date();
  std::vector<std::string> texts;
  for (size_t i = 0; i < formats_.size(); ++i) {
    const int descriptor = targets_[i].descriptor;
    options.color = descriptor >= 0 && wants_color(descriptor);
    options.width = descriptor >= 0 ? terminal_width(descriptor) : 0;
    TRY_ASSIGN(std::string text, formats_[i]->render(results, options));
    texts.push_back(std::move(text));
  }
  for (size_t i = 0; i < texts.size(); ++i) TRY(write_output(targets_[i], texts[i]));
  return {};
}

}  // namespace bulkhead::cli
