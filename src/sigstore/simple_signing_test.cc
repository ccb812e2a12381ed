#include "sigstore/simple_signing.h"

#include <gtest/gtest.h>

namespace bulkhead::sigstore {
namespace {

std::string payload_of(std::string_view type, std::string_view digest) {
  return R"({"critical":{"identity":{"docker-reference":"r"},"image":{"docker-manifest-digest":")" +
         std::string(digest) + R"("},"type":")" + std::string(type) + R"("},"optional":{"a":"b","n":[1]}})";
}

TEST(SimpleSigning, IsReadAgainAsItWasWritten) {
  const SimpleSigning payload{
      .reference = "host/a \"b\"", .digest = Digest::sha256_of({}), .annotations = {{"k", "v"}}};
  const auto read = read_simple_signing(write_simple_signing(payload));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->reference, payload.reference);
  EXPECT_EQ(read->digest, payload.digest);
  EXPECT_EQ(read->annotations, payload.annotations);
}

TEST(SimpleSigning, IsWrittenAsCosignDoes) {
  const Digest digest = Digest::sha256_of({});
  EXPECT_EQ(write_simple_signing({.reference = "example.com/a", .digest = digest}),
            R"({"critical":{"identity":{"docker-reference":"example.com/a"},"image":{"docker-manifest-digest":")" +
                digest.to_string() + R"("},"type":"cosign container image signature"},"optional":null})");
}

TEST(SimpleSigning, IsOfOneDigest) {
  const Digest digest = Digest::sha256_of(as_bytes("manifest"));
  const std::string text = payload_of("cosign container image signature", digest.to_string());
  const auto payload = check_simple_signing(text, digest);
  ASSERT_TRUE(payload) << payload.error().to_string();
  EXPECT_EQ(payload->annotations.at("a"), "b");
  EXPECT_EQ(check_simple_signing(text, Digest::sha256_of({})).error().code(), Code::kVerificationFailed);
}

TEST(SimpleSigning, RefusesOtherTypesAndWhatIsNone) {
  const std::string digest = Digest::sha256_of({}).to_string();
  EXPECT_EQ(read_simple_signing(payload_of("atomic container signature", digest)).error().code(), Code::kUnsupported);
  EXPECT_FALSE(read_simple_signing(payload_of("cosign container image signature", "sha256:00")));
  for (const std::string_view text :
       {"", "null", R"({"critical":{}})", R"({"critical":{"type":"cosign container image signature"}})",
        R"({"critical":{"type":"x","type":"cosign container image signature"}})"}) {
    EXPECT_EQ(read_simple_signing(text).error().code(), Code::kMalformed) << text;
  }
}

}  // namespace
}  // namespace bulkhead::sigstore
