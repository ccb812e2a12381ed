// Runs another program to its end: no shell, input from memory, output into memory, bounded in time and size.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead {

struct ProcessOptions {
  std::vector<std::string> arguments;  // the program (searched in $PATH when it has no slash) and its arguments
  std::string_view input;              // its standard input; only read while run_process() runs
  std::chrono::milliseconds timeout{30'000};
  size_t max_output_bytes = size_t{1} << 20;  // of standard output, and again of standard error
  std::stop_token stop;
};

struct ProcessResult {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string output;
  std::string error_output;
};

// The program inherits the environment and no descriptor but 0 to 2. It runs in a process group of its own, which is
// killed as a whole when the time is over (kDeadlineExceeded), the output too large (kLimitExceeded) or a stop is
// requested (kCancelled). kNotFound when there is no such program. A program that exits with an error is a
// ProcessResult, not an Error. Errors name the program, never its input or output. Thread-safe.
Result<ProcessResult> run_process(const ProcessOptions& options);

}  // namespace bulkhead
