// Images in files and folders of this machine: OCI layouts, docker-archives and root file systems.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "oci/image_source.h"

namespace bulkhead::oci {

// "oci:" PATH[:NAME][@DIGEST]: a folder, a tar file, perhaps compressed, or "-" for standard input.
std::unique_ptr<ImageSource> make_layout_source();
// "docker-archive:" PATH[:NAME][@DIGEST] or PATH:@POSITION: a tar file, perhaps compressed, or "-".
std::unique_ptr<ImageSource> make_docker_archive_source();
// "rootfs:" FOLDER: a root file system as it lies there; an Image of one kDirectory layer.
std::unique_ptr<ImageSource> make_rootfs_source();

// What lies at a path.
struct AtPath {
  std::optional<OpenedImage> image;
  std::string why_not;  // what there is instead, when there is no image: "app: there is no such file or folder"
};

// What a path without prefix is, by what lies there: "-" and image archives by their content, a folder with an
// oci-layout file as an OCI layout, any other folder that is known for a root file system (it holds an os-release or a
// package database, or etc, usr and bin) as that. An error is about an image that is there, or about a place that could
// not be looked at.
Result<AtPath> open_path(std::string_view text, const OpenOptions& options);

}  // namespace bulkhead::oci
