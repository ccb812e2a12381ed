#include "notation/verify.h"

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "crypto/test_revocation.h"
#include "crypto/test_timestamp.h"
#include "notation/test_signature.h"

namespace bulkhead::notation {
namespace {

class Verify : public testing::Test {
 protected:
  Verify() { store.held["ca:test"] = {chain.root.certificate()}; }

  SignRequest signing() const { return request_of(chain, Format::kJws); }
  Outcome outcome_of(const std::string& bytes, const TrustStatement& statement, Format format = Format::kJws) const {
    VerifyRequest request = asked;
    request.format = format;
    request.envelope = as_bytes(bytes);
    return verify(statement, store, request);
  }
  Outcome outcome(const SignRequest& request, const TrustStatement& statement) const {
    return outcome_of(signed_by(chain, request), statement, request.format);
  }
  // The check that failed and was enforced; "verified".
  static std::string verdict(const Outcome& outcome) {
    for (const CheckResult& check : outcome.checks) {
      if (check.is_critical()) return fmt::format("{}: {}", name_of(check.check), check.failure->to_string());
    }
    return outcome.verified() ? "verified" : "?";
  }
  static std::vector<std::string> logged(const Outcome& outcome) {
    std::vector<std::string> names;
    for (const CheckResult& check : outcome.checks) {
      if (check.failure && check.action == Action::kLog) names.emplace_back(name_of(check.check));
    }
    return names;
  }
  // With the timestamping authority's root in the store "tsa:test".
  SignRequest timestamped(TimestampRecipe recipe) {
    store.held["tsa:test"] = {tsa_root.certificate()};
    const TestIdentity tsa = make_certificate(timestamping_recipe("tsa"), &tsa_root);
    recipe.embed_certificate = true;
    SignRequest request = signing();
    request.timestamp = [tsa, recipe](ByteSpan signature, HashAlgorithm) -> Result<std::string> {
      return make_timestamp_token(as_text(signature), tsa, recipe);
    };
    return request;
  }

