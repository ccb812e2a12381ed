#include "oci/archive_format.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "oci/docker_archive.h"
#include "oci/layout.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kUnpack = "unpack it into a folder and scan rootfs:FOLDER";

Result<Error> no_image(const FileStore& files) {
  for (const std::string_view mark : kRootMarks) {
    TRY_CONTEXT(const auto found, files.find(std::string(mark)), files.name());
    if (!found) continue;
    return Error(
        Code::kUnsupported,
        fmt::format("{}: is a root file system (it holds {}), but no image: it has no manifest", files.name(), mark),
        std::string(kUnpack));
  }
  return Error(
      Code::kUnsupported,
      files.name() +
          ": is no image: it holds neither an OCI layout (oci-layout and index.json) nor what docker "
          "save writes (manifest.json)",
      fmt::format("docker save, podman save and skopeo copy write images; if it is a root file system, {}", kUnpack));
}

}  // namespace

Error doubt_that_it_is_an_image(Error passed_limit) {
  std::string remedy = fmt::format("{}; if it is no image but a root file system, {}", passed_limit.remedy(), kUnpack);
  return std::move(passed_limit).with_remedy(std::move(remedy));
}

Result<Image> open_files(const std::shared_ptr<const FileStore>& files, ArchiveFormat format, const Selector& selector,
                         const OpenOptions& options) {
  TRY_CONTEXT(const bool layout, is_layout(*files), files->name());
  if (layout && format != ArchiveFormat::kDockerArchive) return open_layout(files, selector, options);
  TRY_CONTEXT(const bool docker_archive, is_docker_archive(*files), files->name());
  if (docker_archive && format != ArchiveFormat::kLayout) return open_docker_archive(files, selector, options);
  if (docker_archive) {
    return fail(Code::kUnsupported, files->name() + ": is what docker save writes, but no OCI layout",
                "write docker-archive: in the place of oci:");
  }
  if (layout) {
    return fail(Code::kUnsupported, files->name() + ": is an OCI layout, but not what docker save writes",
                "write oci: in the place of docker-archive:");
  }
  TRY_ASSIGN(Error error, no_image(*files));
  return fail(std::move(error));
}

}  // namespace bulkhead::oci
