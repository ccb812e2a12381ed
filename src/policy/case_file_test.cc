#include "policy/case_file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Bundle bundle() {
  return *compile_bundle(
      {{.name = "p.yaml", .text = "policy: 1\nrules: [{rule: user-not-root}, {rule: image-pinned, action: warn}]\n"}});
}

constexpr std::string_view kCase = R"(
cases:
  - name: root
    facts: {version: 1, image: {pinned: false, config: {user: root, root: true}}}
    now: 2026-11-18T00:00:00Z
    expect: EXPECT
    violates: [VIOLATES]
)";

std::string outcome(std::string expect, std::string violates) {
  std::string text(kCase);
  text.replace(text.find("EXPECT"), 6, expect);
  text.replace(text.find("VIOLATES"), 8, violates);
  const auto cases = parse_test_cases("cases.yaml", text);
  if (!cases) return cases.error().to_string();
  std::vector<Coverage> covered;
  return *run_test_case(cases->front(), bundle(), covered);
}

TEST(PolicyCases, SayWhatIsWrongWithAVerdict) {
  EXPECT_THAT(outcome("deny", "user-not-root, image-pinned"), IsEmpty());
  EXPECT_EQ(outcome("allow", "user-not-root, image-pinned"),
            "the verdict is deny, violated: image-pinned, user-not-root");
  EXPECT_THAT(outcome("deny", "user-not-root"),
              HasSubstr("violated are image-pinned, user-not-root, not user-not-root"));
}

TEST(PolicyCases, MistakesNameTheirPlace) {
  EXPECT_THAT(outcome("maybe", "a"), HasSubstr("cases.yaml: line 6, column 13: a verdict is"));
  EXPECT_THAT(parse_test_cases("c.yaml", "cases: [{name: a, expect: deny}]").error().to_string(),
              HasSubstr("\"facts\" is missing"));
  EXPECT_THAT(parse_test_cases("c.yaml", "cases: []").error().to_string(), HasSubstr("there are no cases"));
  EXPECT_THAT(parse_test_cases("c.yaml", "case: []").error().to_string(), HasSubstr("means nothing here"));
}

TEST(PolicyCases, CoverageTellsWhichRulesWereSeenBothWays) {
  std::string text(kCase);
  text.replace(text.find("EXPECT"), 6, "deny");
  text.replace(text.find("VIOLATES"), 8, "user-not-root, image-pinned");
  std::vector<Coverage> covered;
  ASSERT_TRUE(run_test_case(parse_test_cases("c.yaml", text)->front(), bundle(), covered).has_value());
  ASSERT_EQ(covered.size(), 2U);
  EXPECT_TRUE(covered[0].violated);
  EXPECT_FALSE(covered[0].passed);
}

}  // namespace
}  // namespace bulkhead::policy