  TestChain chain;
  TestIdentity tsa_root = make_certificate(authority_recipe("tsa root"));
  MemoryTrustStore store;
  VerifyRequest asked{.artifact = kTestArtifact, .now = kTestEpoch + 60};
};

#define EXPECT_SAYS(said, what) EXPECT_TRUE(std::string(said).contains(what)) << (said)

constexpr std::string_view kWithTsa = R"("ca:test","tsa:test")";

TEST_F(Verify, BelievesASignatureOfATrustedSignerInBothForms) {
  for (const Format format : {Format::kJws, Format::kCose}) {
    SignRequest request = request_of(chain, format);
    request.artifact.annotations = {{"build", "7"}};
    const Outcome made = outcome(request, statement_of("strict"));
    EXPECT_EQ(verdict(made), "verified");
    EXPECT_EQ(made.checks.size(), kChecks);
    EXPECT_EQ(made.statement, "test");
    EXPECT_EQ(made.artifact->annotations.at("build"), "7");
    EXPECT_EQ(made.envelope->certificates.front().subject(), "CN=signer,O=Example,ST=WA,C=US");
    EXPECT_FALSE(made.failure());
  }
}

// Made by notation 1.3.2 with keys of our own.
TEST_F(Verify, BelievesWhatNotationSigned) {
  store.held["ca:test"] = {*Certificate::from_pem(*read_file(testdata_path("root.pem"), 4096))};
  asked.artifact = {.media_type = kTestArtifact.media_type,
                    .digest = "sha256:0863c47863ba392919102e05113d80d74ba8504a22b2ba2f779ad7e4f38f5d21",
                    .size = 239};
  asked.metadata = {{"build", "7"}};
  for (const auto& [name, format] :
       {std::pair("signature.jws", Format::kJws), std::pair("signature.cose", Format::kCose)}) {
    const std::string bytes = *read_file(testdata_path(name), 65536);
    const Outcome made = outcome_of(bytes, statement_of("strict"), format);
    EXPECT_EQ(verdict(made), "verified");
    EXPECT_EQ(made.envelope->agent, "notation-go/1.3.2");
    asked.metadata = {{"build", "8"}};
    EXPECT_SAYS(verdict(outcome_of(bytes, statement_of("strict"), format)), "integrity: ");
    asked.metadata = {{"build", "7"}};
  }
}

TEST_F(Verify, ChecksNothingAtTheLevelSkip) {
  const auto policy = TrustPolicy::parse(
      R"({"version":"1.0","trustPolicies":[{"name":"s","registryScopes":["a/b"],"signatureVerification":{"level":"skip"}}]})");
  const Outcome made = outcome_of("no signature at all", policy->statements().front());
  EXPECT_TRUE(made.verified());
  EXPECT_TRUE(made.checks.empty());
  EXPECT_FALSE(made.artifact);
}

TEST_F(Verify, EnforcesIntegrityAtEveryLevel) {
  const std::string good = signed_by(chain, signing());
  std::string changed = good;
  const size_t at = changed.find("\"signature\":\"") + 20;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  for (const std::string_view level : {"strict", "permissive", "audit"}) {
    EXPECT_SAYS(verdict(outcome_of(changed, statement_of(level))), "integrity: ");
    EXPECT_SAYS(verdict(outcome_of("{}", statement_of(level))), "integrity: ");
    EXPECT_SAYS(verdict(outcome_of(good, statement_of(level), Format::kCose)), "integrity: ");
  }
}

TEST_F(Verify, IsOfTheArtifactThatIsAskedFor) {
  const std::string bytes = signed_by(chain, signing());
  const auto verdict_for = [&](auto change) {
    asked.artifact = kTestArtifact;
    change(asked.artifact);
    return verdict(outcome_of(bytes, statement_of("audit")));
  };
  EXPECT_SAYS(verdict_for([](Artifact& a) { a.digest.back() = 'b'; }), "integrity: the signature is of sha256:");
  EXPECT_SAYS(verdict_for([](Artifact& a) { a.size = 1; }), "integrity: the signature is of 1234 bytes");
  EXPECT_SAYS(verdict_for([](Artifact& a) { a.media_type = "x/y"; }), "integrity: the signature is of \"application");
  EXPECT_EQ(verdict_for([](Artifact& a) { a.media_type.clear(); }), "verified");
}

TEST_F(Verify, HasTheMetadataThatIsAskedFor) {
  SignRequest request = signing();
  request.artifact.annotations = {{"build", "7"}};
  const std::string bytes = signed_by(chain, request);
  asked.metadata = {{"build", "7"}};
  EXPECT_EQ(verdict(outcome_of(bytes, statement_of("strict"))), "verified");
  asked.metadata = {{"build", "8"}};
  EXPECT_SAYS(verdict(outcome_of(bytes, statement_of("audit"))), "is not signed to be \"8\"");
  asked.metadata = {{"other", ""}};
  EXPECT_SAYS(verdict(outcome_of(bytes, statement_of("audit"))), "is not signed to be");
}

TEST_F(Verify, TrustsNobodyButTheStoresOfTheStatement) {
  store.held["ca:test"] = {make_certificate(authority_recipe("root")).certificate()};
  EXPECT_SAYS(verdict(outcome(signing(), statement_of("strict"))), "authenticity: ");
  const Outcome audited = outcome(signing(), statement_of("audit"));
  EXPECT_TRUE(audited.verified());
  EXPECT_EQ(logged(audited), std::vector<std::string>{"authenticity"});
  store.held.clear();
  EXPECT_SAYS(verdict(outcome(signing(), statement_of("permissive"))), "authenticity: the trust store ca:test");
}

TEST_F(Verify, TrustsNobodyButTheIdentitiesOfTheStatement) {
  const auto verdict_for = [&](std::string_view identity) {
    return verdict(outcome(signing(), statement_of("strict", "", R"("ca:test")", identity)));
  };
  EXPECT_EQ(verdict_for("*"), "verified");
  EXPECT_EQ(verdict_for("x509.subject: C=US, ST=WA, O=Example, CN=signer"), "verified");
  EXPECT_SAYS(verdict_for("x509.subject: C=US, ST=WA, O=Example, CN=other"),
              "authenticity: the statement \"test\" does not");
  EXPECT_SAYS(verdict_for("x509.subject: C=US, ST=WA, O=Other"), "authenticity: ");
}

TEST_F(Verify, TakesAnAuthoritysWordFromItsOwnStoreOnly) {
  SignRequest request = signing();
  request.scheme = SigningScheme::kX509SigningAuthority;
  EXPECT_SAYS(verdict(outcome(request, statement_of("strict"))), "names no trust store of type signingAuthority");
  store.held["signingAuthority:test"] = {chain.root.certificate()};
  const TrustStatement statement = statement_of("strict", "", R"("signingAuthority:test")");
  EXPECT_EQ(verdict(outcome(request, statement)), "verified");
  EXPECT_SAYS(verdict(outcome(signing(), statement)), "names no trust store of type ca");
  // The signing time is authentic: the certificate may have expired since.
  asked.now = kTestEpoch + 400 * kTestDay;
  EXPECT_EQ(verdict(outcome(request, statement)), "verified");
}

TEST_F(Verify, RefusesExpiredSignaturesFromThatSecondOn) {
  SignRequest request = signing();
  request.expiry = kTestEpoch + 100;
  asked.now = kTestEpoch + 99;
  EXPECT_EQ(verdict(outcome(request, statement_of("strict"))), "verified");
  asked.now = kTestEpoch + 100;
  EXPECT_SAYS(verdict(outcome(request, statement_of("strict"))), "expiry: ");
  EXPECT_EQ(verdict(outcome(request, statement_of("strict", R"(,"override":{"expiry":"log"})"))), "verified");
  EXPECT_EQ(logged(outcome(request, statement_of("permissive"))), std::vector<std::string>{"expiry"});
}

TEST_F(Verify, WithoutATimestampCertificatesMustBeValidNow) {
  const std::string bytes = signed_by(chain, signing());
  asked.now = kTestEpoch + 200 * kTestDay;
  EXPECT_SAYS(verdict(outcome_of(bytes, statement_of("strict"))), "authenticTimestamp: certificate");
  EXPECT_EQ(verdict(outcome_of(bytes, statement_of("permissive"))), "verified");
  asked.now = kTestEpoch - 200 * kTestDay;
  EXPECT_SAYS(verdict(outcome_of(bytes, statement_of("strict"))), "authenticTimestamp: certificate");
}

TEST_F(Verify, ATimestampOutlivesTheCertificates) {
  const std::string bytes = signed_by(chain, timestamped({.time = kTestEpoch + 5}));
  asked.now = kTestEpoch + 200 * kTestDay;
  const Outcome made = outcome_of(bytes, statement_of("strict", "", kWithTsa));
  EXPECT_EQ(verdict(made), "verified");
  EXPECT_EQ(made.timestamp, kTestEpoch + 5);
  EXPECT_EQ(verdict(outcome_of(bytes, statement_of("strict", R"(,"verifyTimestamp":"afterCertExpiry")", kWithTsa))),
            "verified");
  EXPECT_SAYS(verdict(outcome_of(bytes, statement_of("strict"))), "authenticTimestamp: certificate");
}

TEST_F(Verify, WantsATimestampWhenTheStatementNamesAnAuthorityForThem) {
  store.held["tsa:test"] = {tsa_root.certificate()};
  EXPECT_SAYS(verdict(outcome(signing(), statement_of("strict", "", kWithTsa))),
              "authenticTimestamp: the signature has no");
  const TrustStatement later = statement_of("strict", R"(,"verifyTimestamp":"afterCertExpiry")", kWithTsa);
  EXPECT_EQ(verdict(outcome(signing(), later)), "verified");
  const std::string bytes = signed_by(chain, signing());
  asked.now = kTestEpoch + 200 * kTestDay;
  EXPECT_SAYS(verdict(outcome_of(bytes, later)), "authenticTimestamp: the signature has no");
}

TEST_F(Verify, ATimestampMustFallWithinTheCertificatesAndAllOfItsAccuracy) {
  const TrustStatement statement = statement_of("strict", "", kWithTsa);
  const int64_t end = chain.signer.certificate().not_after();
  const int64_t begin = chain.signer.certificate().not_before();
  EXPECT_EQ(verdict(outcome(timestamped({.time = end - 3, .accuracy_seconds = 3}), statement)), "verified");
  EXPECT_SAYS(verdict(outcome(timestamped({.time = end - 3, .accuracy_seconds = 4}), statement)),
              "when it was time-stamped");
  EXPECT_EQ(verdict(outcome(timestamped({.time = begin + 3, .accuracy_seconds = 3}), statement)), "verified");
  EXPECT_SAYS(verdict(outcome(timestamped({.time = begin + 3, .accuracy_seconds = 4}), statement)),
              "authenticTimestamp: ");
}

TEST_F(Verify, RefusesTimestampsOfOthersAndOfOtherThings) {
  const TrustStatement statement = statement_of("strict", "", kWithTsa);
  SignRequest of_another = timestamped({});
  of_another.timestamp = [inner = of_another.timestamp](ByteSpan, HashAlgorithm hash) {
    return inner(as_bytes("something else"), hash);
  };
  EXPECT_SAYS(verdict(outcome(of_another, statement)), "authenticTimestamp: ");
  SignRequest junk = signing();
  junk.timestamp = [](ByteSpan, HashAlgorithm) -> Result<std::string> { return std::string("junk"); };
  EXPECT_SAYS(verdict(outcome(junk, statement)), "authenticTimestamp: ");
  const SignRequest good = timestamped({});
  store.held["tsa:test"] = {make_certificate(authority_recipe("tsa root")).certificate()};
  EXPECT_SAYS(verdict(outcome(good, statement)), "authenticTimestamp: ");
}

TEST_F(Verify, RefusesWhatItWouldHaveToUnderstand) {
  for (const Format format : {Format::kJws, Format::kCose}) {
    SignRequest request = request_of(chain, format);
    request.extended = {{.name = "com.example.attribute", .value = "x"}};
    EXPECT_EQ(verdict(outcome(request, statement_of("strict"))), "verified");
    request.extended.front().critical = true;
    EXPECT_SAYS(verdict(outcome(request, statement_of("audit"))), "integrity: the signature has the attribute");
    request.extended = {{.name = "io.cncf.notary.verificationPlugin", .value = "x"}};
    EXPECT_SAYS(verdict(outcome(request, statement_of("audit"))), "integrity: the signature has the attribute");
  }
}

TEST_F(Verify, RefusesChainsThatTheSpecificationDoes) {
  RawJws raw{
      .headers =
          R"({"alg":"ES256","cty":"application/vnd.cncf.notary.payload.v1+json","crit":["io.cncf.notary.signingScheme"],"io.cncf.notary.signingScheme":"notary.x509","io.cncf.notary.signingTime":"2027-01-15T08:00:00Z"})",
      .certificates = {chain.signer.der, chain.middle.der, chain.root.der}};
  EXPECT_EQ(verdict(outcome_of(raw.signed_with(chain.signer), statement_of("strict"))), "verified");
  std::swap(raw.certificates[1], raw.certificates[2]);
  EXPECT_SAYS(verdict(outcome_of(raw.signed_with(chain.signer), statement_of("audit"))), "integrity: ");
  raw.certificates = {chain.signer.der};
  EXPECT_SAYS(verdict(outcome_of(raw.signed_with(chain.signer), statement_of("audit"))), "integrity: ");
  // The root's own key signs, and says that it were the signer.
  raw.certificates = {chain.root.der};
  EXPECT_SAYS(verdict(outcome_of(raw.signed_with(chain.root), statement_of("audit"))), "integrity: ");
}

// A certificate that says where to ask.
class VerifyRevocation : public Verify {
 protected:
  VerifyRevocation() {
    CertificateRecipe recipe = code_signing_recipe("signer");
    recipe.extensions.emplace_back("crlDistributionPoints", "URI:http://crl.example/list");
    chain.signer = make_certificate(recipe, &chain.middle);
  }
};

class OneList final : public RevocationFetcher {
 public:
  explicit OneList(std::string list) : list_(std::move(list)) {}
  Result<std::string> revocation_list(std::string_view) override {
    ++asked;
    return list_;
  }
  Result<std::string> ocsp(std::string_view, std::string_view) override { return fail(Code::kUnavailable, "none"); }
  int asked = 0;

