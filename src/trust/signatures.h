// Every signature and attestation that is kept beside an image, wherever its maker put it: bundles and notation's
// envelopes as referrers, cosign's older images under the tags "sha256-<hex>.sig" and ".att", and those as referrers.
// Finding believes nothing but digests: what a listing calls a manifest only decides which are opened first.
//
// Bounded by SearchLimits: past them nothing more is looked at, and FoundSignatures::left_out says so, so that who can
// push to a repository can hide signatures from a verifier (which then refuses), but not exhaust it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oci/artifact_store.h"

namespace bulkhead::trust {

enum class SignatureForm : uint8_t {
  kBundle,         // a Sigstore bundle: signature or attestation
  kSimpleSigning,  // cosign's signature before bundles
  kDsse,           // cosign's attestation before bundles
  kNotation,       // a signature of the Notary Project, JWS or COSE
};
std::string_view form_name(SignatureForm form);  // "sigstore-bundle", "cosign-signature", "cosign-attestation", …

struct FoundSignature {
  SignatureForm form{};
  Digest subject;        // of the manifest that it is kept for
  Digest manifest;       // of the manifest that carries it
  std::string tag{};     // by which it was found; empty: as a referrer
  oci::Descriptor blob;  // the signature itself; cosign's older form has it in the annotations
};

// What looks like a signature and could not be read.
struct UnreadSignature {
  Digest manifest;  // empty: the tag could not be read
  std::string tag{};
  Error why;
};

struct FoundSignatures {
  std::vector<FoundSignature> signatures;
  std::vector<UnreadSignature> unread;
  bool left_out = false;  // there may be more
};

struct SearchLimits {
  uint64_t max_manifests = 200;                       // of artifacts that are opened for one image
  uint64_t max_signatures = 100;                      // of one image
  uint64_t max_bytes = uint64_t{256} << 20;           // of signatures and attestations together
  uint64_t max_signature_bytes = uint64_t{64} << 20;  // of one
};

// Errors: those of the store when it cannot list. That there are none is no error.
Result<FoundSignatures> find_signatures(const oci::ArtifactStore& store, const Digest& subject,
                                        const SearchLimits& limits);

}  // namespace bulkhead::trust
