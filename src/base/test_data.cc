#include "base/test_data.h"

#include <cstdlib>
#include <filesystem>

namespace bulkhead {

namespace fs = std::filesystem;

std::optional<std::string> test_data_dir() {
  const char* named = std::getenv("BULKHEAD_TEST_DATA");  // NOLINT(concurrency-mt-unsafe): tests set no variables
  if (named != nullptr && *named != '\0') return named;
  std::error_code error;
  for (fs::path folder = fs::path(BULKHEAD_SOURCE_DIR); folder.has_relative_path(); folder = folder.parent_path()) {
    if (const fs::path data = folder / "shared" / "data"; fs::exists(data / "SOURCES.tsv", error)) return data.string();
  }
  return std::nullopt;
}

std::string testdata_of(std::string_view folder, std::string_view name) {
  return (fs::path(BULKHEAD_SOURCE_DIR) / "src" / folder / "testdata" / name).string();
}

}  // namespace bulkhead
