// Each test takes what is right in everything, changes one thing, and sees it refused for that reason.
#include "sigstore/verifier.h"

#include <gtest/gtest.h>

#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

struct VerifierTest : testing::Test {
  TestSigstore sigstore;
  Policy policy = sigstore.policy();
  Artifact artifact{.digest = Digest::sha256_of(as_bytes("artifact")), .bytes = "artifact"};

  Result<VerifiedSignature> verify(const Bundle& bundle) const { return sigstore::verify(bundle, artifact, policy); }
  // Why a bundle is refused; empty when it is believed.
  std::string refusal(const Bundle& bundle) const {
    const auto verified = verify(bundle);
    return verified ? "" : verified.error().to_string();
  }
  void expect_refusal(const Bundle& bundle, std::string_view why) const {
    EXPECT_NE(refusal(bundle).find(why), std::string::npos) << refusal(bundle) << "\nwanted: " << why;
  }
  // Signed by another leaf, entered and stamped rightly.
  Bundle signed_by(const TestIdentity& leaf) const {
    Bundle bundle = TestSigstore::sign_message("artifact", leaf);
    bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "hashedrekord")};
    return bundle;
  }
  // A signing with another leaf.
  Bundle issued_as(const TestLeafRecipe& recipe) const { return signed_by(sigstore.issue(recipe)); }
};

TEST_F(VerifierTest, SaysWhoSignedWhatAndWhen) {
  const auto verified = verify(sigstore.honest_v1(true));
  ASSERT_TRUE(verified) << verified.error().to_string();
  ASSERT_TRUE(verified->identity && verified->certificate && verified->statement);
  EXPECT_EQ(verified->identity->name, kTestName);
  EXPECT_EQ(verified->identity->issuer, kTestIssuer);
  EXPECT_EQ(verified->statement->predicate_type, kSignPredicate);
  EXPECT_FALSE(verified->key);
  ASSERT_EQ(verified->times.size(), 1U);
  EXPECT_EQ(verified->times[0].seconds, kTestEpoch + 1);
  EXPECT_EQ(verified->times[0].source, SigningTime::Source::kLog);
  ASSERT_EQ(verified->log_entries.size(), 1U);
  EXPECT_EQ(verified->log_entries[0].log, "https://rekor.example.com");
  EXPECT_EQ(verified->log_entries[0].index, 1002);
}

TEST_F(VerifierTest, BelievesEntriesOfBothRekors) {
  EXPECT_EQ(refusal(sigstore.honest_v1()), "");
  EXPECT_EQ(refusal(sigstore.honest_v2()), "");
  EXPECT_EQ(refusal(sigstore.honest_v2(true)), "");
  const auto verified = verify(sigstore.honest_v2());
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->times[0].source, SigningTime::Source::kTimestampAuthority);
}

TEST_F(VerifierTest, BelievesWhatIsReadFromTheFiles) {
  for (const Bundle& bundle : {sigstore.honest_v1(true), sigstore.honest_v2()}) {
    const auto read = read_bundle(write_bundle(bundle));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(refusal(*read), "");
  }
}

TEST_F(VerifierTest, BelievesEveryKindOfEntry) {
  Bundle bundle = sigstore.honest_v1(true);
  for (const std::string_view kind : {"dsse", "intoto", "hashedrekord"}) {
    bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, kind)};
    EXPECT_EQ(refusal(bundle), "") << kind;
  }
  bundle = sigstore.honest_v2(true);
  for (const std::string_view kind : {"dsse", "hashedrekord"}) {
    bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor2, kind)};
    EXPECT_EQ(refusal(bundle), "") << kind;
  }
}

TEST_F(VerifierTest, NeedsTheBytesOrTheirDigest) {
  artifact.bytes.reset();
  EXPECT_EQ(refusal(sigstore.honest_v1()), "");
  EXPECT_EQ(refusal(sigstore.honest_v1(true)), "");
}

// Identity

TEST_F(VerifierTest, RefusesAnotherIdentityAndAnotherIssuer) {
  expect_refusal(issued_as({.name = "email:mallory@example.com"}), "signed by \"mallory@example.com\"");
  expect_refusal(issued_as({.issuer = "https://evil.example.com", .first_issuer = std::nullopt}),
                 "of \"https://evil.example.com\"");
}

