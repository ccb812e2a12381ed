#include "audit/collect/mount_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kMaxMounts = 200'000;  // the kernel's own bound is 100,000

// Not on a device: what is kept there is part of something else, or gone when the machine stops.
constexpr std::array<std::string_view, 6> kNoDevice = {"overlay", "tmpfs", "ramfs", "aufs", "squashfs", "devtmpfs"};

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// "\040" and the like (seq_path() in the kernel).
std::string unescape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i, 4);
    if (digits.size() == 4 && digits[0] == '\\' && digits[1] <= '3' &&
        std::ranges::all_of(digits.substr(1), is_octal)) {
      result += static_cast<char>((digits[1] - '0') * 64 + (digits[2] - '0') * 8 + (digits[3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

bool has_option(std::string_view options, std::string_view wanted) {
  const std::vector<std::string_view> all = split(options, ',');
  return std::ranges::find(all, wanted) != all.end();
}

std::optional<MountEntry> parse_line(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, ' ');
  // Optional fields end with a dash; six come before them, three after it.
  const auto from = fields.begin() + std::min<std::ptrdiff_t>(6, std::ssize(fields));
  const auto dash = std::find(from, fields.end(), "-");
  if (fields.end() - dash < 4) return std::nullopt;
  const auto id = parse_decimal(fields[0]);
  const auto parent = parse_decimal(fields[1]);
  if (!id || !parent || !fields[4].starts_with('/')) return std::nullopt;
  return MountEntry{.id = *id,
                    .parent = *parent,
                    .device = std::string(fields[2]),
                    .root = unescape(fields[3]),
                    .mount_point = unescape(fields[4]),
                    .file_system = unescape(dash[1]),
                    .source = unescape(dash[2]),
                    .options = dash[1] == "overlay" ? unescape(dash[3]) : std::string(),
                    .read_only = has_option(fields[5], "ro") || has_option(dash[3], "ro")};
}

// The last of the longest: a later mount hides an earlier one at the same place.
const MountEntry* covering(const std::vector<MountEntry>& mounts, std::string_view path) {
  const MountEntry* best = nullptr;
  for (const MountEntry& mount : mounts) {
    if (!is_at_or_below(path, mount.mount_point)) continue;
    if (best == nullptr || mount.mount_point.size() >= best->mount_point.size()) best = &mount;
  }
  return best;
}

}  // namespace

Result<std::vector<MountEntry>> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> mounts;
  std::string_view line;
  for (size_t number = 1; next_line(text, line); ++number) {
    if (mounts.size() == kMaxMounts) return fail(limit_error("mounts", kMaxMounts, {}));
    auto mount = parse_line(line);
    if (!mount) return fail(Code::kMalformed, fmt::format("line {} is no mount", number));
    mounts.push_back(*std::move(mount));
  }
  return mounts;
}

std::optional<Host::RootMount> mount_of(const std::vector<MountEntry>& mounts, std::string_view path) {
  const MountEntry* mount = covering(mounts, path);
  if (mount == nullptr) return std::nullopt;
  Host::RootMount found{
      .mount_point = mount->mount_point, .file_system = mount->file_system, .source = mount->source, .separate = false};
  if (mount->mount_point == "/" || std::ranges::find(kNoDevice, mount->file_system) != kNoDevice.end()) return found;
  // A bind mount of the same file system shares its space; so does one that brings back the root's.
  const std::string_view point = mount->mount_point;
  const MountEntry* above = covering(mounts, point.substr(0, std::max<size_t>(point.rfind('/'), 1)));
  const MountEntry* root = covering(mounts, "/");
  found.separate =
      (above == nullptr || above->device != mount->device) && (root == nullptr || root->device != mount->device);
  return found;
}

}  // namespace bulkhead::audit
