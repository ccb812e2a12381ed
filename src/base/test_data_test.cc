#include "base/test_data.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace bulkhead {
namespace {

// The environment of the tests of this process, put back at the end.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;  // NOLINT(concurrency-mt-unsafe)
    set(value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      unsetenv(name_);  // NOLINT(concurrency-mt-unsafe)
    } else {
      setenv(name_, value, 1);  // NOLINT(concurrency-mt-unsafe)
    }
  }
  const char* name_;
  std::optional<std::string> before_;
};

void needs_data() {
  BULKHEAD_NEED_TEST_DATA();
}

void needs_a_tool() {
  BULKHEAD_NEED(1 + 1 == 3, "no such tool");
}

TEST(TestData, ThatIsAbsentFailsTheTestUnderContinuousIntegration) {
  const Environment data("BULKHEAD_TEST_DATA", "/nowhere");
  for (const char* set : {"true", "1", "yes"}) {
    const Environment ci("CI", set);
    EXPECT_TRUE(skipping_is_failing()) << set;
    EXPECT_FATAL_FAILURE(needs_data(), "set BULKHEAD_TEST_DATA");
    EXPECT_FATAL_FAILURE(needs_a_tool(), "no such tool");
  }
}

TEST(TestData, ThatIsAbsentSkipsTheTestElsewhere) {
  for (const char* set : {"", "0", "false"}) {
    const Environment ci("CI", set);
    EXPECT_FALSE(skipping_is_failing()) << set;
  }
  const Environment ci("CI", nullptr);
  EXPECT_FALSE(skipping_is_failing());
  const Environment data("BULKHEAD_TEST_DATA", "/nowhere");
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    needs_data();
    needs_a_tool();
  }
  ASSERT_EQ(results.size(), 2);
  for (int i = 0; i < results.size(); ++i) EXPECT_TRUE(results.GetTestPartResult(i).skipped());
}

}  // namespace
}  // namespace bulkhead