TEST_F(VerifierTest, RefusesCertificatesThatNameTwoIssuersNoneOrSeveralNames) {
  expect_refusal(issued_as({.first_issuer = "https://evil.example.com"}), "names two issuers");
  expect_refusal(issued_as({.issuer = "", .first_issuer = std::nullopt}), "who vouched");
  expect_refusal(issued_as({.name = "email:alice@example.com,email:mallory@example.com"}), "not one subject");
  EXPECT_EQ(refusal(issued_as({.first_issuer = std::nullopt})), "");
  EXPECT_EQ(refusal(issued_as({.issuer = ""})), "");
}

TEST_F(VerifierTest, MatchesRegularExpressionsWhole) {
  const auto use = [&](std::string_view name) {
    policy.identities = {{.name = *TextPattern::regex(name), .issuer = TextPattern::exactly(std::string(kTestIssuer))}};
    return refusal(sigstore.honest_v1());
  };
  EXPECT_EQ(use("alice@.*"), "");
  EXPECT_EQ(use(".*@example\\.com"), "");
  EXPECT_NE(use("alice"), "");
  EXPECT_NE(use("alice@example\\.co"), "");
}

// Certificates

TEST_F(VerifierTest, RefusesACertificateThatWasNotValidWhenItSigned) {
  expect_refusal(issued_as({.not_before = kTestEpoch - 600, .not_after = kTestEpoch}), "not at 2027-01-15T08:00:01Z");
  expect_refusal(issued_as({.not_before = kTestEpoch + 2}), "not at");
  // Both ends are part of it.
  EXPECT_EQ(refusal(issued_as({.not_before = kTestEpoch - 600, .not_after = kTestEpoch + 1})), "");
}

TEST_F(VerifierTest, RefusesAnAuthorityThatNobodyTrusts) {
  const TestIdentity root = make_certificate(authority_recipe("fulcio root"));
  const TestIdentity fulcio = make_certificate(authority_recipe("fulcio"), &root);
  Bundle bundle = issued_as({.authority = &fulcio});
  expect_refusal(bundle, "leads to no trusted root");
  bundle.certificates.push_back(fulcio.der);
  expect_refusal(bundle, "leads to no trusted root");
}

TEST_F(VerifierTest, ARetiredIntermediateDoesNotComeBackInABundle) {
  const TestIdentity retired = make_certificate(authority_recipe("retired"), &sigstore.fulcio_root);
  Bundle bundle = issued_as({.authority = &retired});
  bundle.certificates.push_back(retired.der);
  expect_refusal(bundle, "leads to no trusted root");
  // A trusted root that names nobody between leaves that to bundles.
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  root.certificate_authorities[0].chain = {sigstore.fulcio_root.certificate()};
  EXPECT_EQ(refusal(bundle), "");
}

TEST_F(VerifierTest, ARetiredIntermediateDoesNotComeBackInATimestamp) {
  const TestIdentity between = make_certificate(authority_recipe("tsa between"), &sigstore.tsa_root);
  const TestIdentity stamps = make_certificate(timestamping_recipe("tsa"), &between);
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  root.timestamp_authorities[0].chain = {between.certificate(), sigstore.tsa_root.certificate()};
  const auto stamped_by = [&](const TestIdentity& authority) {
    Bundle bundle = sigstore.honest_v2();
    bundle.timestamps = {make_timestamp_response(make_timestamp_token(
        bundle.message()->signature, authority, {.time = kTestEpoch + 1, .embed_certificate = true}))};
    return bundle;
  };
  EXPECT_EQ(refusal(stamped_by(stamps)), "");
  expect_refusal(stamped_by(sigstore.tsa), "by another authority");
}

TEST_F(VerifierTest, RefusesAnAuthorityOutsideOfItsTime) {
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  root.certificate_authorities[0].valid = {.start = kTestEpoch + 1, .end = kTestEpoch + 1};
  EXPECT_EQ(refusal(sigstore.honest_v1()), "");
  root.certificate_authorities[0].valid = {.start = kTestEpoch - 9, .end = kTestEpoch};
  expect_refusal(sigstore.honest_v1(), "no certificate authority is trusted for the time");
  root.certificate_authorities[0].valid = {.start = kTestEpoch + 2};
  expect_refusal(sigstore.honest_v1(), "no certificate authority is trusted for the time");
}

TEST_F(VerifierTest, RefusesACertificateForAnotherUse) {
  expect_refusal(issued_as({.usage = "emailProtection"}), "is not for this use");
}

