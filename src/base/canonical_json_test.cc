#include "base/canonical_json.h"

#include <gtest/gtest.h>

namespace bulkhead::json {
namespace {

Result<std::string> canonical_of(std::string_view text) {
  TRY_ASSIGN(const Document document, Document::parse(text));
  return canonical(document.root());
}

TEST(CanonicalJson, SortsMembersAndDropsWhiteSpace) {
  EXPECT_EQ(canonical_of(R"( { "b" : [ 1 , true , null ] , "a" : { "z" : "" , "é" : -5, "e" : 0 } } )"),
            R"({"a":{"e":0,"z":"","é":-5},"b":[1,true,null]})");
  EXPECT_EQ(canonical_of("[]"), "[]");
  EXPECT_EQ(canonical_of("{}"), "{}");
}

TEST(CanonicalJson, EscapesQuotesAndBackslashesOnly) {
  EXPECT_EQ(canonical_of(R"("a\"b\\c\/d\n\u0001\u00e9\ud83d\ude00")"), "\"a\\\"b\\\\c/d\n\x01é😀\"");
}

TEST(CanonicalJson, WritesNumbersWithoutFractionAsIntegers) {
  EXPECT_EQ(canonical_of("[1.0,1e3,-0,9223372036854775807,-9223372036854775808]"),
            "[1,1000,0,9223372036854775807,-9223372036854775808]");
}

TEST(CanonicalJson, RefusesNumbersThatReadersDoNotAgreeOn) {
  for (const std::string_view text : {"[1.5]", "[1e300]", "[18446744073709551615]"}) {
    const auto result = canonical_of(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code(), Code::kMalformed);
  }
}

TEST(CanonicalJson, IsPutTogetherFromPieces) {
  CanonicalObject object;
  object.add("b", canonical_string("line\n\t\"end\""));
  object.add("a", "[1]");
  EXPECT_EQ(object.text(), "{\"a\":[1],\"b\":\"line\n\t\\\"end\\\"\"}");
  EXPECT_EQ(parseable(object.text()), R"({"a":[1],"b":"line\n\u0009\"end\""})");
  EXPECT_EQ(canonical_of(parseable(object.text())), object.text());
}

TEST(CanonicalJson, RefusesTwoMembersOfOneName) {
  const auto result = canonical_of(R"({"a":1,"b":2,"\u0061":3})");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "\"a\" stands twice");
}

}  // namespace
}  // namespace bulkhead::json
