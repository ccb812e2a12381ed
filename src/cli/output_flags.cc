#include "cli/output_flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::cli {

void OutputFlags::declare(Flags& flags, std::vector<Choice> formats, const std::string& preset) {
  // An example that the command takes: JSON where it has it.
  const bool has_json = std::ranges::find(formats, "json", &Choice::name) != formats.end();
  const std::string example = has_json ? "json" : preset;
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
  flags.add(
      {.names = "-o,--output",
       .value = "FORMAT[=FILE]",
       .help = fmt::format("a format, and the file it goes to: {}=report.json; may be given several times", example),
       .choices = std::move(formats),
       .form = Option::Form::kWithFile,
       .repeats = true},
      [this, example](std::string_view value) -> Status {
        const size_t equals = value.find('=');
        OutputArgument output{std::string(value.substr(0, equals)), {}};
        if (equals != std::string_view::npos) {
          output.file = value.substr(equals + 1);
          if (output.file.empty()) {
            return fail(Code::kInvalidArgument, fmt::format("\"{}\" names no file", printable(value)),
                        fmt::format("write it as {0}=report.json, or {0}=- for standard output", example));
          }
          if (output.file == "-") output.file.clear();
        }
        outputs.push_back(std::move(output));
        return {};
      });
  flags.check([this, preset, example]() -> Status {
    given = !outputs.empty();
    if (!given) outputs.push_back({preset, {}});
    if (std::ranges::count(outputs, "", &OutputArgument::file) > 1) {
      return fail(Code::kInvalidArgument, "two formats cannot share standard output",
                  fmt::format("give all but one a file: --output {}=report.json", example));
    }
    return {};
  });
}

bool OutputFlags::writes(std::string_view format) const {
  return std::ranges::find(outputs, format, &OutputArgument::format) != outputs.end();
}

}  // namespace bulkhead::cli
