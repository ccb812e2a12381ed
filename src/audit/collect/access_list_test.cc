#include "audit/collect/access_list.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/collect/test_access_list.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "u65534:6": kinds, numbers and rights of the entries.
std::vector<std::string> entries_of(std::string_view attribute) {
  const auto parsed = parse_access_list(as_bytes(attribute));
  if (!parsed) return {parsed.error().to_string()};
  std::vector<std::string> entries;
  for (const AccessEntry& entry : *parsed) {
    entries.push_back(fmt::format("{}{}:{}", "uog"[static_cast<size_t>(entry.kind)], entry.id, entry.rights));
  }
  return entries;
}

TEST(AccessList, NamesWhoIsNeitherOwnerNorOthersWithWhatTheMaskLeaves) {
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x02, 6, 65534}, {0x04, 6}, {0x10, 6}, {0x20, 0}})),
              ElementsAre("u65534:6", "o0:6"));
  EXPECT_THAT(entries_of(access_list({{0x01, 7}, {0x02, 7, 1000}, {0x04, 5}, {0x08, 6, 998}, {0x10, 4}, {0x20, 0}})),
              ElementsAre("u1000:4", "g998:4", "o0:4"));
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x04, 0}, {0x10, 6}, {0x20, 0}})), ElementsAre("o0:0"));
}

TEST(AccessList, ThatSaysWhatAModeSaysNamesNobody) {
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x04, 6}, {0x20, 0}})), IsEmpty());
}

TEST(AccessList, ThatTheKernelWouldNotTakeIsAnError) {
  const std::string good = access_list({{0x01, 6}, {0x02, 6, 65534}, {0x04, 6}, {0x10, 6}, {0x20, 0}});
  EXPECT_THAT(entries_of(""), ElementsAre(HasSubstr("offset 0")));
  for (size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(parse_access_list(as_bytes(good.substr(0, size)))) << size;
  }
  std::string other = good;
  other[0] = 1;
  EXPECT_THAT(entries_of(other), ElementsAre(HasSubstr("version 1")));
  EXPECT_THAT(entries_of(good + "x"), ElementsAre(HasSubstr("offset")));
  EXPECT_THAT(entries_of(access_list({})), ElementsAre(HasSubstr("without its owner")));
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x04, 6}})), ElementsAre(HasSubstr("without its owner")));
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x02, 6, 1}, {0x04, 6}, {0x20, 0}})),
              ElementsAre(HasSubstr("no mask")));
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x01, 6}, {0x04, 6}, {0x20, 0}})),
              ElementsAre(HasSubstr("tag 0x1 twice")));
  EXPECT_THAT(entries_of(access_list({{0x01, 6}, {0x04, 6}, {0x20, 0}, {0x40, 0}})),
              ElementsAre(HasSubstr("tag 0x40")));
  EXPECT_THAT(entries_of(access_list({{0x01, 8}, {0x04, 6}, {0x20, 0}})), ElementsAre(HasSubstr("rights 0x8")));
}

}  // namespace
}  // namespace bulkhead::audit
