#include "crypto/secretbox.h"

#include <string>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

// NaCl's own (tests/secretbox.c): key, nonce, message and box.
const std::string kKey = *from_hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
const std::string kNonce = *from_hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
const std::string kMessage = *from_hex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4"
    "1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52"
    "f0a089bc76897040e082f937763848645e0705");
const std::string kBox = *from_hex(
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b"
    "4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da"
    "99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5");

TEST(Secretbox, AgreesWithNaCl) {
  const auto box = secretbox_seal(as_bytes(kKey), as_bytes(kNonce), as_bytes(kMessage));
  ASSERT_TRUE(box);
  EXPECT_EQ(to_hex(as_bytes(*box)), to_hex(as_bytes(kBox)));
  const auto message = secretbox_open(as_bytes(kKey), as_bytes(kNonce), as_bytes(kBox));
  ASSERT_TRUE(message) << message.error().to_string();
  EXPECT_EQ(message->reveal(), kMessage);
}

TEST(Secretbox, RefusesWhateverWasChanged) {
  for (size_t i = 0; i < kBox.size(); ++i) {
    std::string changed = kBox;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto message = secretbox_open(as_bytes(kKey), as_bytes(kNonce), as_bytes(changed));
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().code(), Code::kVerificationFailed);
  }
  for (size_t size = 0; size < kBox.size(); ++size) {
    EXPECT_FALSE(secretbox_open(as_bytes(kKey), as_bytes(kNonce), as_bytes(kBox.substr(0, size))));
  }
  std::string key = kKey;
  key[31] = static_cast<char>(key[31] ^ 1);
  EXPECT_FALSE(secretbox_open(as_bytes(key), as_bytes(kNonce), as_bytes(kBox)));
  std::string nonce = kNonce;
  nonce[23] = static_cast<char>(nonce[23] ^ 1);
  EXPECT_FALSE(secretbox_open(as_bytes(kKey), as_bytes(nonce), as_bytes(kBox)));
}

TEST(Secretbox, TakesMessagesOfAnyLength) {
  for (size_t size = 0; size < 200; ++size) {
    const std::string message(size, 'm');
    const auto box = secretbox_seal(as_bytes(kKey), as_bytes(kNonce), as_bytes(message));
    ASSERT_TRUE(box);
    const auto again = secretbox_open(as_bytes(kKey), as_bytes(kNonce), as_bytes(*box));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->reveal(), message);
  }
  EXPECT_EQ(secretbox_seal(as_bytes("short"), as_bytes(kNonce), {}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(secretbox_open(as_bytes(kKey), as_bytes("short"), as_bytes(kBox)).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead
