// Signatures and attestations that cosign stored before it took bundles, as bundles: a layer of an image under a tag
// ".sig" or ".att", and its annotations (cosign.h). Nothing is verified here: verifier.h does that, of what comes out.
// Source: cosign, specs/SIGNATURE_SPEC.md and ATTESTATION_SPEC.md; pkg/cosign/bundle. Untrusted input, pure and
// thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "sigstore/bundle.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxAnnotationBytes = size_t{8} << 20;

// Empty: not there. They live as long as the call.
struct CosignAnnotations {
  std::string_view signature{};     // kSignatureAnnotation: base64
  std::string_view certificate{};   // kCertificateAnnotation: PEM; none: it was signed by a key
  std::string_view chain{};         // kChainAnnotation: PEM; roots in it are passed over
  std::string_view rekor_bundle{};  // kRekorBundleAnnotation: JSON
  std::string_view timestamp{};     // kTimestampAnnotation: JSON
};

// A message signature over the payload (simple_signing.h), which is the artifact to verify it with. kMalformed,
// kLimitExceeded.
Result<Bundle> bundle_of_signature(std::string_view payload, const CosignAnnotations& annotations);

// The DSSE envelope that the layer is; it must have one signature.
Result<Bundle> bundle_of_attestation(std::string_view envelope, const CosignAnnotations& annotations);

}  // namespace bulkhead::sigstore
