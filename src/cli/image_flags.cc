#include "cli/image_flags.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/database_flags.h"
#include "oci/reference.h"

namespace bulkhead::cli {
namespace {

constexpr uint64_t kMaxJobs = 256;
constexpr std::string_view kRegistryPrefix = "registry:";

// How other tools write what has another prefix here. As a reference, such a name would be asked of Docker Hub.
struct ForeignPrefix {
  std::string_view theirs;
  std::string_view ours;
};
constexpr ForeignPrefix kForeignPrefixes[] = {{"oci-archive:", "oci:"},
                                              {"oci-dir:", "oci:"},
                                              {"oci-layout:", "oci:"},
                                              {"docker-daemon:", "docker:"},
                                              {"containers-storage:", "podman:"}};

}  // namespace

Status check_image_name(std::string_view text) {
  const size_t scheme = text.find("://");
  std::error_code error;
  if (scheme != std::string_view::npos && std::ranges::all_of(text.substr(0, scheme), is_alnum) &&
      !std::filesystem::exists(text, error)) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" begins no image", printable(text.substr(0, scheme + 3))),
                "write HOST[:PORT]/NAME[:TAG] without a scheme, or one of the prefixes registry:, docker:, podman:, "
                "oci:, docker-archive: and rootfs:");
  }
  for (const ForeignPrefix& prefix : kForeignPrefixes) {
    if (!text.starts_with(prefix.theirs) || std::filesystem::exists(text, error)) continue;
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is another tool's prefix", prefix.theirs),
                fmt::format("write {}{}", prefix.ours, printable(text.substr(prefix.theirs.size()))));
  }
  if (text.starts_with(kRegistryPrefix)) TRY(oci::Reference::parse_normalized(text.substr(kRegistryPrefix.size())));
  return {};
}

void ImageFlags::declare(Flags& flags) {
  flags.add({.names = "IMAGE",
             .help = "where to look, see below",
             .kind = Option::Kind::kFile,
             .required = true,
             .repeats = true},
            [this](std::string_view value) -> Status {
              TRY(check_image_name(value));
              images.emplace_back(value);
              return {};
            });
  flags.add({.names = "--platform",
             .value = "OS/ARCH[/VARIANT]",
             .help = "platform to choose from a multi-platform image",
             .preset = "this machine's"},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(platform, oci::Platform::parse(value));
              return {};
            });
  flags.add({.names = "-j,--jobs",
             .value = "N",
             .help = "layers of an image that are read at once, 1 to 256",
             .preset = "one for each processor it may use"},
            jobs, 1, kMaxJobs);
  add_cache_dir_flag(flags, cache_dir, "where what was learnt about layers is kept, and the database");
  flags.add_switch({.names = "--no-cache", .help = "neither read nor write the cache of layers"}, no_cache);
  flags.add({.names = "--max-cache-bytes",
             .value = "N",
             .help = "size of the cache of layers; the longest unused goes first"},
            max_cache_bytes, 0);
  flags.add_switch({.names = "--offline",
                    .help = "no network at all: images must be on this machine, in files, folders or engines that "
                            "are reached by a socket"},
                   offline);
  add_quiet_flag(flags, quiet, "no progress on standard error");

  flags.add_switch({.names = "--fetch-foreign-layers",
                    .help = "fetch layers that only other servers have, too",
                    .group = kRegistryGroup},
                   fetch_foreign_layers);
  registry.declare(flags);
  add_limits(flags, archive_limits, archive::limit_options());
  add_limits(flags, image_limits, oci::limit_options());

  flags.check([this]() -> Status {
    if (!offline) return {};
    for (const std::string& image : images) {
      if (!image.starts_with(kRegistryPrefix)) continue;
      return fail(Code::kInvalidArgument, fmt::format("{}: a registry is not asked under --offline", printable(image)),
                  "leave --offline out, or save the image to a file first (docker save, skopeo copy)");
    }
    return {};
  });
}

}  // namespace bulkhead::cli
