#include "sigstore/cosign_layer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "sigstore/simple_signing.h"
#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

std::string base64(std::string_view bytes) {
  return base64_encode(as_bytes(bytes));
}

// As cosign 1 and 2 left a keyless signature and a keyless attestation behind.
struct CosignLayerTest : testing::Test {
  TestSigstore sigstore;
  Digest image = Digest::sha256_of(as_bytes("image"));
  TestIdentity leaf = sigstore.issue();
  std::string certificate = leaf.pem();
  std::string chain = sigstore.fulcio.pem() + sigstore.fulcio_root.pem();
  std::string payload = write_simple_signing({.reference = "example.com/app", .digest = image});
  Bundle logged = TestSigstore::sign_message(payload, leaf);
  std::string signature = base64(logged.message()->signature);
  std::string rekor = rekor_bundle(sigstore.log_entry(logged, sigstore.rekor1, "hashedrekord"));

  static std::string rekor_bundle(const LogEntry& entry) {
    return fmt::format(
        R"({{"SignedEntryTimestamp":"{}","Payload":{{"body":"{}","integratedTime":{},"logIndex":{},"logID":"{}"}}}})",
        base64(entry.signed_entry_timestamp), base64(entry.body), entry.integrated_time, entry.log_index,
        to_hex(as_bytes(entry.log_id)));
  }
  CosignAnnotations annotations() const {
    return {.signature = signature, .certificate = certificate, .chain = chain, .rekor_bundle = rekor};
  }
  Result<VerifiedSignature> verify(const Result<Bundle>& bundle, std::string_view bytes) const {
    if (!bundle) return std::unexpected(bundle.error());
    return sigstore::verify(*bundle, {.digest = Digest::sha256_of(as_bytes(bytes)), .bytes = bytes}, sigstore.policy());
  }
};

TEST_F(CosignLayerTest, OfAKeylessSignatureIsBelieved) {
  const auto verified = verify(bundle_of_signature(payload, annotations()), payload);
  ASSERT_TRUE(verified) << verified.error().to_string();
  EXPECT_EQ(verified->identity->name, kTestName);
  EXPECT_EQ(verified->times.at(0).source, SigningTime::Source::kLog);
  EXPECT_TRUE(check_simple_signing(payload, image));
}

TEST_F(CosignLayerTest, OfAnotherPayloadSignatureOrCertificateIsRefused) {
  EXPECT_FALSE(verify(bundle_of_signature(payload + " ", annotations()), payload + " "));
  CosignAnnotations changed = annotations();
  const std::string other = base64(TestSigstore::sign_message(payload, leaf).message()->signature);
  changed.signature = other;
  EXPECT_FALSE(verify(bundle_of_signature(payload, changed), payload));
  changed = annotations();
  const std::string second = sigstore.issue().pem();
  changed.certificate = second;
  EXPECT_FALSE(verify(bundle_of_signature(payload, changed), payload));
  changed = annotations();
  changed.rekor_bundle = {};
  EXPECT_FALSE(verify(bundle_of_signature(payload, changed), payload));
  changed = annotations();
  changed.certificate = {};
  EXPECT_FALSE(verify(bundle_of_signature(payload, changed), payload));
}

TEST_F(CosignLayerTest, WithATimestampAndNoEntryIsBelievedWhereThatIsEnough) {
  const std::string timestamp = fmt::format(R"({{"SignedRFC3161Timestamp":"{}"}})", base64(sigstore.timestamp(logged)));
  const CosignAnnotations stamped{.signature = signature, .certificate = certificate, .timestamp = timestamp};
  const auto bundle = bundle_of_signature(payload, stamped);
  EXPECT_FALSE(verify(bundle, payload));
  Policy policy = sigstore.policy();
  policy.require_log_entry = false;
  EXPECT_TRUE(sigstore::verify(*bundle, {.digest = Digest::sha256_of(as_bytes(payload)), .bytes = payload}, policy));
}

TEST_F(CosignLayerTest, OfAKeylessAttestationIsBelievedByEveryKindOfEntry) {
  const Bundle statement = TestSigstore::sign_statement("image", leaf);
  const std::string envelope = write_envelope(*statement.envelope());
  const auto believed = [&](const LogEntry& entry) {
    const std::string text = rekor_bundle(entry);
    CosignAnnotations attested = annotations();
    attested.rekor_bundle = text;
    return verify(bundle_of_attestation(envelope, attested), "image").has_value();
  };
  EXPECT_TRUE(believed(sigstore.log_entry(statement, sigstore.rekor1, "dsse")));
  EXPECT_TRUE(believed(sigstore.log_entry(statement, sigstore.rekor1, "intoto")));
  // intoto 0.0.1 knows the text of the envelope.
  const auto first = [&](std::string_view text) {
    const std::string body = fmt::format(
        R"({{"apiVersion":"0.0.1","kind":"intoto","spec":{{"content":{{"hash":{{"algorithm":"sha256","value":"{}"}}}},"publicKey":"{}"}}}})",
        Digest::sha256_of(as_bytes(text)).hex(), base64(certificate));
    return TestSigstore::entry_of(body, "intoto", "0.0.1", sigstore.rekor1, kTestEpoch + 1);
  };
  EXPECT_TRUE(believed(first(envelope)));
  EXPECT_FALSE(believed(first(envelope + " ")));
}

TEST_F(CosignLayerTest, RefusesAnnotationsThatAreNone) {
  const auto code = [&](std::string_view CosignAnnotations::* field, std::string_view value) {
    CosignAnnotations changed = annotations();
    changed.*field = value;
    const auto bundle = bundle_of_signature(payload, changed);
    return bundle ? Code::kInternal : bundle.error().code();
  };
  EXPECT_EQ(code(&CosignAnnotations::signature, ""), Code::kMalformed);
  EXPECT_EQ(code(&CosignAnnotations::signature, "!"), Code::kMalformed);
  EXPECT_EQ(code(&CosignAnnotations::certificate, "x"), Code::kMalformed);
  EXPECT_EQ(code(&CosignAnnotations::chain, "x"), Code::kMalformed);
  EXPECT_EQ(code(&CosignAnnotations::timestamp, "{}"), Code::kMalformed);
  for (const std::string_view text :
       {"{}", "[]", R"({"SignedEntryTimestamp":"YQ==","Payload":{}})",
        R"({"SignedEntryTimestamp":"YQ==","Payload":{"body":"e30=","integratedTime":-1,"logIndex":1,"logID":"00"}})",
        R"({"SignedEntryTimestamp":"YQ==","Payload":{"body":"e30=","integratedTime":1,"logIndex":1,"logID":"x"}})",
        R"({"SignedEntryTimestamp":"YQ==","Payload":{"body":"YQ==","integratedTime":1,"logIndex":1,"logID":"00"}})"}) {
    EXPECT_EQ(code(&CosignAnnotations::rekor_bundle, text), Code::kMalformed) << text;
  }
}

}  // namespace
}  // namespace bulkhead::sigstore
