#include "crypto/kdf.h"

#include <string>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

// RFC 7914 sections 11 and 12, RFC 6070.
TEST(Kdf, AgreesWithTheStandards) {
  const auto nacl = scrypt("password", as_bytes("NaCl"), {.n = 1024, .r = 8, .p = 16}, 64);
  ASSERT_TRUE(nacl);
  EXPECT_EQ(
      to_hex(as_bytes(nacl->reveal())),
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83"
      "ee6d8360cbdfa2cc0640");
  const auto empty = scrypt({}, {}, {.n = 16, .r = 1, .p = 1}, 64);
  ASSERT_TRUE(empty);
  EXPECT_EQ(
      to_hex(as_bytes(empty->reveal())),
      "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d"
      "3628cf35e20c38d18906");
  const auto sha1 = pbkdf2("password", as_bytes("salt"), 4096, Pbkdf2Hash::kSha1, 20);
  ASSERT_TRUE(sha1);
  EXPECT_EQ(to_hex(as_bytes(sha1->reveal())), "4b007901b765489abead49d926f721d065a429c1");
  const auto sha256 = pbkdf2("passwd", as_bytes("salt"), 1, Pbkdf2Hash::kSha256, 32);
  ASSERT_TRUE(sha256);
  EXPECT_EQ(to_hex(as_bytes(sha256->reveal())), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}

TEST(Kdf, DoesBoundedWork) {
  const auto code = [](ScryptCost cost) {
    const auto key = scrypt("p", as_bytes("s"), cost, 32);
    return key ? Code::kInternal : key.error().code();
  };
  EXPECT_EQ(code({.n = uint64_t{1} << 19U, .r = 8, .p = 1}), Code::kLimitExceeded);
  EXPECT_EQ(code({.n = uint64_t{1} << 63U, .r = uint64_t{1} << 63U, .p = 1}), Code::kLimitExceeded);
  EXPECT_EQ(code({.n = 1024, .r = 8, .p = 1U << 20U}), Code::kLimitExceeded);
  EXPECT_EQ(code({.n = 1024, .r = 8, .p = ~uint64_t{0}}), Code::kLimitExceeded);
  EXPECT_EQ(code({.n = 1000, .r = 8, .p = 1}), Code::kMalformed);
  EXPECT_EQ(code({.n = 0, .r = 8, .p = 1}), Code::kMalformed);
  EXPECT_EQ(code({.n = 16, .r = 0, .p = 1}), Code::kMalformed);
  EXPECT_EQ(pbkdf2("p", as_bytes("s"), 0, Pbkdf2Hash::kSha1, 32).error().code(), Code::kMalformed);
  EXPECT_EQ(pbkdf2("p", as_bytes("s"), kMaxPbkdf2Iterations + 1, Pbkdf2Hash::kSha1, 32).error().code(),
            Code::kLimitExceeded);
}

TEST(Kdf, RandomBytesDiffer) {
  EXPECT_EQ(random_bytes(32).size(), 32U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace bulkhead
