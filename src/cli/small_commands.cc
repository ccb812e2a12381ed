// Commands that need no image and no database.
#include <fmt/format.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "version/compare.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxLinesBytes = size_t{256} << 20;

}  // namespace

Result<int> run_command(const PrintArguments& arguments, const std::stop_token& /*stop*/) {
  TRY(write_standard_output(arguments.text));
  return kSuccess;
}

Result<int> run_command(const VersionCompareArguments& arguments, const std::stop_token& stop) {
  if (!arguments.versions.empty()) {
    TRY(write_standard_output(version::answer_lines(
        arguments.scheme, fmt::format("{}\t{}\n", arguments.versions[0], arguments.versions[1]))));
    return kSuccess;
  }
  TRY_ASSIGN(const auto source, open_file_source("-", stop));
  TRY_ASSIGN(const std::string input, read_all(*source, kMaxLinesBytes, "standard input"));
  TRY(write_standard_output(version::answer_lines(arguments.scheme, input)));
  return kSuccess;
}

}  // namespace bulkhead::cli
