// Sends blobs and manifests to one repository. Source: OCI distribution-spec v1.1, "Push".
#pragma once

#include <string>
#include <string_view>

#include "oci/artifact_store.h"
#include "oci/registry/repository.h"

namespace bulkhead::oci {

// Looks for the blob first. Tried again as a whole when the registry fails in a way that may pass.
Status upload_blob(const Repository& repository, const Descriptor& blob, std::string_view bytes);

struct ManifestUpload {
  std::string tag{};  // empty: under its digest
  // Only when the tag still names what had this entity tag, or (kNothing) nothing yet. A registry may take no notice.
  std::string if_match{};
  bool if_nothing = false;
};
struct UploadedManifest {
  bool stored = true;   // false: the condition does not hold (412)
  std::string subject;  // among whose referrers the registry lists it from now on (OCI-Subject); may be empty
};
Result<UploadedManifest> upload_manifest(const Repository& repository, const ManifestBlob& manifest,
                                         const ManifestUpload& upload);

}  // namespace bulkhead::oci