 private:
  std::string list_;
};

TEST_F(VerifyRevocation, RefusesSignersThatWereRevoked) {
  OneList good(make_revocation_list({}, chain.middle));
  asked.fetcher = &good;
  EXPECT_EQ(verdict(outcome(signing(), statement_of("strict"))), "verified");
  OneList bad(make_revocation_list({.entries = {{.serial = 1}}}, chain.middle));
  asked.fetcher = &bad;
  EXPECT_SAYS(verdict(outcome(signing(), statement_of("strict"))), "is revoked");
  EXPECT_EQ(logged(outcome(signing(), statement_of("permissive"))), std::vector<std::string>{"revocation"});
}

TEST_F(VerifyRevocation, BelievesWhatAnAuthoritySignedBeforeTheKeyWasLost) {
  OneList list(make_revocation_list({.entries = {{.serial = 1, .invalid_since = kTestEpoch + 1}}}, chain.middle));
  asked.fetcher = &list;
  store.held["signingAuthority:test"] = {chain.root.certificate()};
  SignRequest request = signing();
  request.scheme = SigningScheme::kX509SigningAuthority;
  const TrustStatement statement = statement_of("strict", "", R"("signingAuthority:test")");
  EXPECT_EQ(verdict(outcome(request, statement)), "verified");
  request.signing_time = kTestEpoch + 1;
  EXPECT_SAYS(verdict(outcome(request, statement)), "is revoked");
  // The signer's own word does not count.
  EXPECT_SAYS(verdict(outcome(signing(), statement_of("strict"))), "is revoked");
}

TEST_F(VerifyRevocation, AsksNobodyOnTheWordOfCertificatesThatAreNotTrusted) {
  OneList list(make_revocation_list({}, chain.middle));
  asked.fetcher = &list;
  store.held["ca:test"] = {make_certificate(authority_recipe("other")).certificate()};
  EXPECT_EQ(logged(outcome(signing(), statement_of("audit"))),
            (std::vector<std::string>{"authenticity", "revocation"}));
  EXPECT_EQ(list.asked, 0);
}

TEST_F(VerifyRevocation, IsUnknownWhenNobodyMayBeAsked) {
  EXPECT_SAYS(verdict(outcome(signing(), statement_of("strict"))), "revocation: whether certificate");
  EXPECT_EQ(verdict(outcome(signing(), statement_of("permissive"))), "verified");
  EXPECT_EQ(logged(outcome(signing(), statement_of("permissive"))), std::vector<std::string>{"revocation"});
  const Outcome skipped = outcome(signing(), statement_of("strict", R"(,"override":{"revocation":"skip"})"));
  EXPECT_EQ(verdict(skipped), "verified");
  EXPECT_EQ(skipped.checks.size(), kChecks - 1);
}

}  // namespace
}  // namespace bulkhead::notation
