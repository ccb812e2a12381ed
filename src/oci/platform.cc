#include "oci/platform.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/text.h"

namespace bulkhead::oci {
namespace {

struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;  // forced when not empty
};

// Names that tools and uname(2) use, and Go's.
constexpr Alias kAliases[] = {
    {"i386", "386", ""},       {"i486", "386", ""},
    {"i586", "386", ""},       {"i686", "386", ""},
    {"x86_64", "amd64", ""},   {"x86-64", "amd64", ""},
    {"aarch64", "arm64", ""},  {"armhf", "arm", "v7"},
    {"armel", "arm", "v6"},    {"armv8l", "arm", "v8"},
    {"armv7l", "arm", "v7"},   {"armv6l", "arm", "v6"},
    {"armv5tel", "arm", "v5"}, {"loongarch64", "loong64", ""},
};

struct ArmVersion {
  uint64_t major = 0;
  uint64_t minor = 0;
};

// "v8", "v8.5", "v9": nothing when it is neither.
std::optional<ArmVersion> arm_version(std::string_view variant) {
  if (!variant.starts_with('v')) return std::nullopt;
  variant.remove_prefix(1);
  const size_t dot = variant.find('.');
  const auto major = parse_decimal(variant.substr(0, dot));
  const auto minor =
      dot == std::string_view::npos ? std::optional<uint64_t>(0) : parse_decimal(variant.substr(dot + 1));
  if (!major || !minor || *major > 99 || *minor > 99) return std::nullopt;
  return ArmVersion{*major, *minor};
}

// The steps down from one variant to an older one that it can run; nothing when it cannot.
std::optional<uint32_t> steps_down(std::string_view architecture, std::string_view from, std::string_view to) {
  if (from == to) return 0;
  const std::string_view implied = architecture == "amd64" ? "v1" : architecture == "arm64" ? "v8" : "";
  const auto wanted = arm_version(from.empty() ? implied : from);
  const auto offered = arm_version(to.empty() ? implied : to);
  if (!wanted || !offered) return std::nullopt;
  const auto distance = [](uint64_t high, uint64_t low) -> std::optional<uint32_t> {
    if (low > high) return std::nullopt;
    return static_cast<uint32_t>(high - low);
  };
  if (architecture == "amd64" || architecture == "arm") {
    if (wanted->minor != 0 || offered->minor != 0) return std::nullopt;
    if (offered->major < (architecture == "arm" ? 5U : 1U)) return std::nullopt;
    return distance(wanted->major, offered->major);
  }
  if (architecture == "arm64") {
    if (offered->major == wanted->major) return distance(wanted->minor, offered->minor);
    // ARMv9.x has everything of ARMv8.(x+5).
    if (wanted->major == 9 && offered->major == 8) {
      const auto below = distance(wanted->minor + 5, offered->minor);
      if (!below) return std::nullopt;
      return static_cast<uint32_t>(wanted->minor) + 1 + *below;
    }
  }
  return std::nullopt;
}

bool version_serves(std::string_view wanted, std::string_view offered) {
  if (wanted.empty() || wanted == offered) return true;
  return offered.starts_with(wanted) && offered[wanted.size()] == '.';
}

bool is_platform_word(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

}  // namespace

std::string Platform::to_string() const {
  if (os.empty() && architecture.empty()) return "unknown";
  std::string text = os;
  if (!os_version.empty()) text += fmt::format("({})", os_version);
  text += '/';
  text += architecture;
  if (!variant.empty()) text += '/' + variant;
  return text;
}

Platform normalized(const Platform& platform) {
  Platform result{to_lower(platform.os), to_lower(platform.architecture), to_lower(platform.variant),
                  platform.os_version};
  if (result.os == "macos") result.os = "darwin";
  for (const Alias& alias : kAliases) {
    if (result.architecture != alias.name) continue;
    result.architecture = alias.architecture;
    if (!alias.variant.empty()) result.variant = alias.variant;
    break;
  }
  if (!result.variant.empty() && is_digit(result.variant[0])) result.variant.insert(0, 1, 'v');
  if (result.architecture == "386") result.variant.clear();
  if (result.architecture == "amd64" && result.variant == "v1") result.variant.clear();
  if (result.architecture == "arm64" && (result.variant == "v8" || result.variant == "v8.0")) result.variant.clear();
  if (result.architecture == "arm64" && result.variant == "v9.0") result.variant = "v9";
  if (result.architecture == "arm" && result.variant.empty()) result.variant = "v7";
  return result;
}

Result<Platform> Platform::parse(std::string_view text) {
  const auto bad = [text] {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not a platform", printable(text)),
                "write it as os/architecture[/variant], for example linux/arm64 or linux/arm/v7");
  };
  const std::vector<std::string_view> parts = split(text, '/');
  if (parts.size() < 2 || parts.size() > 3) return bad();
  Platform platform;
  std::string_view os = parts[0];
  if (const size_t open = os.find('('); open != std::string_view::npos) {
    if (!os.ends_with(')')) return bad();
    platform.os_version = os.substr(open + 1, os.size() - open - 2);
    if (!is_platform_word(platform.os_version)) return bad();
    os = os.substr(0, open);
  }
  platform.os = os;
  platform.architecture = parts[1];
  if (parts.size() == 3) platform.variant = parts[2];
  if (!is_platform_word(platform.os) || !is_platform_word(platform.architecture)) return bad();
  if (parts.size() == 3 && !is_platform_word(platform.variant)) return bad();
  return normalized(platform);
}

Platform Platform::host() {
  utsname name{};
  Platform platform{"linux", "", "", ""};
  if (::uname(&name) == 0) platform.architecture = name.machine;
  return normalized(platform);
}

std::optional<uint32_t> platform_distance(const Platform& wanted, const Platform& offered) {
  const Platform want = normalized(wanted);
  const Platform offer = normalized(offered);
  if (want.os != offer.os || want.architecture != offer.architecture) return std::nullopt;
  if (!version_serves(want.os_version, offer.os_version)) return std::nullopt;
  return steps_down(want.architecture, want.variant, offer.variant);
}

}  // namespace bulkhead::oci