TEST_F(VerifierTest, RefusesARootCertificateInTheBundle) {
  Bundle bundle = sigstore.honest_v1();
  bundle.certificates.push_back(sigstore.fulcio.der);
  EXPECT_EQ(refusal(bundle), "");
  bundle.certificates.push_back(sigstore.fulcio_root.der);
  expect_refusal(bundle, "brings a root certificate along");
}

TEST_F(VerifierTest, RefusesTheSignatureOfAnAuthorityItself) {
  expect_refusal(signed_by(sigstore.fulcio), "an authority's");
}

// Certificate log

TEST_F(VerifierTest, RefusesACertificateThatNoLogHasSeen) {
  const Bundle bundle = issued_as({.seen_by_log = false});
  expect_refusal(bundle, "no certificate timestamps");
  policy.require_certificate_log = false;
  EXPECT_EQ(refusal(bundle), "");
}

TEST_F(VerifierTest, RefusesAForgedCertificateTimestamp) {
  expect_refusal(issued_as({.log_key = *PrivateKey::generate(KeyType::kEcdsaP256)}), "no certificate log");
  // The signature's algorithm is the log's to say, not the signature's.
  expect_refusal(issued_as({.sct_signature_algorithm = 1}), "no certificate log");
}

TEST_F(VerifierTest, RefusesACertificateLogThatNobodyTrustsOrNotForThatTime) {
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  root.certificate_logs[0].valid = {.start = kTestEpoch, .end = kTestEpoch};
  EXPECT_EQ(refusal(sigstore.honest_v1()), "");
  root.certificate_logs[0].valid = {.start = kTestEpoch - 9, .end = kTestEpoch - 1};
  expect_refusal(sigstore.honest_v1(), "no certificate log");
  root.certificate_logs.clear();
  expect_refusal(sigstore.honest_v1(), "no certificate log");
}

TEST_F(VerifierTest, BelievesCertificateTimestampsWithExtensions) {
  EXPECT_EQ(refusal(issued_as({.sct_extensions = std::string("\0\0\5\0\0\0\0\1", 8)})), "");
}

// Transparency log

TEST_F(VerifierTest, RefusesABundleWithoutAnEntryOrWithOneOfAnUnknownLog) {
  Bundle bundle = sigstore.honest_v2();
  bundle.entries.clear();
  expect_refusal(bundle, "no entry of a transparency log that is trusted");
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  root.logs.clear();
  expect_refusal(sigstore.honest_v2(), "no entry of a transparency log that is trusted");
  policy.require_log_entry = false;
  EXPECT_EQ(refusal(bundle), "");
}

TEST_F(VerifierTest, RefusesAnEntryOfTheLogInAnothersName) {
  Bundle bundle = sigstore.honest_v1();
  TestLog forger = sigstore.rekor1;
  forger.key = *PrivateKey::generate(KeyType::kEcdsaP256);
  bundle.entries = {sigstore.log_entry(bundle, forger, "hashedrekord")};
  expect_refusal(bundle, "has not signed the checkpoint");
}

TEST_F(VerifierTest, RefusesALogOutsideOfItsTime) {
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  for (TransparencyLog& log : root.logs) log.valid = {.start = kTestEpoch + 1, .end = kTestEpoch + 1};
  EXPECT_EQ(refusal(sigstore.honest_v1()), "");
  EXPECT_EQ(refusal(sigstore.honest_v2()), "");
  for (TransparencyLog& log : root.logs) log.valid = {.start = kTestEpoch - 9, .end = kTestEpoch};
  expect_refusal(sigstore.honest_v1(), "is not trusted for the entry's time");
  expect_refusal(sigstore.honest_v2(), "is not trusted for the time");
}

TEST_F(VerifierTest, RefusesAnEntryTimestampThatTheLogHasNotSigned) {
  Bundle bundle = sigstore.honest_v1();
  bundle.entries[0].integrated_time += 1;
  expect_refusal(bundle, "has not signed the entry's timestamp");
  bundle = sigstore.honest_v1();
  bundle.entries[0].log_index += 1;
  expect_refusal(bundle, "has not signed the entry's timestamp");
  bundle = sigstore.honest_v1();
  bundle.entries[0].signed_entry_timestamp =
      TestSigstore::entry_timestamp(bundle.entries[0], *PrivateKey::generate(KeyType::kEcdsaP256));
  expect_refusal(bundle, "has not signed the entry's timestamp");
}

