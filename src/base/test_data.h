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

// Whether a test that cannot run has failed instead of being skipped: where continuous integration sets CI, nobody
// reads that a test was skipped.
inline bool skipping_is_failing() {
  const char* ci = std::getenv("CI");  // NOLINT(concurrency-mt-unsafe)
  return ci != nullptr && *ci != '\0' && std::string_view(ci) != "false" && std::string_view(ci) != "0";
}

}  // namespace bulkhead

// Ends the test when `condition`, which says that what it needs (a tool, a right, data) is there, does not hold:
// skipped, and failed under CI. `what` says what is missing.
#define BULKHEAD_NEED(condition, what)                                                  \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      if (bulkhead::skipping_is_failing()) FAIL() << (what) << " (CI is set: no skip)"; \
      GTEST_SKIP() << (what);                                                           \
    }                                                                                   \
  } while (false)

// The same for data out of the shared corpus; and for the corpus as a whole: what follows can take *test_data_dir().
#define BULKHEAD_NEED_DATA(condition, what) BULKHEAD_NEED(condition, std::string(what) + ": set BULKHEAD_TEST_DATA")
#define BULKHEAD_NEED_TEST_DATA()                                                                      \
  BULKHEAD_NEED_DATA(bulkhead::test_data_dir() && std::filesystem::exists(*bulkhead::test_data_dir()), \
                     "the shared test data is not here")
