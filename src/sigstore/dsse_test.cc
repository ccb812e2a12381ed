#include "sigstore/dsse.h"

#include <array>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/bytes.h"

namespace bulkhead::sigstore {
namespace {

constexpr auto kAllTypes = std::to_array<KeyType>(
    {KeyType::kEcdsaP256, KeyType::kEcdsaP384, KeyType::kEcdsaP521, KeyType::kEd25519, KeyType::kRsa});

MemorySigner new_signer(KeyType type = KeyType::kEcdsaP256) {
  return MemorySigner(*PrivateKey::generate(type));
}

// protocol.md, "Test vectors" of the encoding.
TEST(Dsse, EncodesTypeAndPayloadWithTheirLengths) {
  EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(pre_authentication_encoding("", ""), "DSSEv1 0  0 ");
}

TEST(Dsse, SignsByEveryTypeOfKeyAndIsReadAgain) {
  for (const KeyType type : kAllTypes) {
    const MemorySigner signer = new_signer(type);
    const auto envelope = sign_envelope("text/plain", std::string("pay\0load", 8), signer, "hint");
    ASSERT_TRUE(envelope) << envelope.error().to_string();
    const auto read = read_envelope(write_envelope(*envelope));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->payload, envelope->payload);
    EXPECT_EQ(read->payload_type, "text/plain");
    ASSERT_EQ(read->signatures.size(), 1U);
    EXPECT_EQ(read->signatures[0].key_id, "hint");
    EXPECT_TRUE(verify_envelope(*read, "text/plain", signer.public_key())) << key_type_name(type);
  }
}

TEST(Dsse, RefusesAnotherKeyAnotherPayloadAndAnotherPayloadType) {
  const MemorySigner signer = new_signer();
  const auto envelope = sign_envelope("text/plain", "payload", signer);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(verify_envelope(*envelope, "text/plain", new_signer().public_key()).error().code(),
            Code::kVerificationFailed);
  EXPECT_EQ(verify_envelope(*envelope, "text/html", signer.public_key()).error().code(), Code::kVerificationFailed);
  DsseEnvelope changed = *envelope;
  changed.payload += " ";
  EXPECT_FALSE(verify_envelope(changed, "text/plain", signer.public_key()));
  changed = *envelope;
  changed.payload_type = "text/html";  // it is signed, too
  EXPECT_FALSE(verify_envelope(changed, "text/html", signer.public_key()));
}

TEST(Dsse, RefusesASignatureOfTheBarePayload) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  ASSERT_TRUE(key);
  DsseEnvelope envelope{.payload_type = "t", .payload = "payload", .signatures = {{.key_id = "", .bytes = ""}}};
  envelope.signatures[0].bytes = *key->sign(default_scheme(KeyType::kEcdsaP256), as_bytes("payload"));
  EXPECT_FALSE(verify_envelope(envelope, "t", key->public_key()));
}

TEST(Dsse, BelievesOneOfSeveralSignaturesWhateverTheirKeyIds) {
  const MemorySigner one = new_signer();
  const MemorySigner two = new_signer(KeyType::kEd25519);
  auto envelope = sign_envelope("t", "payload", one, "one");
  const auto second = sign_envelope("t", "payload", two, "one");
  ASSERT_TRUE(envelope && second);
  envelope->signatures.push_back(second->signatures[0]);
  EXPECT_TRUE(verify_envelope(*envelope, "t", one.public_key()));
  EXPECT_TRUE(verify_envelope(*envelope, "t", two.public_key()));
  EXPECT_FALSE(verify_envelope(*envelope, "t", new_signer().public_key()));
}

TEST(Dsse, ReadsBothAlphabetsOfBase64) {
  const auto read = read_envelope(R"({"payloadType":"t","payload":"-_8=","signatures":[{"sig":"+/8"}],"more":1})");
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->payload, "\xfb\xff");
  EXPECT_EQ(read->signatures[0].bytes, "\xfb\xff");
}

TEST(Dsse, RefusesWhatIsNoEnvelope) {
  for (const std::string_view text : {
           "",
           "{}",
           "[]",
           R"({"payloadType":"t","payload":"YQ==","signatures":[]})",
           R"({"payloadType":"t","payload":"YQ==","signatures":[{}]})",
           R"({"payloadType":"t","payload":"YQ==","signatures":[{"sig":""}]})",
           R"({"payloadType":"t","payload":"Y!==","signatures":[{"sig":"YQ=="}]})",
           R"({"payloadType":1,"payload":"YQ==","signatures":[{"sig":"YQ=="}]})",
           R"({"payload":"YQ==","signatures":[{"sig":"YQ=="}]})",
           R"({"payloadType":"t","payload":"YQ==","payload":"Yg==","signatures":[{"sig":"YQ=="}]})",
           R"({"payloadType":"t","payload":"YQ==","signatures":[{"sig":"YQ==","sig":"Yg=="}]})",
       }) {
    const auto read = read_envelope(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kMalformed) << text;
  }
}

TEST(Dsse, LimitsTheNumberOfSignatures) {
  std::string text = R"({"payloadType":"t","payload":"YQ==","signatures":[{"sig":"YQ=="})";
  for (size_t i = 0; i < kMaxEnvelopeSignatures; ++i) text += R"(,{"sig":"YQ=="})";
  EXPECT_EQ(read_envelope(text + "]}").error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::sigstore
