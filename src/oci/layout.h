// OCI image layouts: a folder, or a tar file of one, with index.json and blobs under their digests.
// Source: OCI image-spec v1.1, image-layout.md; containerd's io.containerd.image.name annotation, which `docker save`
// writes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oci/file_store.h"
#include "oci/image_source.h"
#include "oci/manifest.h"
#include "oci/selector.h"

namespace bulkhead::oci {

// Whether the files are an OCI layout: there is an oci-layout file beside an index.json.
Result<bool> is_layout(const FileStore& files);

// index.json, and what of it names images. kMalformed and kUnsupported for a layout that breaks the specification or is
// of another version; kLimitExceeded. Errors do not name the layout.
inline constexpr const char* kLayoutIndexFile = "index.json";
inline constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";
struct LayoutIndex {
  Index index;
  std::string bytes;
};
Result<LayoutIndex> read_layout_index(const FileStore& files, const ImageLimits& limits);
// The names of an entry (tags or whole references), and how it is listed for people: by the first of them, else
// "@<digest>".
std::vector<std::string> layout_names(const Descriptor& descriptor);
std::string layout_label(const Descriptor& descriptor);

// The image that `selector` and the platform choose. Without a selector there must be one image, or one for each of
// several platforms; kInvalidArgument lists the names otherwise. kMalformed and kUnsupported for a layout that breaks
// the specification or is of another version; else the errors of resolve_image().
Result<Image> open_layout(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                          const OpenOptions& options);

}  // namespace bulkhead::oci
