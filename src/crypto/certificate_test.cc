#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include "base/date.h"
#include "crypto/test_certificate.h"

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
  const auto root = Certificate::from_pem(kRoot);
  ASSERT_TRUE(root) << root.error().to_string();
  EXPECT_EQ(rfc3339_of(root->not_before()), "2026-11-22T21:37:00Z");
  EXPECT_EQ(rfc3339_of(root->not_after()), "2046-11-17T21:37:00Z");
  EXPECT_TRUE(root->is_valid_at(root->not_before()));
  EXPECT_TRUE(root->is_valid_at(root->not_after()));
  EXPECT_FALSE(root->is_valid_at(root->not_after() + 1));
}

TEST(Certificate, TellsWhatOpensslTellsOfIt) {  // openssl x509 -noout -subject -serial -fingerprint -sha256 …
  const Certificate root = *Certificate::from_pem(kRoot);
  EXPECT_EQ(root.subject(), "CN=swarm-ca");
  EXPECT_EQ(root.issuer(), "CN=swarm-ca");
  EXPECT_EQ(root.serial(), "1122b95e9499c8f99a8e137b2bbb1c095d93c2b9");
  EXPECT_EQ(root.fingerprint().hex(), "89037bcbe6fd1045f1bcdd0d88d7d2f083bb666fa139a67729f3f2af34c5f889");
  EXPECT_TRUE(root.basic_constraints()->ca);
  EXPECT_FALSE(root.basic_constraints()->path_length);
  EXPECT_EQ(root.key_usage(), (KeyUsage{.certificate_signing = true, .crl_signing = true}));
  EXPECT_TRUE(root.extended_key_usages().empty());
  EXPECT_EQ(root.public_key()->type(), KeyType::kEcdsaP256);
  EXPECT_EQ(root.pem(), kRoot);
  EXPECT_TRUE(root.is_self_issued());
  EXPECT_TRUE(root.verify_signed_by(root));
}

TEST(Certificate, TellsItsNamesUsagesAndExtensions) {
  const TestIdentity made =
      make_certificate({.subject = "C=US,ST=WA,O=Caf\xc3\xa9; Bar,CN=leaf",
                        .extensions = {{"basicConstraints", "critical,CA:TRUE,pathlen:3"},
                                       {"extendedKeyUsage", "codeSigning,1.2.3.4"},
                                       {"subjectAltName",
                                        "critical,email:a@b.example,DNS:b.example,URI:https://b.example/x,IP:192.0.2.1,"
                                        "otherName:1.3.6.1.4.1.57264.1.7;UTF8:someone"},
                                       {"1.3.6.1.4.1.57264.1.8", "DER:0c0161"}}});
  const Certificate certificate = made.certificate();
  EXPECT_EQ(certificate.subject(), "CN=leaf,O=Caf\xc3\xa9\\; Bar,ST=WA,C=US");
  EXPECT_EQ(certificate.subject_attributes(),
            (std::vector<NameAttribute>{{"C", "US"}, {"ST", "WA"}, {"O", "Caf\xc3\xa9; Bar"}, {"CN", "leaf"}}));
  EXPECT_EQ(certificate.basic_constraints()->path_length, 3);
  EXPECT_EQ(certificate.extended_key_usages(), (std::vector<std::string>{std::string(oid::kCodeSigning), "1.2.3.4"}));
  EXPECT_TRUE(certificate.has_extended_key_usage(oid::kCodeSigning));
  EXPECT_FALSE(certificate.has_extended_key_usage(oid::kTimeStamping));
  using enum AlternativeName::Kind;
  EXPECT_EQ(certificate.alternative_names(),
            (std::vector<AlternativeName>{{kEmail, "a@b.example"},
                                          {kDns, "b.example"},
                                          {kUri, "https://b.example/x"},
                                          {kIp, std::string("\xc0\0\2\1", 4)},
                                          {kOther, "someone", "1.3.6.1.4.1.57264.1.7"}}));
  EXPECT_TRUE(certificate.extension("2.5.29.17")->critical);
  EXPECT_EQ(certificate.extension("1.3.6.1.4.1.57264.1.8")->value,
            "\x0c\x01"
            "a");
  EXPECT_EQ(certificate.extension("1.2.3"), nullptr);
  EXPECT_EQ(certificate.key_usage(), std::nullopt);
}

TEST(Certificate, IsTheFirstOfSeveralWhateverStandsAround) {
  const TestIdentity other = make_certificate({});
  const auto first = Certificate::from_pem("Subject: x\n" + std::string(kRoot) + "\n" + other.pem() + "junk");
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->subject(), "CN=swarm-ca");
}

