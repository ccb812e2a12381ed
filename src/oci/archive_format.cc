#include "oci/archive_format.h"

#include "oci/docker_archive.h"
#include "oci/layout.h"

namespace bulkhead::oci {
namespace {

Result<ArchiveFormat> detect(const FileStore& files) {
  TRY_CONTEXT(const bool layout, is_layout(files), files.name());
  if (layout) return ArchiveFormat::kLayout;
  TRY_CONTEXT(const bool docker_archive, is_docker_archive(files), files.name());
  if (docker_archive) return ArchiveFormat::kDockerArchive;
  return fail(Code::kUnsupported,
              files.name() +
                  ": is no image: it holds neither an OCI layout (oci-layout and index.json) nor what docker "
                  "save writes (manifest.json)",
              "if it is a root file system, unpack it into a folder and scan rootfs:FOLDER");
}

}  // namespace

Result<Image> open_files(const std::shared_ptr<const FileStore>& files, ArchiveFormat format, const Selector& selector,
                         const OpenOptions& options) {
  if (format == ArchiveFormat::kAny) {
    TRY_ASSIGN(format, detect(*files));
  }
  if (format == ArchiveFormat::kLayout) return open_layout(files, selector, options);
  return open_docker_archive(files, selector, options);
}

}  // namespace bulkhead::oci
