#include "sigstore/identity.h"

#include <gtest/gtest.h>

#include "crypto/der.h"
#include "crypto/test_certificate.h"

namespace bulkhead::sigstore {
namespace {

Result<CertificateIdentity> identity_with(const std::string& name, const std::string& issuer_value) {
  CertificateRecipe recipe = code_signing_recipe("leaf");
  if (!name.empty()) recipe.extensions.emplace_back("subjectAltName", name);
  recipe.extensions.emplace_back("1.3.6.1.4.1.57264.1.8", "DER:" + to_hex(as_bytes(issuer_value)));
  return identity_of(make_certificate(recipe).certificate());
}

const std::string kIssuer = der_element(der::kUtf8String, "https://issuer");

TEST(CertificateIdentity, IsAnAddressAUriAHostOrAUserName) {
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"email:a@b.c", "a@b.c"},
           {"URI:https://github.com/o/r/.github/workflows/w.yml@refs/heads/main",
            "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main"},
           {"DNS:host.example.com", "host.example.com"},
           {"otherName:1.3.6.1.4.1.57264.1.7;UTF8:user!org", "user!org"}}) {
    const auto identity = identity_with(name, kIssuer);
    ASSERT_TRUE(identity) << identity.error().to_string();
    EXPECT_EQ(identity->name, text);
    EXPECT_EQ(identity->issuer, "https://issuer");
  }
}

TEST(CertificateIdentity, IsNoOtherName) {
  for (const std::string& name : {"", "IP:1.2.3.4", "otherName:1.2.3.4;UTF8:a@b.c", "email:a@b.c,email:d@e.f"}) {
    EXPECT_EQ(identity_with(name, kIssuer).error().code(), Code::kVerificationFailed) << name;
  }
  EXPECT_EQ(identity_with("email:a@b.c", "https://issuer").error().code(), Code::kMalformed);
  EXPECT_FALSE(identity_with("email:a@b.c", kIssuer + "x"));
}

TEST(TextPattern, MatchesAllOfAText) {
  const TextPattern exact = TextPattern::exactly("a.c");
  EXPECT_TRUE(exact.matches("a.c"));
  EXPECT_FALSE(exact.matches("abc"));
  const auto regex = TextPattern::regex("a.c|x");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->matches("abc"));
  EXPECT_TRUE(regex->matches("x"));
  for (const std::string_view text : {"abcd", "zabc", "xx", "abc\n", "\nabc", ""}) EXPECT_FALSE(regex->matches(text));
  // An alternative of the user's own closes no bracket of ours.
  EXPECT_FALSE(TextPattern::regex("a|b")->matches("ab"));
  EXPECT_EQ(regex->describe(), "/a.c|x/");
  EXPECT_EQ(exact.describe(), "\"a.c\"");
}

TEST(TextPattern, RefusesWhatIsNoExpressionOrCostsTooMuch) {
  for (const std::string& expression : {std::string("("), std::string("a)b("), std::string("(?=x)"),
                                        std::string("((a{100}){100}){100}"), std::string(5000, 'a')}) {
    EXPECT_EQ(TextPattern::regex(expression).error().code(), Code::kInvalidArgument) << expression;
  }
}

TEST(CheckIdentity, NeedsBothOfOnePattern) {
  const CertificateIdentity identity{.name = "a@b.c", .issuer = "https://issuer"};
  const auto pattern = [](std::string name, std::string issuer) {
    return IdentityPattern{.name = TextPattern::exactly(std::move(name)),
                           .issuer = TextPattern::exactly(std::move(issuer))};
  };
  EXPECT_TRUE(check_identity(identity, {pattern("x", "y"), pattern("a@b.c", "https://issuer")}));
  EXPECT_FALSE(check_identity(identity, {pattern("a@b.c", "y"), pattern("x", "https://issuer")}));
  EXPECT_FALSE(check_identity(identity, {}));
}

}  // namespace
}  // namespace bulkhead::sigstore
