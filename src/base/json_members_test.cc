#include "base/json_members.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace bulkhead::json {
namespace {

// Hands out blocks of a few bytes, so that every boundary falls inside something.
class SmallBlocks final : public BlockSource {
 public:
  SmallBlocks(std::string_view text, size_t size) : rest_(as_bytes(text)), size_(size) {}
  Result<ByteSpan> next() override {
    const ByteSpan block = rest_.first(std::min(size_, rest_.size()));
    rest_ = rest_.subspan(block.size());
    return block;
  }

 private:
  ByteSpan rest_;
  size_t size_;
};

std::string members_of(std::string_view text, size_t block, size_t max_bytes = 100, std::string_view unrolled = {}) {
  SmallBlocks source(text, block);
  MemberReader reader(source, max_bytes, unrolled);
  std::string out;
  for (;;) {
    const auto member = reader.next();
    if (!member) return out + "error: " + member.error().to_string();
    if (*member == nullptr) {
      EXPECT_EQ(*reader.next(), nullptr);
      return out;
    }
    out += std::string((*member)->key) + "=" + std::string((*member)->value) + ";";
  }
}

struct Case {
  std::string_view text;
  std::string_view members;
};

class MemberCases : public testing::TestWithParam<Case> {};

TEST_P(MemberCases, AreFoundWhateverTheBlocks) {
  for (const size_t block : {1U, 2U, 3U, 7U, 1000U}) EXPECT_EQ(members_of(GetParam().text, block), GetParam().members);
}

INSTANTIATE_TEST_SUITE_P(
    JsonMembers, MemberCases,
    testing::Values(Case{"{}", ""}, Case{"\xEF\xBB\xBF { } \n", ""}, Case{R"({"a":1})", "a=1;"},
                    Case{R"({"a" : {"b":["}",{"\"":2}]} , "c\u0041" :"x\\" ,"d":null })",
                         R"(a={"b":["}",{"\"":2}]};cA="x\\";d=null;)"},
                    Case{"", "error: not valid JSON at byte 0: the object ends early"},
                    Case{"[1]", "error: not valid JSON at byte 1: an object expected"},
                    Case{R"({"a":1)", "error: not valid JSON at byte 6: the object ends early"},
                    Case{R"({"a":{)", "error: not valid JSON at byte 6: the object ends early"},
                    Case{R"({"a)", "error: not valid JSON at byte 3: a string ends early"},
                    Case{R"({"a":1,})", "a=1;error: not valid JSON at byte 8: a member's name expected"},
                    Case{R"({"a":1}x)", "a=1;error: not valid JSON at byte 8: something follows the object"},
                    Case{R"({"a" 1})", "error: not valid JSON at byte 6: \":\" expected"},
                    Case{R"({"a":{} "b":1})", "a={};error: not valid JSON at byte 9: \",\" or \"}\" expected"}));

TEST(JsonMembers, LimitsTheSizeOfOne) {
  EXPECT_EQ(members_of(R"({"a":"0123456789"})", 4, 8), "error: more than 8 bytes of one member of a JSON document");
}

TEST(JsonMembers, GivesTheElementsOfTheUnrolledMemberOneAtATime) {
  for (const auto& [text, members] :
       {Case{R"({"n":[1,2],"list":[{"a":[1]}, "x]" ,3,[]],"z":0})",
             R"(n=[1,2];list={"a":[1]};list="x]";list=3;list=[];z=0;)"},
        Case{R"({"list":[ ],"z":1})", "z=1;"}, Case{R"({"list":{"list":[1,2]}})", R"(list={"list":[1,2]};)"},
        Case{R"({"list":[1,2])", "list=1;list=2;error: not valid JSON at byte 13: the object ends early"},
        Case{R"({"list":[1 2]})", "list=1 2;"},
        Case{R"({"list":[{}{}]})", "list={};error: not valid JSON at byte 12: \",\" or \"]\" expected"},
        Case{R"({"list":[1)", "error: not valid JSON at byte 10: the object ends early"}}) {
    for (const size_t block : {1U, 2U, 3U, 7U, 1000U}) EXPECT_EQ(members_of(text, block, 100, "list"), members) << text;
  }
  // The limit is of one element.
  EXPECT_EQ(members_of(R"({"list":["0123","4567","89ab"]})", 4, 8, "list"),
            "list=\"0123\";list=\"4567\";list=\"89ab\";");
}

}  // namespace
}  // namespace bulkhead::json
