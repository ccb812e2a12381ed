#include "inventory/license/spdx.h"

#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

TEST(SpdxList, SpellsIdentifiersAsTheListDoes) {
  EXPECT_EQ(spdx_license_id("apache-2.0"), "Apache-2.0");
  EXPECT_EQ(spdx_license_id("0bsd"), "0BSD");
  EXPECT_EQ(spdx_license_id("ZPL-2.1"), "ZPL-2.1");
  EXPECT_EQ(spdx_license_id("Classpath-exception-2.0"), std::nullopt);
  EXPECT_EQ(spdx_license_id("GPLv2"), std::nullopt);
  EXPECT_EQ(spdx_license_id(""), std::nullopt);
  EXPECT_EQ(spdx_exception_id("classpath-Exception-2.0"), "Classpath-exception-2.0");
  EXPECT_EQ(spdx_exception_id("MIT"), std::nullopt);
}

struct Case {
  std::string_view text;
  std::string_view canonical;  // empty: no expression
};

class SpdxExpression : public testing::TestWithParam<Case> {};

TEST_P(SpdxExpression, ReadsAsExpected) {
  const auto expression = spdx_expression(GetParam().text);
  if (GetParam().canonical.empty()) {
    EXPECT_EQ(expression, std::nullopt) << GetParam().text;
  } else {
    EXPECT_EQ(expression, GetParam().canonical) << GetParam().text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, SpdxExpression,
    testing::Values(Case{"MIT", "MIT"}, Case{"mit AND bsd-3-clause", "MIT AND BSD-3-Clause"},
                    Case{"MIT or  Apache-2.0", "MIT OR Apache-2.0"},
                    Case{"(MIT OR Apache-2.0) AND Zlib", "(MIT OR Apache-2.0) AND Zlib"},
                    Case{"MIT OR (Apache-2.0 AND Zlib)", "MIT OR Apache-2.0 AND Zlib"}, Case{"((MIT))", "MIT"},
                    Case{"GPL-2.0-or-later WITH Classpath-exception-2.0",
                         "GPL-2.0-or-later WITH Classpath-exception-2.0"},
                    Case{"GPL-2.0+", "GPL-2.0-or-later"}, Case{"LGPL-2.1", "LGPL-2.1-only"},
                    Case{"Apache-2.0+", "Apache-2.0+"}, Case{"LicenseRef-mine.1", "LicenseRef-mine.1"},
                    Case{"DocumentRef-x:LicenseRef-y AND MIT", "DocumentRef-x:LicenseRef-y AND MIT"},
                    // not expressions
                    Case{"", ""}, Case{"MIT BSD-3-Clause", ""}, Case{"MIT AND", ""}, Case{"AND MIT", ""},
                    Case{"(MIT", ""}, Case{"MIT)", ""}, Case{"GPLv2+", ""}, Case{"MIT WITH Apache-2.0", ""},
                    Case{"LicenseRef-", ""}, Case{"LicenseRef-a_b", ""}, Case{"DocumentRef-:LicenseRef-a", ""},
                    Case{"()", ""}));

TEST(SpdxExpressionLimits, StopsAtDeepNestingAndLongText) {
  EXPECT_EQ(spdx_expression(std::string(kMaxExpressionDepth, '(') + "MIT" + std::string(kMaxExpressionDepth, ')')),
            "MIT");
  EXPECT_EQ(
      spdx_expression(std::string(kMaxExpressionDepth + 1, '(') + "MIT" + std::string(kMaxExpressionDepth + 1, ')')),
      std::nullopt);
  EXPECT_EQ(spdx_expression("MIT" + std::string(kMaxExpressionBytes, ' ')), std::nullopt);
}

}  // namespace
}  // namespace bulkhead::inventory
