#include "crypto/timestamp_token.h"

#include <gtest/gtest.h>

#include "crypto/der.h"
#include "crypto/test_timestamp.h"

namespace bulkhead {
namespace {

// A root, an authority below it, and what a verifier knows of both.
struct TimestampTest : testing::Test {
  TestIdentity root = make_certificate(authority_recipe("tsa root"));
  TestIdentity authority = make_certificate(timestamping_recipe("tsa"), &root);
  std::vector<Certificate> roots{root.certificate()};
  std::vector<Certificate> known{authority.certificate()};

  Result<Timestamp> verify(std::string_view token, std::string_view message = "message") const {
    return verify_timestamp(as_bytes(token), as_bytes(message), {.roots = roots, .certificates = known});
  }
  // The message of the error; empty when the token holds.
  std::string refusal(std::string_view token) const {
    const auto verified = verify(token);
    return verified ? "" : verified.error().to_string();
  }
};

TEST_F(TimestampTest, SaysWhenAMessageWasSeen) {
  const auto verified = verify(make_timestamp_token("message", authority, {.accuracy_seconds = 3}));
  ASSERT_TRUE(verified) << verified.error().to_string();
  EXPECT_EQ(verified->time, kTestEpoch);
  EXPECT_EQ(verified->accuracy_seconds, 3U);
  EXPECT_EQ(verified->policy, "1.2.3.4");
  EXPECT_EQ(verified->serial, "c0ffee");
  EXPECT_EQ(verified->nonce, "");
  ASSERT_EQ(verified->chain.size(), 2U);
  EXPECT_EQ(verified->chain[0], authority.certificate());
}

TEST_F(TimestampTest, IsVerifiedByEveryAlgorithmOfTheHouse) {
  for (const std::string key : {"P-256", "P-384", "P-521", "RSA:2048"}) {
    for (const std::string digest : {"SHA256", "SHA384", "SHA512"}) {
      CertificateRecipe recipe = timestamping_recipe("tsa");
      recipe.key = key;
      authority = make_certificate(recipe, &root);
      known = {authority.certificate()};
      EXPECT_EQ(refusal(make_timestamp_token("message", authority, {.imprint_digest = digest, .digest = digest})), "")
          << key << digest;
    }
  }
}

TEST_F(TimestampTest, BringsItsCertificateAlong) {
  known.clear();
  EXPECT_EQ(refusal(make_timestamp_token("message", authority, {.embed_certificate = true})), "");
  EXPECT_NE(refusal(make_timestamp_token("message", authority)).find("nobody knows"), std::string::npos);
}

TEST_F(TimestampTest, OfAnotherMessageIsRefused) {
  EXPECT_EQ(verify(make_timestamp_token("message", authority), "messagf").error().code(), Code::kVerificationFailed);
}

TEST_F(TimestampTest, OfAnAuthorityThatNobodyTrustsIsRefused) {
  const TestIdentity other_root = make_certificate(authority_recipe("tsa root"));
  const TestIdentity other = make_certificate(timestamping_recipe("tsa"), &other_root);
  EXPECT_NE(refusal(make_timestamp_token("message", other, {.embed_certificate = true})), "");
  EXPECT_NE(refusal(make_timestamp_token("message", other)), "");
}

TEST_F(TimestampTest, HoldsAtTheTimeThatItStatesAndNotOutsideOfItsChain) {
  const int64_t last = known[0].not_after();
  EXPECT_EQ(refusal(make_timestamp_token("message", authority, {.time = last})), "");
  EXPECT_NE(refusal(make_timestamp_token("message", authority, {.time = last + 1})), "");
  EXPECT_NE(refusal(make_timestamp_token("message", authority, {.time = known[0].not_before() - 1})), "");
}

TEST_F(TimestampTest, NeedsACertificateForTimestampsAlone) {
  for (const std::string_view usage :
       {"timeStamping", "critical,timeStamping,codeSigning", "critical,codeSigning", ""}) {
    CertificateRecipe recipe = timestamping_recipe("tsa");
    recipe.extensions.back().second = usage;
    if (usage.empty()) recipe.extensions.pop_back();
    authority = make_certificate(recipe, &root);
    known = {authority.certificate()};
    EXPECT_NE(refusal(make_timestamp_token("message", authority)).find("not for timestamps alone"), std::string::npos)
        << usage;
  }
}

TEST_F(TimestampTest, NamesItsCertificateInTheSignedAttributes) {
  EXPECT_NE(refusal(make_timestamp_token("message", authority, {.name_certificate = false})).find("do not name"),
            std::string::npos);
  // Another certificate of the same name, serial and key.
  CertificateRecipe recipe = timestamping_recipe("tsa");
  recipe.pkcs8 = authority.pkcs8;
  recipe.not_after += 1;
  const std::string token = make_timestamp_token("message", authority);
  known = {make_certificate(recipe, &root).certificate()};
  EXPECT_NE(refusal(token).find("do not name"), std::string::npos);
  known.push_back(authority.certificate());
  EXPECT_EQ(refusal(token), "");
}

TEST_F(TimestampTest, ByAWeakDigestIsRefused) {
  EXPECT_NE(refusal(make_timestamp_token("message", authority, {.imprint_digest = "SHA1"})), "");
  EXPECT_NE(refusal(make_timestamp_token("message", authority, {.digest = "SHA1"})), "");
}

TEST_F(TimestampTest, IsNoOtherSignatureOfTheAuthority) {
  EXPECT_EQ(verify(make_timestamp_token("message", authority, {.is_timestamp = false})).error().code(),
            Code::kMalformed);
}

TEST_F(TimestampTest, IsNotBelievedWhenAnyByteOfItHasChanged) {
  const std::string token = make_timestamp_token("message", authority);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto verified = verify(changed);
    // OpenSSL reads some parts in more than one form; what it says must be the same then.
    if (verified) {
      EXPECT_EQ(verified->time, kTestEpoch) << i;
      EXPECT_EQ(verified->serial, "c0ffee") << i;
    }
  }
  for (size_t size = 0; size < token.size(); ++size) EXPECT_FALSE(verify(token.substr(0, size)));
  EXPECT_FALSE(verify(token + "x"));
  EXPECT_EQ(verify(std::string(kMaxTimestampBytes + 1, '\x30')).error().code(), Code::kLimitExceeded);
}

TEST_F(TimestampTest, IsFoundInAResponse) {
  const std::string token = make_timestamp_token("message", authority);
  const std::string response = make_timestamp_response(token);
  const auto found = timestamp_token_of(as_bytes(response));
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(as_text(*found), token);

  const std::string rejection = der_element(der::kSequence, der_element(der::kInteger, "\x02"));
  const std::string refused = der_element(der::kSequence, rejection + token);
  EXPECT_EQ(timestamp_token_of(as_bytes(refused)).error().code(), Code::kVerificationFailed);
  for (const std::string& text : {std::string(), token, response + "x", der_element(der::kSequence, rejection)}) {
    EXPECT_FALSE(timestamp_token_of(as_bytes(text)));
  }
}

}  // namespace
}  // namespace bulkhead