TEST_F(VerifierTest, RefusesAnEntryTimeOutsideOfTheCertificates) {
  Bundle bundle = sigstore.honest_v1();
  bundle.entries[0].integrated_time = kTestEpoch + 601;
  bundle.entries[0].signed_entry_timestamp = TestSigstore::entry_timestamp(bundle.entries[0], sigstore.rekor1.key);
  expect_refusal(bundle, "not at");
}

TEST_F(VerifierTest, RefusesAnEntryThatNothingProves) {
  Bundle bundle = sigstore.honest_v2();
  bundle.entries[0].inclusion_proof.reset();
  expect_refusal(bundle, "nothing proves the log entry");
}

TEST_F(VerifierTest, RefusesAnIndexThatTheLogDoesNotVouchFor) {
  Bundle bundle = sigstore.honest_v2();
  bundle.entries[0].log_index += 1;
  expect_refusal(bundle, "is proved at another index");
}

TEST_F(VerifierTest, RefusesAWrongInclusionProof) {
  Bundle bundle = sigstore.honest_v1();
  bundle.entries[0].inclusion_proof->hashes[1][7] ^= 1;
  expect_refusal(bundle, "does not lead to its root");
  bundle = sigstore.honest_v1();
  bundle.entries[0].inclusion_proof->log_index = 3;
  expect_refusal(bundle, "does not lead to its root");
  bundle = sigstore.honest_v1();
  bundle.entries[0].inclusion_proof->hashes.pop_back();
  expect_refusal(bundle, "does not lead to its root");
  bundle = sigstore.honest_v1();
  bundle.entries[0].inclusion_proof->checkpoint.clear();
  expect_refusal(bundle, "nobody has signed");
}

TEST_F(VerifierTest, RefusesTheCheckpointOfAnotherTreeLogOrKey) {
  const Bundle honest = sigstore.honest_v1();
  Bundle bundle = honest;
  InclusionProof& proof = *bundle.entries[0].inclusion_proof;
  const std::string other_root(32, 'x');
  proof.checkpoint = TestSigstore::checkpoint(sigstore.rekor1, "rekor.example.com - 1234", 5, other_root);
  expect_refusal(bundle, "of another tree");
  proof.checkpoint = TestSigstore::checkpoint(sigstore.rekor1, "rekor.example.com - 1234", 6, proof.root_hash);
  expect_refusal(bundle, "of another tree");
  proof.checkpoint = TestSigstore::checkpoint(sigstore.rekor1, "other.example.com", 5, proof.root_hash);
  expect_refusal(bundle, "not of the log");
  TestLog other = sigstore.rekor1;
  other.id = "XXXX" + other.id.substr(4);  // the hint of another key
  proof.checkpoint = TestSigstore::checkpoint(other, "rekor.example.com - 1234", 5, proof.root_hash);
  expect_refusal(bundle, "has not signed the checkpoint");
  other = sigstore.rekor1;
  other.key = *PrivateKey::generate(KeyType::kEcdsaP256);
  proof.checkpoint = TestSigstore::checkpoint(other, "rekor.example.com - 1234", 5, proof.root_hash);
  expect_refusal(bundle, "has not signed the checkpoint");
}

TEST_F(VerifierTest, RefusesAnEntryForAnotherArtifactSignatureOrSigner) {
  const TestIdentity leaf = sigstore.issue();
  const Bundle honest = signed_by(leaf);
  Bundle bundle = TestSigstore::sign_message("other", leaf);
  bundle.entries = honest.entries;
  Bundle other = honest;
  other.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "hashedrekord")};
  expect_refusal(other, "about another artifact");

  bundle = TestSigstore::sign_message("artifact", leaf);  // ECDSA signs the same differently each time
  bundle.entries = honest.entries;
  expect_refusal(bundle, "about another signature");

  bundle = honest;
  const TestIdentity second = sigstore.issue();
  Bundle logged = honest;
  logged.certificates = {second.der};
  bundle.entries = {sigstore.log_entry(logged, sigstore.rekor1, "hashedrekord")};
  expect_refusal(bundle, "about another certificate");
}

