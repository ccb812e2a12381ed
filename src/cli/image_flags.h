// The flags of every command that looks into images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/limits.h"
#include "cli/flags.h"
#include "cli/registry_flags.h"
#include "oci/limits.h"
#include "oci/platform.h"

namespace bulkhead::cli {

struct ImageFlags {
  std::vector<std::string> images;
  std::optional<oci::Platform> platform;  // nothing: the host's
  uint64_t jobs = 0;                      // 0: one per processor
  std::string cache_dir;                  // empty: $XDG_CACHE_HOME/bulkhead or ~/.cache/bulkhead
  bool no_cache = false;
  uint64_t max_cache_bytes = uint64_t{1} << 30;
  archive::Limits archive_limits;
  oci::ImageLimits image_limits;
  bool fetch_foreign_layers = false;
  RegistryFlags registry;
  bool offline = false;  // no network at all: neither registries nor engines of other machines
  bool quiet = false;    // no progress

  void declare(Flags& flags);
};

// kInvalidArgument, whatever there is on this machine: another tool's prefix, a URL.
Status check_image_name(std::string_view text);

// For the details of such a command: what an IMAGE is.
inline constexpr std::string_view kImageForms =
    "An IMAGE is a registry reference (docker.io/library/alpine:3.19, localhost:5000/x@sha256:…), an OCI layout "
    "(directory or tar, path:tag), a docker save archive (- is standard input), an image of a running Docker or Podman "
    "engine, or a root file system directory. A prefix forces one: registry:, oci:, docker-archive:, docker:, podman:, "
    "rootfs:. Without a prefix it is looked for as a path first, then in the local engines, then in its registry.";

}  // namespace bulkhead::cli
