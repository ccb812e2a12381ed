// bulkhead: from arguments to an exit code. 0: done; 1: an error of the program or its input; 2: a threshold was met;
// 130: stopped by a signal.
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mapping_guard.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace bulkhead::cli {
namespace {

void print_error(const Error& error) {
  fmt::print(stderr, "{}", error_text(error, wants_color(STDERR_FILENO)));
}

int run(int argc, const char* const* argv) {
  Interrupts interrupts;
  interrupts.watch();
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto line = parse_command_line(words, commands());
  if (!line) {
    print_error(line.error());
    return kFailure;
  }
  if (!line->command) {
    const Status written = write_standard_output(line->text);
    if (!written) print_error(written.error());
    return written ? kSuccess : kFailure;
  }
  const Result<int> exit_code = line->command->run(interrupts);
  if (exit_code) return *exit_code;
  if (exit_code.error().code() == Code::kCancelled && interrupts.requested()) return kStopped;
  print_error(exit_code.error());
  return kFailure;
}

}  // namespace
}  // namespace bulkhead::cli

int main(int argc, char** argv) {
  // Credentials of registries are in memory: no core file may carry them off.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGPIPE, SIG_IGN);
  bulkhead::guard_mappings();
  try {
    return bulkhead::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("bulkhead: out of memory\n", stderr);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bulkhead: internal error: {}\n", error.what());
  }
  return bulkhead::cli::kFailure;
}
