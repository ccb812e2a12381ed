#include <array>

#include <gtest/gtest.h>

#include "sigstore/cosign.h"
#include "sigstore/schemes.h"
#include "sigstore/verifier.h"

namespace bulkhead::sigstore {
namespace {

constexpr auto kAllTypes = std::to_array<KeyType>(
    {KeyType::kEcdsaP256, KeyType::kEcdsaP384, KeyType::kEcdsaP521, KeyType::kEd25519, KeyType::kRsa});

Artifact artifact(std::string_view bytes) {
  return {.digest = Digest::sha256_of(as_bytes(bytes)), .bytes = bytes};
}

Bundle signed_statement(const Signer& signer, std::string_view about) {
  const Statement statement{.subjects = {{.digests = {{"sha256", Digest::sha256_of(as_bytes(about)).hex()}}}},
                            .predicate_type = std::string(kSignPredicate),
                            .predicate = "{}"};
  const auto envelope = sign_envelope(std::string(kInTotoPayloadType), *write_statement(statement), signer);
  return *read_bundle(write_key_bundle(*envelope, signer.public_key()));
}

Bundle signed_message(const Signer& signer, std::string_view message) {
  const MessageSignature signature{
      .message_digest = Digest::sha256_of(as_bytes(message)),
      .signature = *signer.sign(schemes_of(signer.public_key().type()).front(), as_bytes(message))};
  return *read_bundle(write_key_bundle(signature, signer.public_key()));
}

Policy key_policy(const PublicKey& key) {
  return {.key = key, .require_log_entry = false};
}

TEST(VerifyByKey, BelievesAStatementAboutTheArtifact) {
  for (const KeyType type : kAllTypes) {
    const MemorySigner signer(*PrivateKey::generate(type));
    const auto verified = verify(signed_statement(signer, "image"), artifact("image"), key_policy(signer.public_key()));
    ASSERT_TRUE(verified) << verified.error().to_string();
    EXPECT_EQ(verified->key, signer.public_key());
    ASSERT_TRUE(verified->statement);
    EXPECT_EQ(verified->statement->predicate_type, kSignPredicate);
  }
}

TEST(VerifyByKey, BelievesAMessageSignatureByItsBytesAndWhereTheKeyAllowsByItsDigest) {
  for (const KeyType type : kAllTypes) {
    const MemorySigner signer(*PrivateKey::generate(type));
    const Bundle bundle = signed_message(signer, "message");
    EXPECT_TRUE(verify(bundle, artifact("message"), key_policy(signer.public_key())));
    EXPECT_FALSE(verify(bundle, artifact("messagf"), key_policy(signer.public_key())));
    const Artifact digest{.digest = Digest::sha256_of(as_bytes("message"))};
    const bool by_digest = verify(bundle, digest, key_policy(signer.public_key())).has_value();
    EXPECT_EQ(by_digest, type == KeyType::kEcdsaP256 || type == KeyType::kRsa) << key_type_name(type);
  }
}

TEST(VerifyByKey, RefusesAnotherKeyAndAnotherArtifact) {
  const MemorySigner signer(*PrivateKey::generate(KeyType::kEcdsaP256));
  const MemorySigner other(*PrivateKey::generate(KeyType::kEcdsaP256));
  const Bundle bundle = signed_statement(signer, "image");
  EXPECT_EQ(verify(bundle, artifact("image"), key_policy(other.public_key())).error().code(),
            Code::kVerificationFailed);
  EXPECT_EQ(verify(bundle, artifact("imagf"), key_policy(signer.public_key())).error().code(),
            Code::kVerificationFailed);
}

TEST(VerifyByKey, RefusesADigestHintOfAnotherArtifact) {
  const MemorySigner signer(*PrivateKey::generate(KeyType::kEcdsaP256));
  Bundle bundle = signed_message(signer, "message");
  std::get<MessageSignature>(bundle.content).message_digest = Digest::sha256_of(as_bytes("other"));
  EXPECT_FALSE(verify(bundle, artifact("message"), key_policy(signer.public_key())));
}

TEST(VerifyByKey, RefusesAnEnvelopeThatHoldsNoStatement) {
  const MemorySigner signer(*PrivateKey::generate(KeyType::kEcdsaP256));
  for (const std::string_view type : {kInTotoPayloadType, std::string_view("text/plain")}) {
    const auto envelope = sign_envelope(std::string(type), "payload", signer);
    const auto bundle = read_bundle(write_key_bundle(*envelope, signer.public_key()));
    ASSERT_TRUE(bundle);
    EXPECT_FALSE(verify(*bundle, artifact("payload"), key_policy(signer.public_key())));
  }
}

TEST(VerifyByKey, RefusesABundleOfACertificate) {
  const MemorySigner signer(*PrivateKey::generate(KeyType::kEcdsaP256));
  Bundle bundle = signed_statement(signer, "image");
  bundle.key_hint.reset();
  bundle.certificates = {"certificate"};
  EXPECT_FALSE(verify(bundle, artifact("image"), key_policy(signer.public_key())));
}

}  // namespace
}  // namespace bulkhead::sigstore
