// From a reference to what is verified: the manifest that is meant, and the indexes through which it was reached.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci/artifact_store.h"
#include "oci/platform.h"

namespace bulkhead::trust {

struct Target {
  oci::Descriptor image;
  // Outermost first; each lists the next, the last one the image. Empty: the reference names the image itself.
  std::vector<oci::Descriptor> via;

  const oci::Descriptor& root() const { return via.empty() ? image : via.front(); }
};

// With a digest that is meant; through the index that the tag names, where that lists it. With a platform, the one
// image of an index that is for it. All that it names was read and has its digest. kNotFound for what is not there,
// which lists the platforms that are; kInvalidArgument for a platform of what is no index.
Result<Target> resolve_target(const oci::ArtifactStore& store, const std::string& tag, const Digest& digest,
                              const std::optional<oci::Platform>& platform, const oci::ImageLimits& limits);

// The images that an index leads to, itself left out; none when it is a manifest. Attestations of BuildKit and other
// entries that are no images are left out.
Result<std::vector<oci::Descriptor>> images_of(const oci::ArtifactStore& store, const oci::ManifestBlob& index,
                                               const oci::ImageLimits& limits);

}  // namespace bulkhead::trust
