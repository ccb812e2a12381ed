#include "cli/databases.h"

#include <cstdio>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/update.h"
#include "base/text.h"
#include "cli/environment.h"

namespace bulkhead::cli {

advisory::StorePaths store_paths(const std::string& named, const std::string& cache_dir) {
  namespace fs = std::filesystem;
  advisory::StorePaths paths{.named = named, .cache_dir = cache_directory(cache_dir), .snapshot_dirs = {}};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path folder = program.parent_path();
    paths.snapshot_dirs.push_back((folder.parent_path() / "share/bulkhead").string());
    // build/<preset>/bin/bulkhead
    const fs::path source = folder.parent_path().parent_path().parent_path();
    if (fs::exists(source / "CMakePresets.json", error)) paths.snapshot_dirs.push_back((source / "data").string());
  }
  paths.snapshot_dirs.emplace_back("/usr/share/bulkhead");
  return paths;
}

std::string feeds_directory(const std::string& chosen, const std::string& cache_dir) {
  return chosen.empty() ? cache_directory(cache_dir) + "/feeds" : chosen;
}

void remember_what_was_met(const scan::ScanResult& result, const ImageArguments& arguments) {
  if (arguments.offline || arguments.no_cache) return;
  std::set<std::string> met;
  if (auto key = advisory::ecosystem_key(result.image.os)) met.insert(*std::move(key));
  for (const inventory::Package& package : result.packages) {
    if (auto key = advisory::ecosystem_key(package.type)) met.insert(*std::move(key));
  }
  if (met.empty()) return;
  (void)advisory::remember_ecosystems(feeds_directory({}, arguments.cache_dir), {met.begin(), met.end()});
}

std::string one_line(const Error& error) {
  std::string text = printable(error.to_string());
  if (!error.remedy().empty()) text += fmt::format(" ({})", printable(error.remedy()));
  return text;
}

void print_left_out(std::span<const advisory::FailedDocument> failed, uint64_t failures) {
  for (const advisory::FailedDocument& document : failed) {
    fmt::print(stderr, "warning: {}: left out: {}\n", printable(document.path), one_line(document.error));
  }
  if (failures > failed.size()) {
    fmt::print(stderr, "warning: {} more documents were left out\n", failures - failed.size());
  }
}

}  // namespace bulkhead::cli
