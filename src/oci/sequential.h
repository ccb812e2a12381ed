// Image archives that go by once: standard input, compressed files, an engine's export. OCI layouts and
// docker-archives, in any order of their entries: layers may well come before the manifest that names them.
//
// Blobs that look like JSON and are small are kept; everything else is handed to the visitor while it passes, verified
// against the digest in its name where that is one. When the stream has ended, the image is put together from what was
// kept. A layer that was kept by mistake (a tar whose first name begins with '{') is visited then. Nothing is written
// to disk.
#pragma once

#include <memory>
#include <string>

#include "oci/archive_format.h"
#include "oci/image_source.h"
#include "oci/selector.h"

namespace bulkhead::oci {

// `source` may be compressed. `name` is for errors ("standard input").
// Errors of read(): kMalformed for a broken stream (truncated, not a tar, two layers of one name), kUnsupported when
// the stream holds no image, kLimitExceeded, kVerificationFailed, and those of open_layout() and open_docker_archive().
std::unique_ptr<SequentialImage> make_sequential_image(std::unique_ptr<BlockSource> source, std::string name,
                                                       ArchiveFormat format, Selector selector, OpenOptions options);

}  // namespace bulkhead::oci
