#include "crypto/der.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Der, ReadsWhatItWrites) {
  for (const size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65535U, 65536U}) {
    const std::string content(size, 'x');
    const std::string text = der_element(der::kOctetString, content);
    const auto read = der_content(as_bytes(text), der::kOctetString);
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(as_text(*read), content);
    DerReader reader(as_bytes(text));
    EXPECT_EQ(reader.next()->whole.size(), text.size());
    EXPECT_TRUE(reader.at_end());
  }
}

TEST(Der, WalksElementsInTheirOrder) {
  const std::string text =
      der_element(der::kSequence, der_element(der::kInteger, "\x05") + der_element(der::kUtf8String, "a"));
  const auto inner = der_content(as_bytes(text), der::kSequence);
  ASSERT_TRUE(inner);
  DerReader reader(*inner);
  EXPECT_EQ(as_text(*reader.next(der::kInteger)), "\x05");
  EXPECT_EQ(reader.next(der::kInteger).error().code(), Code::kMalformed);
}

TEST(Der, RefusesWhatIsCutOffIndefiniteOrLongerThanItMustBe) {
  using std::string_literals::operator""s;
  for (const std::string& text : {""s, "\x30"s, "\x30\x02\x05"s, "\x30\x80\x00\x00"s, "\x30\x81\x05hello"s,
                                  "\x30\x82\x00\x80"s + std::string(128, 'x'), "\x30\x85\x01\x00\x00\x00\x00"s,
                                  "\x1f\x81\x00"s, "\x30\x84\xff\xff\xff\xff"s, "\x30\x81"s}) {
    DerReader reader(as_bytes(text));
    EXPECT_EQ(reader.next().error().code(), Code::kMalformed) << to_hex(as_bytes(text));
  }
}

TEST(Der, RefusesWhatFollowsTheOneElement) {
  EXPECT_FALSE(der_content(as_bytes(der_element(der::kSequence, "") + "x"), der::kSequence));
}

}  // namespace
}  // namespace bulkhead
