#include "trust/key_rule.h"

#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "keys/key_file.h"
#include "oci/manifest.h"
#include "sigstore/bundle.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/schemes.h"
#include "sigstore/simple_signing.h"
#include "sigstore/verifier.h"

namespace bulkhead::trust {
namespace {

Result<sigstore::Statement> verify_bundle(std::string_view bytes, const Digest& image, const PublicKey& key) {
  TRY_ASSIGN(const sigstore::Bundle bundle, sigstore::read_bundle(bytes));
  TRY_ASSIGN(sigstore::VerifiedSignature verified,
             sigstore::verify(bundle, {.digest = image}, {.key = key, .require_log_entry = false}));
  if (!verified.statement) {
    return fail(Code::kVerificationFailed, "the bundle holds a signature of bytes, no statement about an image");
  }
  return *std::move(verified.statement);
}

Result<sigstore::Statement> verify_attestation(std::string_view bytes, const PublicKey& key) {
  TRY_ASSIGN(const sigstore::DsseEnvelope envelope, sigstore::read_envelope(bytes));
  TRY(sigstore::verify_envelope(envelope, sigstore::kInTotoPayloadType, key));
  return sigstore::read_statement(envelope.payload);
}

Result<SignedAnnotations> verify_simple_signing(const FoundSignature& found, std::string_view payload,
                                                const Digest& image, const PublicKey& key) {
  const auto signature = base64_decode(oci::annotation(found.blob.annotations, sigstore::kSignatureAnnotation));
  if (!signature) return fail(Code::kMalformed, "its annotation holds no signature in base64");
  TRY(sigstore::verify_by_key(key, as_bytes(payload), as_bytes(*signature)));
  TRY_ASSIGN(sigstore::SimpleSigning signed_payload, sigstore::check_simple_signing(payload, image));
  return std::move(signed_payload.annotations);
}

}  // namespace

KeyRule::KeyRule(PublicKey key, std::string name)
    : key_(std::move(key)), name_(std::move(name)), id_(keys::key_id(key_)) {}

Result<Judgement> KeyRule::judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                                 const Wanted& wanted) const {
  constexpr size_t kShortId = 8;
  Judgement judgement{.signer_id = "key:" + id_,
                      .signer = fmt::format("{} (key {})", name_, std::string_view(id_).substr(0, kShortId)),
                      .rule = "key " + name_,
                      .key_id = id_};
  if (found.form == SignatureForm::kSimpleSigning) {
    TRY_ASSIGN(judgement.annotations, verify_simple_signing(found, bytes, image.descriptor.digest, key_));
    if (!wanted.predicate_type.empty()) {
      return fail(Code::kVerificationFailed, "is a signature of the image, no attestation");
    }
    TRY(require_annotations(judgement.annotations, wanted));
    return judgement;
  }
  TRY_ASSIGN(sigstore::Statement statement, found.form == SignatureForm::kBundle
                                                ? verify_bundle(bytes, image.descriptor.digest, key_)
                                                : verify_attestation(bytes, key_));
  TRY_ASSIGN(judgement.annotations, check_statement(statement, image.descriptor.digest, wanted));
  judgement.statement = std::move(statement);
  return judgement;
}

}  // namespace bulkhead::trust
