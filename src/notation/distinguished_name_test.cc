#include "notation/distinguished_name.h"

#include <gtest/gtest.h>

namespace bulkhead::notation {
namespace {

using Subject = std::vector<NameAttribute>;
const Subject kSubject = {{"C", "US"}, {"ST", "WA"}, {"L", "Seattle"}, {"O", "acme, Inc."}, {"CN", " x "}};

bool matches(std::string_view text, const Subject& subject = kSubject) {
  const auto name = DistinguishedName::parse(text);
  EXPECT_TRUE(name) << name.error().to_string();
  return name && name->matches(subject);
}

TEST(DistinguishedName, MatchesTheSubjectsThatHaveAllOfIt) {
  EXPECT_TRUE(matches(R"(C=US, ST=WA, O=acme\, Inc.)"));
  EXPECT_TRUE(matches(R"(O=acme\, Inc.,ST=WA,C=US)"));
  EXPECT_TRUE(matches(R"( c = US , s=WA; O=acme\2c Inc. , L=Seattle)"));
  EXPECT_TRUE(matches(R"(C=US,S=WA,O=acme\, Inc.,CN=\ x\ )"));
  EXPECT_FALSE(matches(R"(C=US, ST=WA, O=acme)"));
  EXPECT_FALSE(matches(R"(C=US, ST=WA, O=ACME\, Inc.)"));
  EXPECT_FALSE(matches(R"(C=US, ST=WA, O=acme\, Inc., OU=x)"));
  EXPECT_FALSE(matches(R"(C=US, ST=WA, O=acme\, Inc., CN=x)"));
}

TEST(DistinguishedName, MatchesNoSubjectThatHasAnAttributeTwice) {
  Subject twice = kSubject;
  twice.push_back({"O", "evil"});
  EXPECT_FALSE(matches(R"(C=US, ST=WA, O=acme\, Inc.)", twice));
  EXPECT_TRUE(matches(R"(C=US, ST=WA, O=evil)", {{"C", "US"}, {"ST", "WA"}, {"O", "evil"}, {"OU", "a"}, {"OU", "b"}}));
}

TEST(DistinguishedName, IsRefusedWhenItIsNone) {
  for (const std::string_view wrong :
       {"", "C", "C=US", "C=US,ST=WA", "C=US,O=a", "ST=WA,O=a", "C=US,ST=WA,O=", "C=US,ST=WA,O=a,", "=US,ST=WA,O=a",
        "C=US,ST=WA,O=a,C=US", "C=US,ST=WA,S=WA,O=a", "C=US,ST=WA,O=a+OU=b", "C=US,ST=WA,O=#0c0161", "C=US,ST=WA,O=a\\",
        "C=US,ST=WA,O=a\\x", "C=US,ST=WA,O=a\\4", ",C=US,ST=WA,O=a"}) {
    const auto name = DistinguishedName::parse(wrong);
    ASSERT_FALSE(name) << wrong;
    EXPECT_EQ(name.error().code(), Code::kInvalidArgument);
  }
}

TEST(DistinguishedName, IsPartOfOnesThatSayMore) {
  const auto less = DistinguishedName::parse("C=US,ST=WA,O=a");
  const auto more = DistinguishedName::parse("C=US,ST=WA,O=a,CN=b");
  const auto other = DistinguishedName::parse("C=US,ST=WA,O=b");
  EXPECT_TRUE(less->is_part_of(*more));
  EXPECT_TRUE(less->is_part_of(*less));
  EXPECT_FALSE(more->is_part_of(*less));
  EXPECT_FALSE(other->is_part_of(*more));
}

}  // namespace
}  // namespace bulkhead::notation
