// From what the user typed to an opened image.
//
// "registry:alpine", "oci:images/app:1.2", "docker-archive:save.tar", "docker:app", "podman:app", "rootfs:/srv/root": a
// known prefix forces its source. Without one the order is: what lies at that path (local_sources.h), then each of the
// sources that the caller gives, in the caller's order (local engines, then the registry). docs/image-sources.md says
// it to users. The sources above this folder (registry client, engines) come in as a table, so that this folder need
// not know them.
#pragma once

#include <span>
#include <string_view>

#include "oci/image_source.h"

namespace bulkhead::oci {

// Opens the image. Image::reference is `text`, also in the Image of a SequentialImage.
// Errors of a forced source pass through. Without a prefix: the first source that has the
// image decides, be it with an error; when none has it, kNotFound (kUnavailable when a source could not be asked) says
// what was tried, in which order, and why each did not do. The sources must outlive what is opened.
Result<OpenedImage> open_image(std::string_view text, std::span<ImageSource* const> sources,
                               const OpenOptions& options);

}  // namespace bulkhead::oci
