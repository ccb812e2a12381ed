// Signs an image, or attests something of it, and keeps the signature beside it, where every verifier of its form
// looks. What is signed is a digest: the manifest or index was read and has it. Sources: cosign 3.1,
// specs/BUNDLE_SPEC.md, SIGNATURE_SPEC.md, ATTESTATION_SPEC.md; notaryproject/specifications,
// signature-specification.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.h"
#include "oci/artifact_store.h"
#include "trust/rule.h"

namespace bulkhead::trust {

// What is attested.
struct Predicate {
  std::string type;  // a URI
  std::string json;
};

struct SignRequest {
  oci::Descriptor image;     // of the manifest or index that is signed
  std::string repository{};  // "registry.example.com/team/app", for forms that name it; may be empty
  SignedAnnotations annotations{};
  std::optional<Predicate> predicate{};  // nothing: the image itself is signed
  int64_t now = 0;                       // seconds since 1970
};

// A signature that is made, and how it is kept.
struct MadeSignature {
  SignatureForm form{};
  Digest image;
  oci::Descriptor blob;  // the signature, with the annotations of its layer
  std::string bytes;     // of the blob
  // kBundle, kNotation: the manifest that carries it. cosign's older forms are added to what a tag names instead.
  std::optional<oci::ManifestBlob> manifest{};
  std::string tag{};
};

// kInvalidArgument: the predicate is no JSON. Errors of the signer.
Result<MadeSignature> make_bundle(const SignRequest& request, const Signer& signer);
// As cosign signed and attested before bundles.
Result<MadeSignature> make_legacy_signature(const SignRequest& request, const Signer& signer);

// So that it is found from then on. Signing again adds a signature, and takes none away.
Status keep_signature(oci::ArtifactStore& store, const MadeSignature& made, const oci::ImageLimits& limits);

}  // namespace bulkhead::trust
