// The platform an image is for, and which of several platforms serves a wish for one.
// Sources: OCI image-spec v1.1, image-index.md (platform); containerd's platform matching (variants that run on a newer
// processor of the same architecture).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::oci {

struct Platform {
  std::string os;            // "linux"
  std::string architecture;  // "amd64", Go's names
  std::string variant;       // "v8"; may be empty
  std::string os_version;    // Windows builds; may be empty

  std::string to_string()
      const;  // "linux/arm64/v8"; "windows(10.0.17763)/amd64"; "unknown" when os and architecture are

  // "os/arch[/variant]", the os optionally with its version in parentheses; common other names ("x86_64", "aarch64",
  // "armhf", "macos") are understood. kInvalidArgument otherwise.
  static Result<Platform> parse(std::string_view text);
  // The platform of this machine.
  static Platform host();

  friend auto operator<=>(const Platform&, const Platform&) = default;
};

// The one spelling of each platform: lower case, "x86_64" is amd64, "arm" is arm/v7, arm64's own variant v8 is left
// out.
Platform normalized(const Platform& platform);

// How well an image for `offered` serves a wish for `wanted`: 0 is exactly, more is an older variant of the same
// architecture (arm/v7 runs arm/v6; amd64/v3 runs amd64; arm64/v9 runs arm64/v8.5), nothing is not at all. An
// os_version in the wish must be a leading part of the offered one ("10.0.17763" serves "10.0.17763.5458"). Never
// crosses architectures: an amd64 machine can run a 386 image, but it is not what was asked for.
std::optional<uint32_t> platform_distance(const Platform& wanted, const Platform& offered);

}  // namespace bulkhead::oci
