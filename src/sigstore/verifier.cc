#include "sigstore/verifier.h"

#include <utility>

#include <fmt/format.h>

#include "sigstore/dsse.h"
#include "sigstore/schemes.h"

namespace bulkhead::sigstore {
namespace {

Result<Statement> verify_envelope_of(const DsseEnvelope& envelope, const Artifact& artifact, const PublicKey& key) {
  TRY(verify_envelope(envelope, kInTotoPayloadType, key));
  TRY_ASSIGN(Statement statement, read_statement(envelope.payload));
  if (find_subject(statement, artifact.digest) == nullptr) {
    return fail(Code::kVerificationFailed,
                fmt::format("the signed statement is not about {}", artifact.digest.to_string()));
  }
  return statement;
}

HashAlgorithm hash_of(const Digest& digest) {
  return digest.algorithm() == Digest::Algorithm::kSha256 ? HashAlgorithm::kSha256 : HashAlgorithm::kSha512;
}

Status verify_message(const MessageSignature& message, const Artifact& artifact, const PublicKey& key) {
  if (message.message_digest && message.message_digest->algorithm() == artifact.digest.algorithm() &&
      *message.message_digest != artifact.digest) {
    return fail(Code::kVerificationFailed,
                fmt::format("the bundle is of {}, not of {}", message.message_digest->to_string(),
                            artifact.digest.to_string()));
  }
  const ByteSpan signature = as_bytes(message.signature);
  if (artifact.bytes) return verify_by_key(key, as_bytes(*artifact.bytes), signature);
  return verify_digest_by_key(key, hash_of(artifact.digest), artifact.digest.raw(), signature);
}

}  // namespace

Result<VerifiedSignature> verify(const Bundle& bundle, const Artifact& artifact, const Policy& policy) {
  if (!policy.key || policy.require_log_entry) {
    return fail(Code::kInvalidArgument, "this policy needs a trusted root, and has none");
  }
  if (!bundle.key_hint) return fail(Code::kVerificationFailed, "the bundle is signed by a certificate, not by a key");
  VerifiedSignature verified{.key = policy.key};
  if (const DsseEnvelope* envelope = bundle.envelope()) {
    TRY_ASSIGN(verified.statement, verify_envelope_of(*envelope, artifact, *policy.key));
  } else {
    TRY(verify_message(*bundle.message(), artifact, *policy.key));
  }
  return verified;
}

}  // namespace bulkhead::sigstore