TEST_F(VerifierTest, RefusesAnEntryForAnotherStatement) {
  const TestIdentity leaf = sigstore.issue();
  Bundle bundle = TestSigstore::sign_statement("artifact", leaf);
  const Bundle other = TestSigstore::sign_statement("other", leaf);
  const Bundle same = TestSigstore::sign_statement("artifact", leaf);
  for (const std::string_view kind : {"dsse", "intoto"}) {
    bundle.entries = {sigstore.log_entry(other, sigstore.rekor1, kind)};
    expect_refusal(bundle, "about another payload");
    bundle.entries = {sigstore.log_entry(same, sigstore.rekor1, kind)};
    expect_refusal(bundle, "about another signature");
  }
  bundle.timestamps = {sigstore.timestamp(bundle)};
  for (const std::string_view kind : {"dsse", "hashedrekord"}) {
    bundle.entries = {sigstore.log_entry(other, sigstore.rekor2, kind)};
    expect_refusal(bundle, "about another");
    bundle.entries = {sigstore.log_entry(same, sigstore.rekor2, kind)};
    expect_refusal(bundle, "about another signature");
  }
}

TEST_F(VerifierTest, RefusesAnEntryOfAnotherKindThanItSays) {
  Bundle bundle = sigstore.honest_v1(true);
  bundle.entries[0].kind = "intoto";
  expect_refusal(bundle, "of another kind");
  bundle = sigstore.honest_v1();
  bundle.entries = {TestSigstore::entry_of(R"({"apiVersion":"0.0.1","kind":"intoto","spec":{}})", "intoto", "0.0.1",
                                           sigstore.rekor1, kTestEpoch + 1)};
  EXPECT_EQ(verify(bundle).error().code(), Code::kUnsupported);
}

TEST_F(VerifierTest, RefusesAMessageInTheEntryOfAnEnvelope) {
  Bundle bundle = sigstore.honest_v1();
  Bundle statement = sigstore.honest_v1(true);
  bundle.entries = statement.entries;
  expect_refusal(bundle, "about another kind of content");
}

TEST_F(VerifierTest, RefusesEntriesAndTimestampsThatStandTwice) {
  Bundle bundle = sigstore.honest_v2();
  bundle.entries.push_back(bundle.entries[0]);
  expect_refusal(bundle, "a log entry stands twice");
  bundle = sigstore.honest_v2();
  bundle.timestamps.push_back(bundle.timestamps[0]);
  expect_refusal(bundle, "a timestamp stands twice");
}

TEST_F(VerifierTest, RefusesAWrongEntryBesideARightOne) {
  Bundle bundle = sigstore.honest_v1();
  bundle.timestamps = {sigstore.timestamp(bundle)};
  bundle.entries.push_back(sigstore.log_entry(bundle, sigstore.rekor2, "hashedrekord"));
  EXPECT_EQ(refusal(bundle), "");
  bundle.entries[1].inclusion_proof->hashes[0][0] ^= 1;
  expect_refusal(bundle, "does not lead to its root");
}

// Timestamps

TEST_F(VerifierTest, RefusesAnEntryOfRekor2WithoutATimestamp) {
  Bundle bundle = sigstore.honest_v2();
  bundle.timestamps.clear();
  expect_refusal(bundle, "the bundle has no timestamp");
}

TEST_F(VerifierTest, TakesNoTimeFromAnEntryThatTheLogHasNotSigned) {
  Bundle bundle = sigstore.honest_v2();
  bundle.timestamps.clear();
  bundle.entries[0].integrated_time = kTestEpoch + 1;
  expect_refusal(bundle, "the bundle has no timestamp");
}

TEST_F(VerifierTest, RefusesATimestampOfAnotherSignature) {
  Bundle bundle = sigstore.honest_v2();
  bundle.timestamps = {sigstore.timestamp(sigstore.honest_v2())};
  expect_refusal(bundle, "it is of something else");
}

TEST_F(VerifierTest, RefusesATimestampOfAnAuthorityThatNobodyTrusts) {
  TestSigstore other;
  Bundle bundle = sigstore.honest_v2();
  bundle.timestamps = {other.timestamp(bundle)};
  expect_refusal(bundle, "timestamp");
  bundle.timestamps.push_back(sigstore.timestamp(bundle));
  EXPECT_EQ(refusal(bundle), "");
}

TEST_F(VerifierTest, RefusesATimestampOutsideOfTheAuthoritysTime) {
  TrustedRoot root = sigstore.root;
  policy.root = &root;
  root.timestamp_authorities[0].valid = {.start = kTestEpoch + 1, .end = kTestEpoch + 1};
  EXPECT_EQ(refusal(sigstore.honest_v2()), "");
  root.timestamp_authorities[0].valid = {.start = kTestEpoch - 9, .end = kTestEpoch};
  expect_refusal(sigstore.honest_v2(), "is not trusted for the time");
}

