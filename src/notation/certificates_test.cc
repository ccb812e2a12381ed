#include "notation/certificates.h"

#include <gtest/gtest.h>

#include "notation/test_signature.h"

namespace bulkhead::notation {
namespace {

using Extensions = std::vector<std::pair<std::string, std::string>>;

std::string verdict(std::span<const Certificate> chain, std::optional<int64_t> at = kTestEpoch) {
  const Status status = check_signing_certificates(chain, at);
  return status ? "good" : status.error().to_string();
}

std::string verdict_on_leaf(Extensions extensions, const std::string& key = "P-256",
                            const std::string& digest = "SHA256") {
  CertificateRecipe recipe = code_signing_recipe("signer");
  recipe.extensions = std::move(extensions);
  recipe.key = key;
  recipe.digest = digest;
  return verdict(TestChain(recipe).certificates());
}

#define EXPECT_SAYS(said, what) EXPECT_TRUE(std::string(said).contains(what)) << (said)

TEST(SigningCertificates, AreGoodInOrder) {
  EXPECT_EQ(verdict(TestChain().certificates()), "good");
}

TEST(SigningCertificates, MayBeOneThatSignedItself) {
  const std::vector<Certificate> alone = {make_certificate(code_signing_recipe("alone")).certificate()};
  EXPECT_EQ(verdict(alone), "good");
  const std::vector<Certificate> authority = {make_certificate(authority_recipe("root")).certificate()};
  EXPECT_SAYS(verdict(authority), "is an authority's");
  const std::vector<Certificate> issued = {TestChain().certificates().front()};
  EXPECT_SAYS(verdict(issued), "does not end with a root");
  EXPECT_SAYS(verdict({}), "no certificates");
}

TEST(SigningCertificates, AreInOrderWithNoneTooFewAndNoneTooMany) {
  const TestChain chain;
  const std::vector<Certificate> all = chain.certificates();
  const std::vector<Certificate> swapped = {all[0], all[2], all[1]};
  EXPECT_NE(verdict(swapped), "good");
  const std::vector<Certificate> reversed = {all[2], all[1], all[0]};
  EXPECT_NE(verdict(reversed), "good");
  const std::vector<Certificate> without_root = {all[0], all[1]};
  EXPECT_SAYS(verdict(without_root), "does not end with a root");
  const std::vector<Certificate> without_middle = {all[0], all[2]};
  EXPECT_NE(verdict(without_middle), "good");
  const std::vector<Certificate> root_twice = {all[0], all[1], all[2], all[2]};
  EXPECT_SAYS(verdict(root_twice), "signed itself, yet is not the last");
  const std::vector<Certificate> extra = {all[0], all[1], all[2],
                                          make_certificate(authority_recipe("other")).certificate()};
  EXPECT_NE(verdict(extra), "good");
  const std::vector<Certificate> namesake = {all[0], all[1], make_certificate(authority_recipe("root")).certificate()};
  EXPECT_NE(verdict(namesake), "good");
}

TEST(SigningCertificates, OfSignersSignAndDoNothingElse) {
  const std::pair<std::string, std::string> usage = {"keyUsage", "critical,digitalSignature"};
  EXPECT_EQ(verdict_on_leaf({usage}), "good");
  EXPECT_EQ(verdict_on_leaf({{"keyUsage", "critical,digitalSignature,nonRepudiation"}}), "good");
  EXPECT_SAYS(verdict_on_leaf({}), "may not sign");
  EXPECT_SAYS(verdict_on_leaf({{"keyUsage", "digitalSignature"}}), "no critical key usage");
  EXPECT_SAYS(verdict_on_leaf({{"keyUsage", "critical,nonRepudiation"}}), "may not sign");
  for (const std::string more : {"keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
                                 "encipherOnly", "decipherOnly"}) {
    EXPECT_SAYS(verdict_on_leaf({{"keyUsage", "critical,digitalSignature," + more}}), "may do more than sign");
  }
  EXPECT_SAYS(verdict_on_leaf({{"basicConstraints", "critical,CA:TRUE"}, usage}), "is an authority's");
}

TEST(SigningCertificates, OfSignersAreForCodeOrForNothingInParticular) {
  const std::pair<std::string, std::string> usage = {"keyUsage", "critical,digitalSignature"};
  EXPECT_EQ(verdict_on_leaf({usage, {"extendedKeyUsage", "codeSigning"}}), "good");
  EXPECT_EQ(verdict_on_leaf({usage, {"extendedKeyUsage", "1.2.3.4"}}), "good");
  for (const std::string other :
       {"anyExtendedKeyUsage", "serverAuth", "clientAuth", "emailProtection", "timeStamping", "OCSPSigning"}) {
    EXPECT_SAYS(verdict_on_leaf({usage, {"extendedKeyUsage", "codeSigning," + other}}), "is for other things") << other;
  }
}

TEST(SigningCertificates, HaveNoWeakKeysAndNoWeakSignatures) {
  const Extensions usage = {{"keyUsage", "critical,digitalSignature"}};
  for (const std::string key : {"RSA:1024", "RSA:2560", "secp256k1", "ED25519"}) {
    EXPECT_NE(verdict_on_leaf(usage, key), "good") << key;
  }
  EXPECT_SAYS(verdict_on_leaf(usage, "P-256", "SHA1"), "algorithm that is not used here");
  TestChain chain;
  CertificateRecipe root = authority_recipe("root");
  root.digest = "SHA1";
  root.pkcs8 = chain.root.pkcs8;
  chain.root = make_certificate(root);
  EXPECT_SAYS(verdict(chain.certificates()), "algorithm that is not used here");
}

TEST(SigningCertificates, OfAuthoritiesMayIssueAndAsDeepAsTheySay) {
  const auto with_root = [](Extensions extensions) {
    TestChain chain;
    CertificateRecipe recipe = authority_recipe("root");
    recipe.pkcs8 = chain.root.pkcs8;
    recipe.extensions = std::move(extensions);
    chain.root = make_certificate(recipe);
    return verdict(chain.certificates());
  };
  const std::pair<std::string, std::string> usage = {"keyUsage", "critical,keyCertSign"};
  const std::pair<std::string, std::string> authority = {"basicConstraints", "critical,CA:TRUE"};
  EXPECT_EQ(with_root({authority, usage}), "good");
  EXPECT_EQ(with_root({{"basicConstraints", "critical,CA:TRUE,pathlen:1"}, usage}), "good");
  EXPECT_SAYS(with_root({{"basicConstraints", "critical,CA:TRUE,pathlen:0"}, usage}), "allows 0 authorities below it");
  EXPECT_SAYS(with_root({{"basicConstraints", "CA:TRUE"}, usage}), "is no authority's");
  EXPECT_SAYS(with_root({{"basicConstraints", "critical,CA:FALSE"}, usage}), "is no authority's");
  EXPECT_SAYS(with_root({usage}), "is no authority's");
  EXPECT_SAYS(with_root({authority}), "may not sign certificates");
  EXPECT_SAYS(with_root({authority, {"keyUsage", "keyCertSign"}}), "no critical key usage");
  EXPECT_SAYS(with_root({authority, {"keyUsage", "critical,cRLSign"}}), "may not sign certificates");
}

TEST(SigningCertificates, AreAllValidAtTheTimeAskedFor) {
  CertificateRecipe recipe = code_signing_recipe("signer");
  recipe.not_after = kTestEpoch - 1;
  const std::vector<Certificate> expired = TestChain(recipe).certificates();
  EXPECT_SAYS(verdict(expired), "is valid from");
  EXPECT_EQ(verdict(expired, kTestEpoch - 1), "good");
  EXPECT_EQ(verdict(expired, std::nullopt), "good");
  recipe.not_after = kTestEpoch + kTestDay;
  recipe.not_before = kTestEpoch + 1;
  EXPECT_SAYS(verdict(TestChain(recipe).certificates()), "is valid from");
}

TEST(TimestampingCertificates, AreForTimestampsAlone) {
  const auto verdict_on = [](Extensions extensions) {
    CertificateRecipe recipe{.subject = "C=US,O=Example,CN=tsa", .extensions = std::move(extensions)};
    const Status status = check_timestamping_certificates(TestChain(recipe).certificates());
    return status ? std::string("good") : status.error().to_string();
  };
  const std::pair<std::string, std::string> usage = {"keyUsage", "digitalSignature"};
  EXPECT_EQ(verdict_on({usage, {"extendedKeyUsage", "critical,timeStamping"}}), "good");
  EXPECT_SAYS(verdict_on({usage, {"extendedKeyUsage", "timeStamping"}}), "is not for time-stamps alone");
  EXPECT_SAYS(verdict_on({usage, {"extendedKeyUsage", "critical,timeStamping,codeSigning"}}), "is not for time-stamps");
  EXPECT_SAYS(verdict_on({usage}), "is not for time-stamps");
}

}  // namespace
}  // namespace bulkhead::notation
