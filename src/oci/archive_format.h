// The two ways in which files make up an image, and the choice between them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "oci/file_store.h"
#include "oci/image_source.h"
#include "oci/selector.h"

namespace bulkhead::oci {

enum class ArchiveFormat : uint8_t {
  kAny,     // whatever it turns out to be; an OCI layout when it is both, as what `docker save` writes since 25.0
  kLayout,  // OCI layout
  kDockerArchive,  // docker save
};

// What says which distribution a root file system is, and where its packages are listed. Folders such as bin and lib
// say nothing: checkouts of source code have them too, and are called what their image is called.
inline constexpr std::string_view kRootMarks[] = {
    "etc/os-release",      "usr/lib/os-release",   "var/lib/dpkg/status",  "var/lib/dpkg/status.d",
    "var/lib/opkg/status", "usr/lib/opkg/status",  "lib/apk/db/installed", "usr/lib/apk/db/installed",
    "var/lib/rpm",         "usr/lib/sysimage/rpm", "usr/share/rpm",        "var/lib/rpmmanifest"};

// What to do about an archive that is malformed.
inline constexpr std::string_view kArchiveAgain =
    "the archive is damaged, was cut off or is no work of an image tool: save or copy it again";

// An archive passed a limit before it was known for an image: it may be none.
Error doubt_that_it_is_an_image(Error passed_limit);

// kUnsupported when the files make up no image, or one of the other format; the error says what they are as far as that
// can be told, and what to do. Else as open_layout() and open_docker_archive().
Result<Image> open_files(const std::shared_ptr<const FileStore>& files, ArchiveFormat format, const Selector& selector,
                         const OpenOptions& options);

}  // namespace bulkhead::oci