TEST_F(VerifierTest, RefusesATimestampOutsideOfTheCertificates) {
  Bundle bundle = sigstore.honest_v2();
  bundle.timestamps = {sigstore.timestamp(bundle, kTestEpoch + 601)};
  expect_refusal(bundle, "not at");
  // Beside a time that is right, too.
  bundle = sigstore.honest_v1();
  bundle.timestamps = {sigstore.timestamp(bundle, kTestEpoch - 1)};
  expect_refusal(bundle, "not at");
}

TEST_F(VerifierTest, RefusesATimestampByAnotherCertificateOfTheAuthority) {
  const TestIdentity other = make_certificate(timestamping_recipe("other"), &sigstore.tsa_root);
  Bundle bundle = sigstore.honest_v2();
  bundle.timestamps = {make_timestamp_response(
      make_timestamp_token(bundle.message()->signature, other, {.time = kTestEpoch + 1, .embed_certificate = true}))};
  expect_refusal(bundle, "by another certificate");
}

TEST_F(VerifierTest, NeedsATimestampWhereThePolicyDoes) {
  policy.require_timestamp = true;
  expect_refusal(sigstore.honest_v1(), "the bundle has no timestamp");
  EXPECT_EQ(refusal(sigstore.honest_v2()), "");
}

// Signatures

TEST_F(VerifierTest, RefusesAnotherArtifactAndAWrongSignature) {
  Bundle bundle = sigstore.honest_v1();
  std::get<MessageSignature>(bundle.content).signature.back() ^= 1;
  expect_refusal(bundle, "the signature is none of this");
  bundle = sigstore.honest_v1(true);
  std::get<DsseEnvelope>(bundle.content).signatures[0].bytes.back() ^= 1;
  expect_refusal(bundle, "no signature of the DSSE envelope");
  artifact = {.digest = Digest::sha256_of(as_bytes("other")), .bytes = "other"};
  expect_refusal(sigstore.honest_v1(), "not of sha256:");
  expect_refusal(sigstore.honest_v1(true), "is not about sha256:");
}

TEST_F(VerifierTest, RefusesAKeyWhereACertificateIsAskedForAndTheOtherWayRound) {
  const TestIdentity leaf = sigstore.issue();
  const Bundle by_key = TestSigstore::sign_message("artifact", leaf, false);
  expect_refusal(by_key, "by a key, not by a certificate");
  policy = {.key = leaf.private_key().public_key(), .root = &sigstore.root};
  expect_refusal(sigstore.honest_v1(), "by a certificate, not by a key");
}

TEST_F(VerifierTest, BelievesAKeyWithAnEntryOfTheLog) {
  const TestIdentity leaf = sigstore.issue();
  const PublicKey key = leaf.private_key().public_key();
  policy = {.key = key, .root = &sigstore.root};
  Bundle bundle = TestSigstore::sign_message("artifact", leaf, false);
  expect_refusal(bundle, "the bundle has no timestamp");
  bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "hashedrekord", &key)};
  EXPECT_EQ(refusal(bundle), "");
  bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor2, "hashedrekord", &key)};
  expect_refusal(bundle, "the bundle has no timestamp");
  bundle.timestamps = {sigstore.timestamp(bundle)};
  EXPECT_EQ(refusal(bundle), "");
  const PublicKey other = PrivateKey::generate(KeyType::kEcdsaP256)->public_key();
  bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor2, "hashedrekord", &other)};
  expect_refusal(bundle, "about another key");
  policy.key = other;
  expect_refusal(bundle, "the signature is none of this");
}

TEST_F(VerifierTest, RefusesAPolicyThatNothingCanFulfil) {
  const PublicKey key = sigstore.rekor1.key.public_key();
  const auto code = [&](const Policy& asked) {
    return sigstore::verify(sigstore.honest_v1(), artifact, asked).error().code();
  };
  EXPECT_EQ(code({}), Code::kInvalidArgument);
  EXPECT_EQ(code({.key = key}), Code::kInvalidArgument);
  EXPECT_EQ(code({.key = key, .require_log_entry = false, .require_timestamp = true}), Code::kInvalidArgument);
  EXPECT_EQ(code({.key = key, .identities = policy.identities, .root = &sigstore.root}), Code::kInvalidArgument);
  EXPECT_EQ(code({.identities = policy.identities, .require_log_entry = false}), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead::sigstore
