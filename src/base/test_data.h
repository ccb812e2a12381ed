// Where tests find the shared corpus of real feeds, package databases and version vectors. For tests only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead {

// $BULKHEAD_TEST_DATA, else the first `shared/data` found beside a parent of this source tree; nothing when there is
// none. Tests ask through BULKHEAD_NEED_TEST_DATA.
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

// Whether a test that lacks its data has failed instead of being skipped: where continuous integration sets CI, nobody
// reads that a test was skipped.
inline bool test_data_is_required() {
  const char* ci = std::getenv("CI");  // NOLINT(concurrency-mt-unsafe)
  return ci != nullptr && *ci != '\0' && std::string_view(ci) != "false" && std::string_view(ci) != "0";
}

}  // namespace bulkhead

// Ends the test when `condition`, which says that its data is there, does not hold: skipped, and failed under CI.
#define BULKHEAD_NEED_DATA(condition, what)                                                              \
  do {                                                                                                   \
    if (!(condition)) {                                                                                  \
      if (bulkhead::test_data_is_required()) FAIL() << (what) << ": set BULKHEAD_TEST_DATA (CI is set)"; \
      GTEST_SKIP() << (what) << ": set BULKHEAD_TEST_DATA";                                              \
    }                                                                                                    \
  } while (false)

// The same for the corpus as a whole: what follows can take *test_data_dir().
#define BULKHEAD_NEED_TEST_DATA()                                                                      \
  BULKHEAD_NEED_DATA(bulkhead::test_data_dir() && std::filesystem::exists(*bulkhead::test_data_dir()), \
                     "the shared test data is not here")
