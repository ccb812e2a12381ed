// Artifacts of an OCI image layout: a folder, or (to be read only) a tar file of one.
#pragma once

#include <memory>
#include <string>

#include "oci/artifact_store.h"
#include "oci/file_store.h"

namespace bulkhead::oci {

// What an artifact store of a layout knows of it. Referrers are all manifests of index.json whose subject is asked for,
// and what the index under the referrers' tag lists.
//
// `folder` is where the layout is written, under a lock on its oci-layout file; empty: kUnsupported when it is written
// to. kUnsupported for a layout of another version, kNotFound when the files are none.
Result<std::unique_ptr<ArtifactStore>> open_layout_artifacts(std::shared_ptr<const FileStore> files, std::string folder,
                                                             const ImageLimits& limits);

}  // namespace bulkhead::oci
