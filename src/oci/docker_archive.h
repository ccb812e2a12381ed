// Archives of `docker save`, `podman save`, skopeo's docker-archive, and the builders that write the same (kaniko, jib,
// bazel): manifest.json names for each image its configuration, its tags and its layers' files.
//
// Sources: moby's image/spec (Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format"),
// and what `docker save` has written since 25.0, where the files are blobs of an OCI layout. Archives of Docker
// before 1.10, which have no manifest.json, are kUnsupported.
#pragma once

#include <memory>

#include "oci/file_store.h"
#include "oci/image_source.h"
#include "oci/selector.h"

namespace bulkhead::oci {

Result<bool> is_docker_archive(const FileStore& files);

// The image that `selector` chooses; without one there must be only one (kInvalidArgument lists them otherwise). The
// configuration is verified against the digest in its name, where that is one; layers against the digest in theirs,
// where that is one; diff_ids are for the reader of the layers to check. Layer media types are empty: the format does
// not say.
Result<Image> open_docker_archive(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                                  const OpenOptions& options);

}  // namespace bulkhead::oci