TEST(Certificate, FilesHoldSeveralInPemOrInDer) {
  const TestIdentity a = make_certificate({.subject = "CN=a"});
  const TestIdentity b = make_certificate({.subject = "CN=b"});
  const std::string key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  for (const std::string& file : {a.pem() + key + b.pem(), a.der + b.der}) {
    const auto both = Certificate::list_from(as_bytes(file));
    ASSERT_TRUE(both) << both.error().to_string();
    ASSERT_EQ(both->size(), 2);
    EXPECT_EQ(both->at(0), a.certificate());
    EXPECT_EQ(both->at(1), b.certificate());
  }
  for (const std::string& file : {std::string(), std::string("x"), a.der + "x", a.der + b.der.substr(0, 99), key}) {
    EXPECT_EQ(Certificate::list_from(as_bytes(file)).error().code(), Code::kMalformed);
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += a.der;
  EXPECT_EQ(Certificate::list_from(as_bytes(many)).error().code(), Code::kLimitExceeded);
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
    const auto certificate = Certificate::from_pem(text);
    ASSERT_FALSE(certificate) << text;
    EXPECT_EQ(certificate.error().code(), Code::kMalformed);
  }
  EXPECT_EQ(Certificate::from_pem(std::string((1 << 20) + 1, '-')).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(Certificate::from_der(as_bytes(std::string(65 << 10, '0'))).error().code(), Code::kLimitExceeded);
}

TEST(Certificate, HasOneEncodingOnly) {
  const TestIdentity made = make_certificate({});
  EXPECT_FALSE(Certificate::from_der(as_bytes(made.der + "x")));
  // The outer length with a byte more than it needs: BER, not DER.
  const std::string longer = std::string("\x30\x83\x00", 3) + made.der.substr(2);
  EXPECT_FALSE(Certificate::from_der(as_bytes(longer)));
}

TEST(Certificate, RefusesTwoExtensionsOfOneKind) {
  const TestIdentity made = make_certificate({.extensions = {{"1.2.3.4", "DER:0500"}, {"1.2.3.4", "DER:0500"}}});
  EXPECT_EQ(Certificate::from_der(as_bytes(made.der)).error().code(), Code::kMalformed);
}

TEST(Certificate, RefusesAlternativeNamesThatHideTheirEnd) {
  // SEQUENCE { [2] "a\0b" }
  const TestIdentity made = make_certificate({.extensions = {{"subjectAltName", "DER:30058203610062"}}});
  EXPECT_EQ(Certificate::from_der(as_bytes(made.der)).error().code(), Code::kMalformed);
}

TEST(Certificate, IsSignedByItsIssuerOnly) {
  const TestIdentity root = make_certificate(authority_recipe("root"));
  const TestIdentity namesake = make_certificate(authority_recipe("root"));
  const TestIdentity other = make_certificate(authority_recipe("other"));
  const Certificate leaf = make_certificate({}, &root).certificate();
  EXPECT_TRUE(leaf.verify_signed_by(root.certificate()));
  EXPECT_EQ(leaf.verify_signed_by(namesake.certificate()).error().code(), Code::kVerificationFailed);
  EXPECT_EQ(leaf.verify_signed_by(other.certificate()).error().code(), Code::kVerificationFailed);
}

TEST(Certificate, SignaturesAreByTheSchemesOfKeysOnly) {
  struct Case {
    std::string key;
    std::string digest;
    bool pss;
    std::optional<SignatureScheme> scheme;
  };
  using enum SignatureScheme::Kind;
  for (const Case& c : std::vector<Case>{{"P-256", "SHA256", false, {{kEcdsa, HashAlgorithm::kSha256}}},
                                         {"P-384", "SHA384", false, {{kEcdsa, HashAlgorithm::kSha384}}},
                                         {"RSA:2048", "SHA512", false, {{kRsaPkcs1, HashAlgorithm::kSha512}}},
                                         {"RSA:2048", "SHA256", true, {{kRsaPss, HashAlgorithm::kSha256}}},
                                         {"ED25519", "", false, {{kEd25519}}},
                                         {"P-256", "SHA1", false, {}},
                                         {"RSA:2048", "SHA1", false, {}},
                                         {"RSA:2048", "MD5", false, {}},
                                         {"P-256", "SHA224", false, {}}}) {
    SCOPED_TRACE(c.key + " " + c.digest);
    CertificateRecipe recipe = authority_recipe("root");
    recipe.key = c.key;
    recipe.digest = c.digest;
    recipe.pss = c.pss;
    const Certificate certificate = make_certificate(recipe).certificate();
    const auto scheme = certificate.signature_scheme();
    ASSERT_EQ(scheme.has_value(), c.scheme.has_value());
    if (c.scheme) {
      EXPECT_EQ(*scheme, *c.scheme);
    } else {
      EXPECT_EQ(scheme.error().code(), Code::kUnsupported);
    }
    EXPECT_EQ(certificate.verify_signed_by(certificate).has_value(), c.scheme.has_value());
  }
}

TEST(Certificate, WithWeakKeysAreDescribedYetTheKeysAreRefused) {
  for (const std::string key : {"RSA:1024", "secp256k1"}) {
    const Certificate certificate = make_certificate({.key = key}).certificate();
    EXPECT_EQ(certificate.subject(), "CN=leaf,O=Example,ST=WA,C=US");
    EXPECT_EQ(certificate.public_key().error().code(), Code::kUnsupported);
  }
}

}  // namespace
}  // namespace bulkhead
