// Where tests find their data: the small samples beside the code, and the shared corpus of real feeds, package
// databases and version vectors. For tests only; test_data.cc alone knows where the source tree lies, so that what is
// compiled in one checkout serves another.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead {

// $BULKHEAD_TEST_DATA, else the first `shared/data` found beside a parent of this source tree; nothing when there is
// none. Tests ask through BULKHEAD_NEED_TEST_DATA.
std::optional<std::string> test_data_dir();

// The path of a sample: src/<folder>/testdata/<name>.
std::string testdata_of(std::string_view folder, std::string_view name);

#ifdef BULKHEAD_FOLDER  // in <folder>_test
inline std::string testdata_path(std::string_view name) {
  return testdata_of(BULKHEAD_FOLDER, name);
}
#endif

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
