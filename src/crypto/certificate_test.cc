#include "crypto/certificate.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

// The root of a Swarm that was made for this.
constexpr std::string_view kRoot =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBaTCCARCgAwIBAgIUESK5XpSZyPmajhN7K7scCV2TwrkwCgYIKoZIzj0EAwIw\n"
    "EzERMA8GA1UEAxMIc3dhcm0tY2EwHhcNMjYxMTIyMjEzNzAwWhcNNDYxMTE3MjEz\n"
    "NzAwWjATMREwDwYDVQQDEwhzd2FybS1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABJNCbM6IJV8tjJrOP1JDbIY1qE01sdYy4i2CIyueimNH0reQiNI3n4aj/bLZ\n"
    "SH+e2KeWjVoxM8g86G8kidO3D66jQjBAMA4GA1UdDwEB/wQEAwIBBjAPBgNVHRMB\n"
    "Af8EBTADAQH/MB0GA1UdDgQWBBTJ7N8vPwa62uzCuE9utZddFELVcTAKBggqhkjO\n"
    "PQQDAgNHADBEAiB3lhKoF9FZOl7FLCQYKFtQU8KtGMiYTCfHToY7yXqXXgIgTu6p\n"
    "1tOYRLvczDybPvoz1rQyUy1vtY2GmrmBMjE8Owc=\n"
    "-----END CERTIFICATE-----\n";

TEST(Certificate, TellsItsValidity) {
  const auto validity = certificate_validity(kRoot);
  ASSERT_TRUE(validity) << validity.error().to_string();
  EXPECT_EQ(validity->not_before, "2026-11-22T21:37:00Z");
  EXPECT_EQ(validity->not_after, "2046-11-17T21:37:00Z");
}

TEST(Certificate, IsTheFirstOfSeveralWhateverStandsAround) {
  const auto validity = certificate_validity("Subject: x\n" + std::string(kRoot) + "\n" + std::string(kRoot) + "junk");
  ASSERT_TRUE(validity) << validity.error().to_string();
  EXPECT_EQ(validity->not_after, "2046-11-17T21:37:00Z");
}

TEST(Certificate, RefusesWhatIsNone) {
  std::string broken(kRoot);
  broken[60] = '!';
  const std::string cut(kRoot.substr(0, 200));
  const std::string key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  const std::string encrypted =
      "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
      "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n";
  for (const std::string& text : {std::string(), std::string("x"), broken, cut, key, encrypted}) {
    const auto validity = certificate_validity(text);
    ASSERT_FALSE(validity) << text;
    EXPECT_EQ(validity.error().code(), Code::kMalformed);
  }
  EXPECT_EQ(certificate_validity(std::string((1 << 20) + 1, '-')).error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead
