#include "crypto/certificate_chain.h"

#include <gtest/gtest.h>

#include "crypto/test_certificate.h"

namespace bulkhead {
namespace {

using Extensions = std::vector<std::pair<std::string, std::string>>;

// Root, intermediate and leaf, of which a test changes what it is about.
struct Chain {
  CertificateRecipe root_recipe = authority_recipe("root");
  CertificateRecipe middle_recipe = authority_recipe("middle");
  CertificateRecipe leaf_recipe = code_signing_recipe("leaf");
  int64_t at = kTestEpoch;
  std::string_view usage = oid::kCodeSigning;

  Result<std::vector<Certificate>> verify() const {
    const TestIdentity root = make_certificate(root_recipe);
    const TestIdentity middle = make_certificate(middle_recipe, &root);
    const Certificate leaf = make_certificate(leaf_recipe, &middle).certificate();
    const std::vector<Certificate> roots = {root.certificate()};
    const std::vector<Certificate> middles = {middle.certificate()};
    return verify_chain(leaf, {.roots = roots, .intermediates = middles, .at = at, .extended_key_usage = usage});
  }
  // Why not.
  std::string refusal() const {
    const auto chain = verify();
    if (chain) return "verified";
    EXPECT_EQ(chain.error().code(), Code::kVerificationFailed);
    return chain.error().to_string();
  }
};

#define EXPECT_REFUSED(chain, why) EXPECT_TRUE((chain).refusal().contains(why)) << (chain).refusal()

TEST(CertificateChain, LeadsFromTheLeafToTheRoot) {
  const auto chain = Chain().verify();
  ASSERT_TRUE(chain) << chain.error().to_string();
  ASSERT_EQ(chain->size(), 3);
  EXPECT_EQ(chain->at(0).subject(), "CN=leaf,O=Example,ST=WA,C=US");
  EXPECT_EQ(chain->at(1).subject(), "CN=middle,O=Example,C=US");
  EXPECT_EQ(chain->at(2).subject(), "CN=root,O=Example,C=US");
}

TEST(CertificateChain, TheLeafAloneIsOneWhenItIsTrusted) {
  const Certificate leaf = make_certificate(code_signing_recipe("leaf")).certificate();
  const std::vector<Certificate> roots = {leaf};
  const auto chain = verify_chain(leaf, {.roots = roots, .at = kTestEpoch, .extended_key_usage = oid::kCodeSigning});
  ASSERT_TRUE(chain) << chain.error().to_string();
  EXPECT_EQ(chain->size(), 1);
  EXPECT_FALSE(verify_chain(leaf, {.roots = {}, .at = kTestEpoch}));
}

TEST(CertificateChain, AnIntermediateIsARootWhenItIsTrusted) {
  const TestIdentity root = make_certificate(authority_recipe("root"));
  const TestIdentity middle = make_certificate(authority_recipe("middle"), &root);
  const Certificate leaf = make_certificate(code_signing_recipe("leaf"), &middle).certificate();
  const std::vector<Certificate> roots = {middle.certificate()};
  const auto chain = verify_chain(leaf, {.roots = roots, .at = kTestEpoch});
  ASSERT_TRUE(chain) << chain.error().to_string();
  EXPECT_EQ(chain->size(), 2);
}

TEST(CertificateChain, NamesakesOfTheRootAreNotTheRoot) {
  const TestIdentity root = make_certificate(authority_recipe("root"));
  const Certificate namesake = make_certificate(authority_recipe("root")).certificate();
  const Certificate leaf = make_certificate(code_signing_recipe("leaf"), &root).certificate();
  const std::vector<Certificate> roots = {namesake};
  const std::vector<Certificate> untrusted = {root.certificate()};
  EXPECT_EQ(verify_chain(leaf, {.roots = roots, .intermediates = untrusted, .at = kTestEpoch}).error().code(),
            Code::kVerificationFailed);
}

TEST(CertificateChain, HoldsAtBothEndsOfItsTimeAndNotASecondBeyond) {
  Chain chain;
  chain.at = chain.leaf_recipe.not_before;
  EXPECT_TRUE(chain.verify());
  chain.at = chain.leaf_recipe.not_after;
  EXPECT_TRUE(chain.verify());
  chain.at = chain.leaf_recipe.not_after + 1;
  EXPECT_REFUSED(chain, "is valid from");
  chain.at = chain.leaf_recipe.not_before - 1;
  EXPECT_REFUSED(chain, "is valid from");
}

TEST(CertificateChain, NeedsAllItsIssuersValid) {
  Chain chain;
  chain.middle_recipe.not_after = kTestEpoch - 1;
  EXPECT_REFUSED(chain, "1 others are not valid at 2027-01-15");
  Chain other;
  other.root_recipe.not_before = kTestEpoch + 1;
  EXPECT_REFUSED(other, "1 others are not valid at");
}

TEST(CertificateChain, TakesTheValidOneOfTwoIssuersWithOneKey) {
  const TestIdentity root = make_certificate(authority_recipe("root"));
  CertificateRecipe expired = authority_recipe("root");
  expired.pkcs8 = root.pkcs8;
  expired.not_after = kTestEpoch - 1;
  const Certificate old_root = make_certificate(expired).certificate();
  const Certificate leaf = make_certificate(code_signing_recipe("leaf"), &root).certificate();
  const std::vector<Certificate> roots = {old_root, root.certificate()};
  EXPECT_TRUE(verify_chain(leaf, {.roots = roots, .at = kTestEpoch}));
}

TEST(CertificateChain, NeedsIssuersThatAreAuthorities) {
  Chain leaf_issues;
  leaf_issues.middle_recipe.extensions = {{"basicConstraints", "critical,CA:FALSE"}};
  EXPECT_REFUSED(leaf_issues, "leads to no trusted root: invalid CA certificate");
  Chain says_nothing;
  says_nothing.middle_recipe.extensions = {};
  EXPECT_REFUSED(says_nothing, "invalid CA certificate");
  Chain root_says_nothing;
  root_says_nothing.root_recipe.extensions = {};
  EXPECT_NE(root_says_nothing.refusal(), "verified");
  Chain signs_no_certificates;
  signs_no_certificates.middle_recipe.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                                    {"keyUsage", "critical,digitalSignature"}};
  EXPECT_NE(signs_no_certificates.refusal(), "verified");
}

TEST(CertificateChain, KeepsPathLengths) {
  Chain chain;
  chain.root_recipe.extensions[0].second = "critical,CA:TRUE,pathlen:0";
  EXPECT_REFUSED(chain, "path length constraint exceeded");
  chain.root_recipe.extensions[0].second = "critical,CA:TRUE,pathlen:1";
  EXPECT_TRUE(chain.verify());
}

TEST(CertificateChain, KeepsNameConstraints) {
  Chain chain;
  chain.middle_recipe.extensions.emplace_back("nameConstraints", "critical,permitted;DNS:inside.example");
  chain.leaf_recipe.extensions.emplace_back("subjectAltName", "DNS:a.inside.example");
  EXPECT_TRUE(chain.verify());
  chain.leaf_recipe.extensions.back().second = "DNS:a.outside.example";
  EXPECT_REFUSED(chain, "permitted subtree violation");
}

TEST(CertificateChain, RefusesCriticalExtensionsThatNobodyKnows) {
  Chain chain;
  chain.leaf_recipe.extensions.emplace_back("1.2.3.4", "DER:0500");
  EXPECT_TRUE(chain.verify());
  chain.leaf_recipe.extensions.back().second = "critical,DER:0500";
  EXPECT_REFUSED(chain, "unhandled critical extension");
}

TEST(CertificateChain, IsForTheUseThatIsAskedFor) {
  Chain chain;
  chain.usage = oid::kTimeStamping;
  EXPECT_REFUSED(chain, "is not for this use");
  chain.usage = oid::kCodeSigning;
  chain.middle_recipe.extensions.emplace_back("extendedKeyUsage", "serverAuth");
  EXPECT_REFUSED(chain, "does not issue for this use");
  chain.middle_recipe.extensions.back().second = "serverAuth,codeSigning";
  EXPECT_TRUE(chain.verify());
  chain.middle_recipe.extensions.back().second = "anyExtendedKeyUsage";
  EXPECT_TRUE(chain.verify());
  chain.leaf_recipe.extensions.back().second = "anyExtendedKeyUsage";
  EXPECT_REFUSED(chain, "is not for this use");
}

TEST(CertificateChain, RefusesWeakSignaturesButForTheRootsOwn) {
  for (const std::string_view digest : {"SHA1", "SHA224"}) {
    SCOPED_TRACE(digest);
    Chain chain;
    chain.leaf_recipe.digest = digest;
    EXPECT_NE(chain.refusal(), "verified");
    Chain middle;
    middle.middle_recipe.digest = digest;
    EXPECT_NE(middle.refusal(), "verified");
  }
  Chain chain;
  chain.root_recipe.digest = "SHA1";
  EXPECT_TRUE(chain.verify()) << chain.refusal();
}

TEST(CertificateChain, RefusesWeakKeysAnywhere) {
  for (const std::string_view key : {"RSA:1024", "secp256k1"}) {
    SCOPED_TRACE(key);
    for (CertificateRecipe Chain::* const part : {&Chain::root_recipe, &Chain::middle_recipe, &Chain::leaf_recipe}) {
      Chain chain;
      (chain.*part).key = key;
      EXPECT_NE(chain.refusal(), "verified");
    }
  }
}

TEST(CertificateChain, HasTenCertificatesAtMost) {
  for (const int authorities : {9, 10}) {
    TestIdentity issuer = make_certificate(authority_recipe("0"));
    const std::vector<Certificate> roots = {issuer.certificate()};
    std::vector<Certificate> middles;
    for (int i = 1; i < authorities; ++i) {
      issuer = make_certificate(authority_recipe(std::to_string(i)), &issuer);
      middles.push_back(issuer.certificate());
    }
    const Certificate leaf = make_certificate(code_signing_recipe("leaf"), &issuer).certificate();
    const auto chain = verify_chain(leaf, {.roots = roots, .intermediates = middles, .at = kTestEpoch});
    EXPECT_EQ(chain.has_value(), authorities == 9) << authorities;
  }
}

TEST(CertificateChain, BoundsWhatItIsGiven) {
  const Certificate certificate = make_certificate(authority_recipe("root")).certificate();
  const std::vector<Certificate> many(1001, certificate);
  EXPECT_EQ(verify_chain(certificate, {.roots = many, .at = kTestEpoch}).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(verify_chain(certificate, {.roots = {}, .intermediates = many, .at = kTestEpoch}).error().code(),
            Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead
