// The two ways in which files make up an image, and the choice between them.
#pragma once

#include <cstdint>
#include <memory>

#include "oci/file_store.h"
#include "oci/image_source.h"
#include "oci/selector.h"

namespace bulkhead::oci {

enum class ArchiveFormat : uint8_t {
  kAny,     // whatever it turns out to be; an OCI layout when it is both, as what `docker save` writes since 25.0
  kLayout,  // OCI layout
  kDockerArchive,  // docker save
};

// kUnsupported when the files make up no image; else as open_layout() and open_docker_archive().
Result<Image> open_files(const std::shared_ptr<const FileStore>& files, ArchiveFormat format, const Selector& selector,
                         const OpenOptions& options);

}  // namespace bulkhead::oci
