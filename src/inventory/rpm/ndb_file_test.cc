#include "inventory/rpm/ndb_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/rpm/test_support.h"

namespace bulkhead::inventory::rpm {
namespace {

using ::testing::HasSubstr;
using testing::testdata;

constexpr size_t kFirstSlot = 32;
constexpr size_t kSlotBytes = 16;
constexpr size_t kFirstBlob = 4096;

Result<std::vector<uint64_t>> read(const std::string& file) {
  std::vector<uint64_t> numbers;
  TRY(for_each_ndb_header(as_bytes(file), [&](uint64_t number, ByteSpan) -> Status {
    numbers.push_back(number);
    return {};
  }));
  return numbers;
}

std::string error_of(const std::string& file) {
  const auto numbers = read(file);
  return numbers ? "" : numbers.error().to_string();
}

std::string changed(std::string file, size_t at, std::string_view bytes) {
  return file.replace(at, bytes.size(), bytes);
}

TEST(NdbFile, VisitsEveryBlobInTheOrderOfItsSlots) {
  const auto numbers = read(testdata("Packages.db"));
  ASSERT_TRUE(numbers) << numbers.error().to_string();
  EXPECT_THAT(*numbers, ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST(NdbFile, PassesOverFreeSlots) {
  const std::string file = testdata("Packages.db");
  const auto numbers = read(changed(file, kFirstSlot + kSlotBytes + 4, std::string(12, '\0')));
  ASSERT_TRUE(numbers) << numbers.error().to_string();
  EXPECT_THAT(*numbers, ::testing::ElementsAre(1, 3, 4, 5, 6, 7));
}

TEST(NdbFile, VerifiesTheChecksumOfEveryBlob) {
  const std::string file = testdata("Packages.db");
  EXPECT_THAT(error_of(changed(file, kFirstBlob + 100, "!")), HasSubstr("checksum is wrong"));
  EXPECT_THAT(error_of(changed(file, kFirstBlob + 8, "!")), HasSubstr("checksum is wrong"))
      << "the generation counts too";
}

TEST(NdbFile, RefusesSlotsThatPointWrong) {
  const std::string file = testdata("Packages.db");
  const std::string second_place = file.substr(kFirstSlot + kSlotBytes + 8, 8);
  const struct {
    const char* why;
    std::string file;
    const char* error;
  } cases[] = {
      {"no magic", changed(file, kFirstSlot, "slot"), "slot has no \"Slot\""},
      {"package 0", changed(file, kFirstSlot + 4, std::string(4, '\0')), "the slot of package 0"},
      {"into the slots", changed(file, kFirstSlot + 8, std::string_view("\x01\0\0\0", 4)), "points at blocks 1"},
      {"behind the end", changed(file, kFirstSlot + 12, "\xff\xff\xff\xff"), "points at blocks"},
      {"no blocks", changed(file, kFirstSlot + 12, std::string(4, '\0')), "points at blocks"},
      {"another's blob", changed(file, kFirstSlot + 8, second_place), "share blocks"},
      {"swapped numbers", changed(file, kFirstSlot + 4, "\x09"), "blob says package 1"},
  };
  for (const auto& each : cases) EXPECT_THAT(error_of(each.file), HasSubstr(each.error)) << each.why;
}

TEST(NdbFile, RefusesBlobsWhoseLengthContradictsTheirSlot) {
  const std::string file = testdata("Packages.db");
  EXPECT_THAT(error_of(changed(file, kFirstBlob + 12, "\xff\xff\xff\xff")), HasSubstr("its slot has"));
  EXPECT_THAT(error_of(changed(file, kFirstBlob, "blob")), HasSubstr("blob has no"));
}

TEST(NdbFile, RefusesOtherVersionsAndSizesOfTheSlotArea) {
  const std::string file = testdata("Packages.db");
  const auto other = read(changed(file, 4, "\x01"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kUnsupported);
  EXPECT_THAT(error_of(changed(file, 12, std::string(4, '\0'))), HasSubstr("0 pages of slots"));
  EXPECT_THAT(error_of(changed(file, 12, "\xff\xff\xff\xff")), HasSubstr("pages of slots"));
}

}  // namespace
}  // namespace bulkhead::inventory::rpm
