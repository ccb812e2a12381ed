#include "sigstore/trusted_root.h"

#include <gtest/gtest.h>

#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

// The text with the first `from` replaced.
std::string with(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

struct TrustedRootTest : testing::Test {
  TestSigstore sigstore;
  std::string text = trusted_root_text(sigstore);
};

TEST_F(TrustedRootTest, HasLogsAndAuthoritiesWithTheirTimes) {
  const auto root = read_trusted_root(text);
  ASSERT_TRUE(root) << root.error().to_string();
  ASSERT_EQ(root->logs.size(), 2U);
  EXPECT_EQ(root->logs[0].base_url, "https://rekor.example.com");
  EXPECT_EQ(root->logs[0].id, sigstore.rekor1.id);
  EXPECT_EQ(root->logs[0].checkpoint_id, sigstore.rekor1.id);
  ASSERT_TRUE(root->logs[0].key && root->logs[1].key);
  EXPECT_EQ(root->logs[1].key->key, sigstore.rekor2.key.public_key());
  EXPECT_EQ(root->logs[0].valid.start, kTestEpoch - kTestDay);
  EXPECT_FALSE(root->logs[0].valid.end);
  ASSERT_EQ(root->certificate_logs.size(), 1U);
  ASSERT_EQ(root->certificate_authorities.size(), 1U);
  ASSERT_EQ(root->certificate_authorities[0].chain.size(), 2U);
  EXPECT_EQ(root->certificate_authorities[0].chain[1], sigstore.fulcio_root.certificate());
  ASSERT_EQ(root->timestamp_authorities.size(), 1U);
}

TEST_F(TrustedRootTest, WindowsIncludeBothOfTheirEnds) {
  const TimeWindow window{.start = 10, .end = 20};
  EXPECT_FALSE(window.contains(9));
  EXPECT_TRUE(window.contains(10));
  EXPECT_TRUE(window.contains(20));
  EXPECT_FALSE(window.contains(21));
  EXPECT_TRUE(TimeWindow{.start = 10}.contains(INT64_MAX));
}

TEST_F(TrustedRootTest, RefusesTimesWithoutABeginning) {
  for (const std::string_view member : {"tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"}) {
    const size_t at = text.find("\"" + std::string(member) + "\"");
    ASSERT_NE(at, std::string::npos);
    std::string changed = text.substr(0, at) + with(text.substr(at), "\"start\"", "\"begin\"");
    EXPECT_EQ(read_trusted_root(changed).error().code(), Code::kMalformed) << member;
    changed = text.substr(0, at) + with(text.substr(at), "\"validFor\"", "\"valid\"");
    EXPECT_EQ(read_trusted_root(changed).error().code(), Code::kMalformed) << member;
  }
}

TEST_F(TrustedRootTest, ReadsEndsAndFractions) {
  const auto root = read_trusted_root(with(text, "\"start\":", R"("end":"2030-01-01T00:00:00.999Z","start":)"));
  ASSERT_TRUE(root) << root.error().to_string();
  EXPECT_EQ(root->logs[0].valid.end, 1893456000);
  EXPECT_TRUE(read_trusted_root(with(text, "\"start\":", R"("end":null,"start":)")));
  EXPECT_FALSE(read_trusted_root(with(text, "\"start\":", R"("end":"soon","start":)")));
}

TEST_F(TrustedRootTest, KeepsLogsWhoseKeysAreNotUsedHereButBelievesNoneOfThem) {
  for (const std::string_view details : {"PKCS1_RSA_PKCS1V5", "PKIX_ED25519", "PKIX_ED25519_PH", ""}) {
    const auto root = read_trusted_root(with(text, "PKIX_ECDSA_P256_SHA_256", details));
    ASSERT_TRUE(root) << root.error().to_string();
    EXPECT_FALSE(root->logs[0].key) << details;
  }
}

TEST_F(TrustedRootTest, RefusesOtherVersionsAndWhatIsNone) {
  EXPECT_EQ(read_trusted_root(with(text, "version=0.1", "version=0.9")).error().code(), Code::kUnsupported);
  EXPECT_TRUE(read_trusted_root(with(text, "trustedroot+json;version=0.1", "trustedroot.v0.2+json")));
  for (const std::string& broken :
       {std::string(), std::string("{}"), with(text, "\"rawBytes\":\"", "\"rawBytes\":\"!"),
        with(text, "\"certificates\":[{", "\"certificates\":[],\"x\":[{"), with(text, "\"keyId\"", "\"id\""),
        with(text, "\"tlogs\":[", "\"tlogs\":[],\"tlogs\":["), with(text, "\"ctlogs\":[", "\"ctlogs\":[1,")}) {
    EXPECT_EQ(read_trusted_root(broken).error().code(), Code::kMalformed) << broken;
  }
}

}  // namespace
}  // namespace bulkhead::sigstore
