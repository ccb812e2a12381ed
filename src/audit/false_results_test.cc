// Whether each known wrong answer of another tool (testdata/false-results.tsv) has tests that hold ours.
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "audit/catalogue.h"
#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

std::string text_of(const std::string& path) {
  const auto text = read_file(path, 1 << 20);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

std::set<std::string> unit_tests() {
  std::set<std::string> names;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      names.insert(fmt::format("{}.{}", suite.name(), suite.GetTestInfo(j)->name()));
    }
  }
  return names;
}

TEST(FalseResults, HaveTestsThatExistAndNumbersThatChecksHave) {
  const std::string path = testdata_path("false-results.tsv");
  const std::filesystem::path tree =
      std::filesystem::path(path).parent_path().parent_path().parent_path().parent_path();
  std::set<std::string> numbers = {"all"};
  for (const CheckInfo& check : catalogue()) {
    for (const std::string_view number : split(check.cis[0], ' ')) numbers.emplace(number);
  }
  const std::set<std::string> known = unit_tests();
  const std::string text = text_of(path);
  size_t rows = 0;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.starts_with('#') || line.starts_with("number\t")) continue;
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 3U) << line;
    EXPECT_TRUE(numbers.contains(std::string(fields[0]))) << line;
    EXPECT_FALSE(fields[1].empty() || fields[2].empty()) << line;
    for (const std::string_view test : split(fields[2], ' ')) {
      if (const size_t colon = test.find(".py:"); colon != std::string_view::npos) {
        const std::string script = text_of((tree / test.substr(0, colon + 3)).string());
        EXPECT_TRUE(script.contains(test.substr(colon + 4))) << test << " of " << line;
      } else {
        EXPECT_TRUE(known.contains(std::string(test))) << test << " of " << line;
      }
    }
    ++rows;
  }
  EXPECT_GE(rows, 60U);
}

}  // namespace
}  // namespace bulkhead::audit
