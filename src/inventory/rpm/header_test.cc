#include "inventory/rpm/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/rpm/test_support.h"

namespace bulkhead::inventory::rpm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HeaderBuilder;

Code code_of(const auto& result) {
  return result ? Code::kInternal : result.error().code();
}

TEST(RpmHeader, ReadsEveryTypeThatTagsHave) {
  const std::string blob = HeaderBuilder()
                               .string(Tag::kName, "bash")
                               .int32s(Tag::kEpoch, {7})
                               .strings(Tag::kBaseNames, {"a", "", "c"})
                               .add(Tag::kDirIndexes, 3, 2, std::string("\x01\x02\xff\xfe", 4), 2)
                               .add(Tag::kSigMd5, 7, 3, "xyz", 1)
                               .add(Tag::kInstallTime, 5, 1, std::string("\0\0\0\1\0\0\0\2", 8), 8)
                               .add(Tag::kLicense, 9, 2, std::string("MIT\0MIT-de\0", 11), 1)
                               .build();
  const auto header = Header::parse(as_bytes(blob));
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->string(Tag::kName), "bash");
  EXPECT_EQ(header->string(Tag::kLicense), "MIT") << "the C locale of a translated string";
  EXPECT_THAT(*header->strings(Tag::kBaseNames), ElementsAre("a", "", "c"));
  EXPECT_THAT(*header->integers(Tag::kEpoch), ElementsAre(7U));
  EXPECT_THAT(*header->integers(Tag::kDirIndexes), ElementsAre(0x0102U, 0xfffeU));
  EXPECT_THAT(*header->integers(Tag::kInstallTime), ElementsAre(0x100000002U));
  EXPECT_EQ(as_text(*header->binary(Tag::kSigMd5)), "xyz");
}

TEST(RpmHeader, ReadsAnAbsentTagAsEmpty) {
  const std::string blob = HeaderBuilder().string(Tag::kName, "bash").build();
  const auto header = Header::parse(as_bytes(blob));
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->has(Tag::kVendor));
  EXPECT_EQ(header->string(Tag::kVendor), "");
  EXPECT_TRUE(header->strings(Tag::kBaseNames)->empty());
  EXPECT_TRUE(header->integers(Tag::kEpoch)->empty());
  EXPECT_TRUE(header->binary(Tag::kSigMd5)->empty());
}

TEST(RpmHeader, PrefersWhatWasAddedAtInstallationToTheImmutableRegion) {
  const std::string blob = HeaderBuilder()
                               .string(Tag::kName, "bash")
                               .strings(Tag::kDirNames, {"/usr/"})
                               .end_region()
                               .strings(Tag::kDirNames, {"/opt/relocated/"})
                               .build();
  const auto header = Header::parse(as_bytes(blob));
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_THAT(*header->strings(Tag::kDirNames), ElementsAre("/opt/relocated/"));
  EXPECT_EQ(header->string(Tag::kName), "bash");
}

TEST(RpmHeader, AcceptsTheMagicOfAPackageFile) {
  const std::string blob =
      std::string("\x8e\xad\xe8\x01\0\0\0\0", 8) + HeaderBuilder().string(Tag::kName, "bash").end_region().build();
  const auto header = Header::parse(as_bytes(blob));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->string(Tag::kName), "bash");
}

TEST(RpmHeader, RefusesAnIndexOrDataLongerThanTheBlob) {
  const std::string blob = HeaderBuilder().string(Tag::kName, "bash").build();
  for (size_t size = 0; size < blob.size(); ++size) {
    EXPECT_EQ(code_of(Header::parse(as_bytes(blob).first(size))), Code::kMalformed) << size;
  }
  const std::string huge = HeaderBuilder::big_endian(0xFFFFFFFF) + HeaderBuilder::big_endian(0xFFFFFFFF);
  EXPECT_EQ(code_of(Header::parse(as_bytes(huge))), Code::kMalformed);
}

