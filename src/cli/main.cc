// bulkhead: from arguments to an exit code. 0: done; 1: an error of the program or its input; 2: a threshold was met;
// 130: stopped by a signal.
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <thread>

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace bulkhead::cli {
namespace {

constexpr int kStopped = 130;

void print_error(const Error& error) {
  fmt::print(stderr, "{}", error_text(error, wants_color(STDERR_FILENO)));
}

// Turns the first SIGINT or SIGTERM into a stop request, so that work ends in order; the second one ends the program.
void watch_signals(std::stop_source stop) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set, stop = std::move(stop)]() mutable {
    int signal = 0;
    if (sigwait(&set, &signal) == 0) stop.request_stop();
    if (sigwait(&set, &signal) == 0) _exit(kStopped);
  }).detach();
}

int run(int argc, const char* const* argv) {
  const auto arguments = parse_arguments(argc, argv);
  if (!arguments) {
    print_error(arguments.error());
    return kFailure;
  }
  std::stop_source stop;
  watch_signals(stop);
  const Result<int> exit_code =
      std::visit([&](const auto& command) { return run_command(command, stop.get_token()); }, *arguments);
  if (exit_code) return *exit_code;
  if (exit_code.error().code() == Code::kCancelled && stop.stop_requested()) return kStopped;
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
  try {
    return bulkhead::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("bulkhead: out of memory\n", stderr);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bulkhead: internal error: {}\n", error.what());
  }
  return bulkhead::cli::kFailure;
}
