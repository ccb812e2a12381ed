// Where manifests and blobs of one repository can be read by tag and digest, listed by what they are about, and
// written: what signatures and attestations are kept in, beside the images that they are about. Implementations:
// layout_artifacts.h, registry/registry_artifacts.h.
//
// What is handed out has the digest that it is handed out under; it is hostile all the same, and its size bounded by
// ImageLimits. What a listing says of a manifest (its artifact type, its annotations) nobody has verified: registries
// are known to list wrong types. Sources: OCI distribution-spec v1.1 (Referrers, Push), OCI image-spec v1.1
// (manifest.md: subject, artifactType; image-layout.md).
//
// Errors, beside those of each function: those of the registry client (kUnauthenticated, kPermissionDenied,
// kUnavailable, kDeadlineExceeded, kCancelled), kVerificationFailed (another digest or size), kLimitExceeded.
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/image_source.h"

namespace bulkhead::oci {

// A manifest or index with its bytes. Of one that is to be written, descriptor.artifact_type and annotations are what
// listings shall say.
struct ManifestBlob {
  Descriptor descriptor;
  std::string bytes;

  static ManifestBlob of(std::string_view media_type, std::string bytes);
};

// What a tag shall name instead of `current` (null: it names nothing yet); nothing when that will do as it is. May be
// called several times.
using TagChange = std::function<Result<std::optional<ManifestBlob>>(const ManifestBlob* current)>;

class ArtifactStore {
 public:
  ArtifactStore() = default;
  ArtifactStore(const ArtifactStore&) = delete;
  ArtifactStore& operator=(const ArtifactStore&) = delete;
  virtual ~ArtifactStore() = default;

  virtual const std::string& name() const = 0;  // for messages: "registry.example.com/team/app", "images/app"

  // kNotFound. An empty tag is the only image of a layout (kInvalidArgument when there are several).
  virtual Result<ManifestBlob> tagged(const std::string& tag) const = 0;
  // kNotFound.
  virtual Result<ManifestBlob> manifest(const Digest& digest) const = 0;
  // The whole blob. kNotFound.
  virtual Result<std::string> blob(const Descriptor& blob, uint64_t max_bytes) const = 0;
  // The manifests whose subject is `subject`, each once; none when there are none.
  virtual Result<std::vector<Descriptor>> referrers(const Digest& subject) const = 0;

  // What is there already is not sent again. Empty descriptor fields but digest and size do not matter.
  virtual Status put_blob(const Descriptor& blob, std::string_view bytes) = 0;
  // Its blobs, and the manifests that an index lists, must be there before.
  virtual Status put_manifest(const ManifestBlob& manifest) = 0;
  // The same, and referrers(subject) lists it from then on; its "subject" says the same.
  virtual Status attach(const ManifestBlob& manifest, const Digest& subject) = 0;
  // Changes what the tag names so that of several writers at once none undoes what another did, as far as the store
  // lets us: a layout is locked; of a registry that takes no conditions, what was written is looked at again, and done
  // again when it is gone. kUnavailable when others keep changing it.
  virtual Status update_tag(const std::string& tag, const TagChange& change) = 0;
};

// The tag whose index lists the referrers of a digest where a registry has no API for them: "sha256-<hex>". Source: OCI
// distribution-spec v1.1, "Referrers Tag Schema".
std::string referrers_tag(const Digest& subject);

// An index for that tag with `added` in its list; nothing when it has it already. Whatever else it says stays.
Result<std::optional<ManifestBlob>> with_referrer(const ManifestBlob* index, const Descriptor& added,
                                                  const ImageLimits& limits);

}  // namespace bulkhead::oci
