// The commands: arguments in, exit code out. Errors are printed by main().
#pragma once

#include <stop_token>

#include "base/result.h"
#include "cli/arguments.h"

namespace bulkhead::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kThresholdMet = 2;

Result<int> run_command(const ScanArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const SbomArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const DbUpdateArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const DbBuildArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const DbInfoArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const DbExportArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const DbImportArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const VersionCompareArguments& arguments, const std::stop_token& stop);
Result<int> run_command(const PrintArguments& arguments, const std::stop_token& stop);

}  // namespace bulkhead::cli
