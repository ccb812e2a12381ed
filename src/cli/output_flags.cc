#include "cli/output_flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::cli {

void OutputFlags::declare(Flags& flags, std::vector<Choice> formats, const std::string& preset) {
  flags.add({.names = "-f,--format",
             .value = "FORMAT",
             .help = "format on standard output",
             .preset = preset,
             .choices = formats,
             .repeats = true},
            [this](std::string_view value) -> Status {
              outputs.push_back({std::string(value), {}});
              return {};
            });
  flags.add({.names = "-o,--output",
             .value = "FORMAT[=FILE]",
             .help = "a format, and the file it goes to: json=report.json; may be given several times",
             .choices = std::move(formats),
             .form = Option::Form::kWithFile,
             .repeats = true},
            [this](std::string_view value) -> Status {
              const size_t equals = value.find('=');
              OutputArgument output{std::string(value.substr(0, equals)), {}};
              if (equals != std::string_view::npos) {
                output.file = value.substr(equals + 1);
                if (output.file.empty()) {
                  return fail(Code::kInvalidArgument, fmt::format("\"{}\" names no file", printable(value)),
                              "write it as json=report.json, or json=- for standard output");
                }
                if (output.file == "-") output.file.clear();
              }
              outputs.push_back(std::move(output));
              return {};
            });
  flags.check([this, preset]() -> Status {
    given = !outputs.empty();
    if (!given) outputs.push_back({preset, {}});
    if (std::ranges::count(outputs, "", &OutputArgument::file) > 1) {
      return fail(Code::kInvalidArgument, "two formats cannot share standard output",
                  "give all but one a file: --output json=report.json");
    }
    return {};
  });
}

bool OutputFlags::writes(std::string_view format) const {
  return std::ranges::find(outputs, format, &OutputArgument::format) != outputs.end();
}

}  // namespace bulkhead::cli
