// Artifacts of a repository of a registry.
//
// Referrers are asked for by the API of distribution-spec v1.1, page by page; where a registry has none, or lists
// nothing, the index under the referrers' tag is read (which Debian's docker-registry 2.8 always needs). A manifest is
// attached in the way that the registry then finds it by: it answers OCI-Subject, or the index under the tag is
// changed. Reading asks mirrors first; writing asks the registry only. Blobs are looked for before they are sent, and
// sent whole or, past RegistryOptions::upload_chunk_bytes, in chunks; what the registry says it stored
// (Docker-Content-Digest) must be what was sent (kVerificationFailed).
#pragma once

#include <memory>

#include "oci/artifact_store.h"
#include "oci/reference.h"
#include "oci/registry/options.h"

namespace bulkhead::oci {

// The repository that the reference is in; its tag and digest do not matter. Makes no request. kInvalidArgument for
// options that make no sense.
Result<std::unique_ptr<ArtifactStore>> open_registry_artifacts(RegistryOptions options, const Reference& reference,
                                                               const ImageLimits& limits);

}  // namespace bulkhead::oci
