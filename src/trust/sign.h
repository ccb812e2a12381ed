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

#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "notation/envelope.h"
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

// An envelope of the Notary Project. `certificates`: the signer's first, then each its issuer, to the root.
// kInvalidArgument for an attestation, for certificates that are not of this key, and as notation::sign().
struct NotationSigning {
  notation::Format format = notation::Format::kJws;
  std::vector<Certificate> certificates;
  std::optional<int64_t> expiry{};  // seconds since 1970
  std::string agent{};              // "bulkhead/1.0"
};
Result<MadeSignature> make_notation_signature(const SignRequest& request, const Signer& signer,
                                              const NotationSigning& notation);

// So that it is found from then on. Signing again adds a signature, and takes none away.
Status keep_signature(oci::ArtifactStore& store, const MadeSignature& made, const oci::ImageLimits& limits);

}  // namespace bulkhead::trust
