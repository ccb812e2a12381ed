#include "base/base64.h"

#include <string>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Base64, EncodesAndDecodesTheVectorsOfTheRfc) {
  struct {
    std::string_view plain, encoded;
  } const cases[] = {{"", ""},
                     {"f", "Zg=="},
                     {"fo", "Zm8="},
                     {"foo", "Zm9v"},
                     {"foob", "Zm9vYg=="},
                     {"fooba", "Zm9vYmE="},
                     {"foobar", "Zm9vYmFy"}};
  for (const auto& c : cases) {
    EXPECT_EQ(base64_encode(as_bytes(c.plain)), c.encoded);
    EXPECT_EQ(base64_decode(c.encoded).value(), c.plain);
  }
}

TEST(Base64, KeepsEveryByteValue) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(base64_decode(base64_encode(as_bytes(all))).value(), all);
}

TEST(Base64, ToleratesMissingPaddingAndALineEnd) {
  EXPECT_EQ(base64_decode("Zg").value(), "f");
  EXPECT_EQ(base64_decode("Zm8=\n").value(), "fo");
  EXPECT_EQ(base64_decode("Zm9v\r\n").value(), "foo");
}

TEST(Base64, RefusesWhatIsNoBase64) {
  for (const std::string_view text :
       {"Z", "Zg=", "Zg===", "=", "====", "Zm 9v", "Zm9v\n\n", "Zm-_", "Zh==", "Zm9=", "Z=g="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace bulkhead
