#include "oci/artifact_location.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>

#include "archive/tar_index.h"
#include "base/fs.h"
#include "base/text.h"
#include "oci/file_store.h"
#include "oci/layout_artifacts.h"
#include "oci/reference.h"
#include "oci/registry/registry_artifacts.h"
#include "oci/selector.h"

namespace bulkhead::oci {
namespace {

constexpr std::array<std::string_view, 4> kOtherPrefixes = {"docker:", "podman:", "docker-archive:", "rootfs:"};

std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

Result<std::shared_ptr<const FileStore>> open_files(const std::string& path, bool is_folder) {
  if (is_folder) return make_folder_store(path);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail(errno_error(errno, printable(path)));
  TRY_ASSIGN(auto index, archive::TarIndex::create(std::move(fd), printable(path), {}));
  return make_tar_store(std::move(index), printable(path));
}

Result<ArtifactLocation> locate_layout(const PathAndSelector& chosen, const ImageLimits& limits) {
  if (chosen.selector.position) {
    return fail(Code::kInvalidArgument, fmt::format("{}: name the image by its tag or digest", printable(chosen.path)));
  }
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(chosen.path, error);
  TRY_ASSIGN(auto files, open_files(chosen.path, is_folder));
  ArtifactLocation location;
  TRY_ASSIGN(location.store, open_layout_artifacts(std::move(files), is_folder ? chosen.path : std::string(), limits));
  location.tag = chosen.selector.name;
  location.digest = chosen.selector.digest;
  location.name = printable(chosen.path + chosen.selector.to_string());
  return location;
}

Result<ArtifactLocation> locate_repository(std::string_view text, const RegistryOptions& options,
                                           const ImageLimits& limits) {
  TRY_ASSIGN(const Reference parsed, Reference::parse_normalized(text));
  const Reference reference = parsed.with_default_tag();
  ArtifactLocation location;
  TRY_ASSIGN(location.store, open_registry_artifacts(options, reference, limits));
  location.tag = reference.tag;
  location.digest = reference.digest;
  location.name = reference.to_string();
  location.reference = reference;
  return location;
}

}  // namespace

Result<ArtifactLocation> locate_artifacts(std::string_view text, const RegistryOptions& options,
                                          const ImageLimits& limits) {
  if (const auto name = after(text, "registry:")) return locate_repository(*name, options, limits);
  if (const auto path = after(text, "oci:")) {
    TRY_ASSIGN(const PathAndSelector chosen, split_path(*path));
    return locate_layout(chosen, limits);
  }
  const auto chosen = split_path(text);
  if (chosen && exists(chosen->path)) return locate_layout(*chosen, limits);
  const bool elsewhere =
      std::ranges::any_of(kOtherPrefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
  if (elsewhere) {
    return fail(Code::kInvalidArgument,
                fmt::format("{}: signatures are kept in registries and OCI layouts only", printable(text)),
                "name the image in its registry, or a layout: oci:PATH[:TAG]");
  }
  return locate_repository(text, options, limits);
}

}  // namespace bulkhead::oci
