// From what the user typed to the store that has, or gets, the signatures of an image.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "oci/artifact_store.h"
#include "oci/reference.h"
#include "oci/registry/options.h"

namespace bulkhead::oci {

// An image, by tag or digest, and the store that it is in.
struct ArtifactLocation {
  std::unique_ptr<ArtifactStore> store;
  std::string tag;        // may be empty: of a layout, its only image
  Digest digest{};        // where both are given the digest decides
  Reference reference{};  // of a registry; empty for a layout
  std::string name;       // for messages: "registry.example.com/team/app:1", "images/app:1"

  // The manifest or index that is meant. Errors: those of the store.
  Result<ManifestBlob> resolve() const { return digest.empty() ? store->tagged(tag) : store->manifest(digest); }
};

// "registry:NAME", "oci:PATH[:TAG][@DIGEST]", or without a prefix: what lies at that path, else a name in a registry.
// Engines and docker-archives keep no signatures: kInvalidArgument, as for what is no reference. kNotFound,
// kUnsupported: the path holds no layout. Registries are not asked yet.
Result<ArtifactLocation> locate_artifacts(std::string_view text, const RegistryOptions& options,
                                          const ImageLimits& limits);

}  // namespace bulkhead::oci