TEST(RpmHeader, RefusesDataAboveTheLimitBeforeReadingIt) {
  const std::string blob = HeaderBuilder::big_endian(1) + HeaderBuilder::big_endian(100);
  EXPECT_EQ(code_of(Header::parse(as_bytes(blob), {.max_data_bytes = 99})), Code::kLimitExceeded);
}

TEST(RpmHeader, RefusesEntriesThatLieWrong) {
  const struct {
    const char* why;
    std::string entry;
  } cases[] = {
      {"unknown type", HeaderBuilder::entry(1000, 10, 0, 1)},
      {"offset behind the data", HeaderBuilder::entry(1000, 6, 9, 1)},
      {"misaligned number", HeaderBuilder::entry(1003, 4, 2, 1)},
      {"region trailer behind the data", HeaderBuilder::entry(63, 7, 4, 16)},
      {"region of another type", HeaderBuilder::entry(63, 4, 0, 16)},
  };
  for (const auto& each : cases) {
    const std::string blob =
        HeaderBuilder::big_endian(1) + HeaderBuilder::big_endian(8) + each.entry + std::string(8, 'x');
    EXPECT_EQ(code_of(Header::parse(as_bytes(blob))), Code::kMalformed) << each.why;
  }
}

TEST(RpmHeader, RefusesARegionThatCoversMoreEntriesThanThereAre) {
  std::string blob = HeaderBuilder().string(Tag::kName, "bash").end_region().build();
  const size_t trailer_offset = blob.size() - 8;
  blob.replace(trailer_offset, 4, HeaderBuilder::big_endian(0U - 48U));
  EXPECT_EQ(code_of(Header::parse(as_bytes(blob))), Code::kMalformed);
}

TEST(RpmHeader, RefusesValuesThatRunOutOfTheData) {
  const auto header_with = [](uint32_t type, uint32_t count) {
    return HeaderBuilder::big_endian(1) + HeaderBuilder::big_endian(8) + HeaderBuilder::entry(1000, type, 0, count) +
           std::string(8, 'x');
  };
  const std::string unended = header_with(6, 1);
  EXPECT_EQ(code_of(Header::parse(as_bytes(unended))->string(Tag::kName)), Code::kMalformed);
  const std::string many_strings = header_with(8, 0xFFFFFFFF);
  EXPECT_EQ(code_of(Header::parse(as_bytes(many_strings))->strings(Tag::kName)), Code::kMalformed);
  const std::string many_numbers = header_with(5, 0x20000001);
  EXPECT_EQ(code_of(Header::parse(as_bytes(many_numbers))->integers(Tag::kName)), Code::kMalformed);
  EXPECT_EQ(code_of(Header::parse(as_bytes(many_numbers))->string(Tag::kName)), Code::kMalformed) << "another type";
  EXPECT_EQ(code_of(Header::parse(as_bytes(unended))->integers(Tag::kName)), Code::kMalformed) << "another type";
}

TEST(RpmHeader, StopsAtTheLimitOfElements) {
  const std::string blob =
      HeaderBuilder().strings(Tag::kBaseNames, {"a", "b", "c"}).int32s(Tag::kDirIndexes, {0, 0, 0}).build();
  const auto header = Header::parse(as_bytes(blob), {.max_elements = 2});
  ASSERT_TRUE(header);
  EXPECT_EQ(code_of(header->strings(Tag::kBaseNames)), Code::kLimitExceeded);
  EXPECT_EQ(code_of(header->integers(Tag::kDirIndexes)), Code::kLimitExceeded);
}

TEST(RpmHeader, ReadsARealOne) {
  BULKHEAD_NEED_TEST_DATA();
  const std::string blob = testing::corpus("fixtures/rpm/claircore-package.header.zst");
  const auto header = Header::parse(as_bytes(blob));
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->string(Tag::kName), "crypto-policies");
}

}  // namespace
}  // namespace bulkhead::inventory::rpm
