// OCI image layouts: a folder, or a tar file of one, with index.json and blobs under their digests.
// Source: OCI image-spec v1.1, image-layout.md; containerd's io.containerd.image.name annotation, which `docker save`
// writes.
#pragma once

#include <memory>

#include "oci/file_store.h"
#include "oci/image_source.h"
#include "oci/selector.h"

namespace bulkhead::oci {

// Whether the files are an OCI layout: there is an oci-layout file beside an index.json.
Result<bool> is_layout(const FileStore& files);

// The image that `selector` and the platform choose. Without a selector there must be one image, or one for each of
// several platforms; kInvalidArgument lists the names otherwise. kMalformed and kUnsupported for a layout that breaks
// the specification or is of another version; else the errors of resolve_image().
Result<Image> open_layout(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                          const OpenOptions& options);

}  // namespace bulkhead::oci
