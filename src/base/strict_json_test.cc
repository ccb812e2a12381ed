#include "base/strict_json.h"

#include <gtest/gtest.h>

namespace bulkhead::json {
namespace {

TEST(StrictJson, ReadsWhatEveryReaderUnderstandsAlike) {
  const auto document = parse_strict(R"({"a":[{"b":1},{"b":2}],"b":{"a":null}})");
  ASSERT_TRUE(document) << document.error().to_string();
  EXPECT_EQ(document->root().size(), 2U);
}

TEST(StrictJson, RefusesMembersThatStandTwiceWhereverTheyDo) {
  for (const std::string_view text : {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"([[{"x":{"a":1,"a":2}}]])",
                                      R"({"a":1,"\u0061":2})", R"({"x":[0,{"":1,"":2}]})"}) {
    const auto document = parse_strict(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code(), Code::kMalformed) << text;
  }
}

TEST(StrictJson, KeepsToTheLimitsOfTheParser) {
  EXPECT_EQ(parse_strict("[1,2,3]", {.max_bytes = 3}).error().code(), Code::kLimitExceeded);
  EXPECT_FALSE(parse_strict("[[[[1]]]]", {.max_depth = 3}));
  EXPECT_FALSE(parse_strict("{"));
}

}  // namespace
}  // namespace bulkhead::json
