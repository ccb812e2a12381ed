#include "notation/cbor.h"

#include <gtest/gtest.h>

namespace bulkhead::notation::cbor {
namespace {

Result<Value> parse_hex(std::string_view hex, const Limits& limits = {}) {
  static std::string bytes;  // the value views it
  bytes = *from_hex(hex);
  return parse(as_bytes(bytes), limits);
}

TEST(Cbor, ReadsIntegersAsRfc8949WritesThem) {  // appendix A
  const std::vector<std::pair<std::string_view, int64_t>> cases = {{"00", 0},
                                                                   {"17", 23},
                                                                   {"1818", 24},
                                                                   {"18ff", 255},
                                                                   {"190100", 256},
                                                                   {"1a000f4240", 1'000'000},
                                                                   {"1b000000e8d4a51000", 1'000'000'000'000},
                                                                   {"20", -1},
                                                                   {"3863", -100},
                                                                   {"3903e7", -1000},
                                                                   {"1b7fffffffffffffff", INT64_MAX},
                                                                   {"3b7fffffffffffffff", INT64_MIN}};
  for (const auto& [hex, number] : cases) {
    const auto value = parse_hex(hex);
    ASSERT_TRUE(value) << hex;
    EXPECT_EQ(value->integer(), number);
    Writer out;
    out.integer(number);
    EXPECT_EQ(to_hex(as_bytes(std::move(out).take())), hex);
  }
  EXPECT_EQ(parse_hex("1bffffffffffffffff")->integer(), std::nullopt);
}

TEST(Cbor, ReadsTextBytesArraysMapsAndTags) {
  const auto value = parse_hex("a301820102626162c11a514b67b063666f6f4401020304");
  ASSERT_TRUE(value) << value.error().to_string();
  EXPECT_EQ(value->find(1)->items.at(1).integer(), 2);
  EXPECT_EQ(value->find("ab")->kind, Kind::kTag);
  EXPECT_EQ(value->find("ab")->items.front().integer(), 1363896240);
  EXPECT_EQ(value->find("foo")->bytes(), std::string_view("\1\2\3\4"));
  EXPECT_EQ(value->find("nothing"), nullptr);
  EXPECT_EQ(value->find(2), nullptr);
}

TEST(Cbor, RefusesNumbersThatAreLongerThanTheyNeedToBe) {
  for (const std::string_view hex : {"1800", "1817", "190000", "1900ff", "1a0000ffff", "1b00000000ffffffff", "5801ff",
                                     "7800", "980101", "b800", "d80100"}) {
    EXPECT_EQ(parse_hex(hex).error().code(), Code::kMalformed) << hex;
  }
}

TEST(Cbor, RefusesIndefiniteLengths) {
  for (const std::string_view hex : {"5f4101ff", "7f6161ff", "9fff", "bfff"}) {
    EXPECT_EQ(parse_hex(hex).error().code(), Code::kUnsupported) << hex;
  }
}

TEST(Cbor, RefusesWhatIsNotWellFormed) {
  for (const std::string_view hex : {"", "18", "1901", "41", "61", "81", "a1", "a101", "c1", "1c", "1d", "1e", "5c",
                                     "f0", "f818", "ff", "0000", "fa0000", "62c328"}) {
    EXPECT_EQ(parse_hex(hex).error().code(), Code::kMalformed) << hex;
  }
}

TEST(Cbor, RefusesAMapsKeyTwiceAndKeysThatAreNoNames) {
  EXPECT_EQ(parse_hex("a201020103").error().code(), Code::kMalformed);
  EXPECT_EQ(parse_hex("a2616101616102").error().code(), Code::kMalformed);
  EXPECT_EQ(parse_hex("a1410102").error().code(), Code::kMalformed);
  EXPECT_EQ(parse_hex("a1800102").error().code(), Code::kMalformed);
  EXPECT_TRUE(parse_hex("a20102200a"));
}

TEST(Cbor, SurvivesBombs) {
  // Lengths that promise more than there is: nothing is reserved for them.
  for (const std::string_view hex :
       {"5bffffffffffffffff", "7b7fffffffffffffff", "9bffffffffffffffff", "9a7fffffff", "9affffffff00"}) {
    EXPECT_EQ(parse_hex(hex).error().code(), Code::kMalformed) << hex;
  }
  EXPECT_EQ(parse_hex("bbffffffffffffffff").error().code(), Code::kLimitExceeded);
  std::string deep(200'000, '\x81');
  deep += '\0';
  EXPECT_EQ(parse(as_bytes(deep)).error().code(), Code::kLimitExceeded);
  std::string wide = "\x99\xff\xff" + std::string(65'535, '\0');
  EXPECT_EQ(parse(as_bytes(wide)).error().code(), Code::kLimitExceeded);
  const std::string large(size_t{2} << 20, '\0');
  EXPECT_EQ(parse(as_bytes(large)).error().code(), Code::kLimitExceeded);
  EXPECT_TRUE(parse_hex("8180", {.max_depth = 2}));
  EXPECT_EQ(parse_hex("818180", {.max_depth = 2}).error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::notation::cbor
