#include "inventory/rpm/berkeley_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/rpm/test_support.h"

namespace bulkhead::inventory::rpm {
namespace {

using ::testing::HasSubstr;
using testing::testdata;

constexpr size_t kPageBytes = 512;

Status read(const std::string& file, uint64_t max_header_bytes = 1 << 20) {
  return for_each_berkeley_header(as_bytes(file), max_header_bytes, [](uint64_t, ByteSpan) -> Status { return {}; });
}

std::string error_of(const std::string& file, uint64_t max_header_bytes = 1 << 20) {
  const auto done = read(file, max_header_bytes);
  return done ? "" : done.error().to_string();
}

std::string changed(std::string file, size_t at, std::string_view bytes) {
  return file.replace(at, bytes.size(), bytes);
}

// The first page of that type, in a little-endian file.
size_t page_of_type(const std::string& file, char type) {
  for (size_t page = kPageBytes; page < file.size(); page += kPageBytes) {
    if (file[page + 25] == type) return page;
  }
  ADD_FAILURE() << "no page of type " << static_cast<int>(type);
  return 0;
}

std::string own_number(const std::string& file, size_t page) {
  return file.substr(page + 8, 4);
}

TEST(BerkeleyFile, VisitsEveryHeaderButTheCounter) {
  for (const char* name : {"Packages-1234", "Packages-4321"}) {
    std::vector<uint64_t> numbers;
    const std::string file = testdata(name);
    const auto done =
        for_each_berkeley_header(as_bytes(file), 1 << 20, [&](uint64_t number, ByteSpan header) -> Status {
          numbers.push_back(number);
          EXPECT_TRUE(Header::parse(header)) << number;
          return {};
        });
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_THAT(numbers, ::testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7)) << name;
  }
}

TEST(BerkeleyFile, RefusesOverflowPagesThatLoop) {
  const std::string file = testdata("Packages-1234");
  const size_t page = page_of_type(file, 7);
  EXPECT_THAT(error_of(changed(file, page + 16, own_number(file, page))), HasSubstr("referred to twice"));
}

TEST(BerkeleyFile, RefusesBucketsThatLoop) {
  const std::string file = testdata("Packages-1234");
  const size_t page = page_of_type(file, 13);
  EXPECT_THAT(error_of(changed(file, page + 16, own_number(file, page))), HasSubstr("referred to twice"));
}

TEST(BerkeleyFile, RefusesOverflowPagesThatEndEarly) {
  const std::string file = testdata("Packages-1234");
  const size_t page = page_of_type(file, 7);
  EXPECT_THAT(error_of(changed(file, page + 16, std::string(4, '\0'))), HasSubstr("overflow pages end after"));
  EXPECT_THAT(error_of(changed(file, page + 22, std::string(2, '\0'))), HasSubstr("no overflow page of this value"));
}

TEST(BerkeleyFile, RefusesPagesThatAreElsewhere) {
  const std::string file = testdata("Packages-1234");
  const size_t page = page_of_type(file, 7);
  EXPECT_THAT(error_of(changed(file, page + 8, "\xff")), HasSubstr("says that it is page"));
  const size_t bucket = page_of_type(file, 13);
  EXPECT_THAT(error_of(changed(file, bucket + 16, "\xff\xff\xff\x7f")), HasSubstr("is referred to"));
}

TEST(BerkeleyFile, RefusesItemsOutsideTheirPage) {
  const std::string file = testdata("Packages-1234");
  const size_t page = page_of_type(file, 13);
  EXPECT_THAT(error_of(changed(file, page + 26, "\xff\xff")), HasSubstr("item from"));
  EXPECT_THAT(error_of(changed(file, page + 26, std::string_view("\x05\0", 2))), HasSubstr("item from"));
}

TEST(BerkeleyFile, SaysWhatItDoesNotSupport) {
  const std::string file = testdata("Packages-1234");
  const struct {
    const char* why;
    std::string file;
  } cases[] = {
      {"version 6", changed(file, 16, "\x06")},
      {"version 11", changed(file, 16, "\x0b")},
      {"encrypted", changed(file, 24, "\x01")},
      {"checksums", changed(file, 26, "\x01")},
      {"b-tree", changed(file, 12, std::string_view("\x62\x31\x05\0", 4))},
  };
  for (const auto& each : cases) {
    const auto done = read(each.file);
    ASSERT_FALSE(done) << each.why;
    EXPECT_EQ(done.error().code(), Code::kUnsupported) << each.why;
  }
}

TEST(BerkeleyFile, RefusesMetaPagesThatContradictTheFile) {
  const std::string file = testdata("Packages-1234");
  EXPECT_THAT(error_of(changed(file, 20, std::string_view("\x03\0\0\0", 4))), HasSubstr("page size 3"));
  EXPECT_THAT(error_of(changed(file, 32, "\xff\xff")), HasSubstr("cut short"));
  EXPECT_THAT(error_of(changed(file, 72, "\xff\xff")), HasSubstr("buckets in"));
  EXPECT_THAT(error_of(changed(file, 25, "\x09")), HasSubstr("page type 9"));
}

TEST(BerkeleyFile, StopsAtTheLimitOfOneHeader) {
  const auto done = read(testdata("Packages-1234"), 1000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::inventory::rpm
