#include "advisory/cvss.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

std::string score_text(std::string_view vector) {
  const auto score = cvss_score(vector);
  return score ? fmt::format("{:.1f} {}", score->base, severity_name(score->severity)) : score.error().to_string();
}

TEST(Cvss, AgreesWithPublishedScores) {
  const auto text = read_file(testdata_path("cvss/scores.tsv"), 1 << 20);
  ASSERT_TRUE(text) << text.error().to_string();
  std::string_view rest = *text;
  std::string_view line;
  size_t checked = 0;
  while (next_line(rest, line)) {
    if (line.starts_with('#')) continue;
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 2U) << line;
    const auto score = cvss_score(fields[0]);
    ASSERT_TRUE(score) << line << ": " << score.error().to_string();
    EXPECT_EQ(fmt::format("{:.1f}", score->base), fields[1]) << line;
    ++checked;
  }
  EXPECT_EQ(checked, 492U);
}

TEST(Cvss, RatesByTheScaleOfItsVersion) {
  EXPECT_EQ(score_text("AV:N/AC:L/Au:N/C:C/I:C/A:C"), "10.0 high");
  EXPECT_EQ(score_text("(AV:N/AC:L/Au:N/C:N/I:N/A:N)"), "0.0 low");
  EXPECT_EQ(score_text("CVSS2#AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C"), "6.2 medium");
  EXPECT_EQ(score_text("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"), "10.0 critical");
  EXPECT_EQ(score_text("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"), "0.0 negligible");
  EXPECT_EQ(score_text("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N/E:U/RL:O"), "1.6 low");
  EXPECT_EQ(score_text("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N"), "0.0 negligible");
  EXPECT_EQ(score_text("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/U:Red/E:U"), "10.0 critical");
}

struct Bad {
  std::string_view vector;
  std::string_view error;
};
class CvssBad : public testing::TestWithParam<Bad> {};
TEST_P(CvssBad, IsRefused) {
  EXPECT_EQ(score_text(GetParam().vector), GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(
    Vectors, CvssBad,
    testing::Values(Bad{"", "CVSS vector: \"\" is no metric"},
                    Bad{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", "CVSS vector: A is missing"},
                    Bad{"CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS vector: AV stands twice"},
                    Bad{"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS vector: \"AV:X\" is no metric"},
                    Bad{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/", "CVSS vector: \"\" is no metric"},
                    Bad{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:1", "CVSS vector: \"ZZ:1\" is no metric"},
                    Bad{"CVSS:5.0/AV:N", "CVSS version of \"CVSS:5.0/AV:N\""},
                    Bad{"AV:N/AC:L/Au:N/C:P/I:P/A:P/TD:LM", "CVSS vector: \"TD:LM\" is no metric"},
                    Bad{"AV:NA/AC:L/Au:N/C:P/I:P/A:P", "CVSS vector: \"AV:NA\" is no metric"}));

}  // namespace
}  // namespace bulkhead::advisory
