#include "cli/databases.h"

#include <filesystem>

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

}  // namespace bulkhead::cli
