#include "trust/sigstore_rule.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "keys/key_file.h"
#include "oci/manifest.h"
#include "sigstore/bundle.h"
#include "sigstore/cosign.h"
#include "sigstore/cosign_layer.h"
#include "sigstore/simple_signing.h"

namespace bulkhead::trust {
namespace {

sigstore::CosignAnnotations annotations_of(const FoundSignature& found) {
  const auto text = [&](std::string_view name) { return oci::annotation(found.blob.annotations, name); };
  return {.signature = text(sigstore::kSignatureAnnotation),
          .certificate = text(sigstore::kCertificateAnnotation),
          .chain = text(sigstore::kChainAnnotation),
          .rekor_bundle = text(sigstore::kRekorBundleAnnotation),
          .timestamp = text(sigstore::kTimestampAnnotation)};
}

Result<sigstore::Bundle> bundle_of(const FoundSignature& found, std::string_view bytes) {
  switch (found.form) {
    case SignatureForm::kSimpleSigning:
      return sigstore::bundle_of_signature(bytes, annotations_of(found));
    case SignatureForm::kDsse:
      return sigstore::bundle_of_attestation(bytes, annotations_of(found));
    default:
      return sigstore::read_bundle(bytes);
  }
}

}  // namespace

SigstoreRule::SigstoreRule(sigstore::Policy policy, std::string name, std::shared_ptr<const sigstore::TrustedRoot> root)
    : policy_(std::move(policy)), name_(std::move(name)), root_(std::move(root)) {}

std::unique_ptr<Rule> SigstoreRule::by_key(PublicKey key, std::string name,
                                           std::shared_ptr<const sigstore::TrustedRoot> root) {
  sigstore::Policy policy{.key = std::move(key), .root = root.get(), .require_log_entry = root != nullptr};
  return std::unique_ptr<Rule>(new SigstoreRule(std::move(policy), std::move(name), std::move(root)));
}

std::unique_ptr<Rule> SigstoreRule::by_identity(std::vector<sigstore::IdentityPattern> identities,
                                                std::shared_ptr<const sigstore::TrustedRoot> root) {
  sigstore::Policy policy{.identities = std::move(identities), .root = root.get()};
  return std::unique_ptr<Rule>(new SigstoreRule(std::move(policy), {}, std::move(root)));
}

Result<Judgement> SigstoreRule::judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                                      const Wanted& wanted) const {
  TRY_ASSIGN(const sigstore::Bundle bundle, bundle_of(found, bytes));
  const Digest& digest = image.descriptor.digest;
  if (found.form == SignatureForm::kSimpleSigning) {
    TRY_ASSIGN(const auto verified,
               sigstore::verify(bundle, {.digest = Digest::sha256_of(as_bytes(bytes)), .bytes = bytes}, policy_));
    TRY_ASSIGN(sigstore::SimpleSigning payload, sigstore::check_simple_signing(bytes, digest));
    if (!wanted.predicate_type.empty()) {
      return fail(Code::kVerificationFailed, "is a signature of the image, no attestation");
    }
    TRY(require_annotations(payload.annotations, wanted));
    TRY_ASSIGN(Judgement judgement, begin(verified, bytes));
    judgement.annotations = std::move(payload.annotations);
    return judgement;
  }
  const sigstore::DsseEnvelope* const envelope = bundle.envelope();
  if (envelope == nullptr) {
    return fail(Code::kVerificationFailed, "the bundle holds a signature of bytes, no statement about an image");
  }
  TRY_ASSIGN(auto verified, sigstore::verify(bundle, {.digest = digest}, policy_));
  TRY_ASSIGN(Judgement judgement,
             begin(verified, sigstore::pre_authentication_encoding(envelope->payload_type, envelope->payload)));
  TRY_ASSIGN(judgement.annotations, check_statement(*verified.statement, digest, wanted));
  judgement.statement = std::move(verified.statement);
  return judgement;
}

Result<Judgement> SigstoreRule::begin(const sigstore::VerifiedSignature& verified,
                                      std::string_view signed_bytes) const {
  constexpr size_t kShortId = 8;
  Judgement judgement;
  judgement.signed_digest = Digest::sha256_of(as_bytes(signed_bytes));
  if (verified.identity) {
    const auto& [name, issuer] = *verified.identity;
    judgement.signer = fmt::format("{}, by {}", name, issuer);
    judgement.signer_id = fmt::format("identity:{} {}", issuer, name);
    judgement.rule = fmt::format("identity {}", judgement.signer);
  } else if (verified.key) {
    judgement.key_id = keys::key_id(*verified.key);
    judgement.signer = fmt::format("{} (key {})", name_, std::string_view(judgement.key_id).substr(0, kShortId));
    judgement.signer_id = "key:" + judgement.key_id;
    judgement.rule = "key " + name_;
  }
  if (verified.certificate) {
    TRY_ASSIGN(const PublicKey key, verified.certificate->public_key());
    judgement.certified_key_id = keys::key_id(key);
  }
  // Each says that the signature was there by then: the earliest says most.
  const auto earliest = std::ranges::min_element(verified.times, {}, &sigstore::SigningTime::seconds);
  if (earliest != verified.times.end()) judgement.signed_at = earliest->seconds;
  return judgement;
}

}  // namespace bulkhead::trust
