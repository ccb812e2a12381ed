// Where tests find the shared corpus of real feeds, package databases and version vectors. For tests only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace bulkhead {

// $BULKHEAD_TEST_DATA, else the first `shared/data` found beside a parent of this source tree; nothing when there is
// none: the test must then skip and say so.
inline std::optional<std::string> test_data_dir() {
  namespace fs = std::filesystem;
  if (const char* named = std::getenv("BULKHEAD_TEST_DATA"); named != nullptr && *named != '\0')
    return named;  // NOLINT(concurrency-mt-unsafe)
  std::error_code error;
  for (fs::path folder = fs::path(BULKHEAD_SOURCE_DIR); folder.has_relative_path(); folder = folder.parent_path()) {
    if (const fs::path data = folder / "shared" / "data"; fs::exists(data / "SOURCES.tsv", error)) return data.string();
  }
  return std::nullopt;
}

}  // namespace bulkhead
