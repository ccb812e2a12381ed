#include "audit/collect/mount_targets.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "audit/collect/unknown.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

void resolve(const RootedFolder& root, const std::string& source, const KnownSockets& sockets, Mount& mount) {
  const auto found = root.find(source);
  if (!found) {
    mount.resolved = found.error().code() == Code::kNotFound
                         ? not_known(fmt::format("{} does not exist", printable(source)))
                         : unknown_because(found.error());
    return;
  }
  mount.resolved = found->path;
  mount.is_directory = found->is_directory();
  mount.sockets = sockets.reachable_through(*found);
}

}  // namespace

std::string bound_folder(const std::map<std::string, std::string>& options) {
  constexpr std::array<std::string_view, 2> kBinding = {"bind", "rbind"};
  const auto flags = options.find("o");
  const auto device = options.find("device");
  if (flags == options.end() || device == options.end()) return {};
  const std::vector<std::string_view> words = split(flags->second, ',');
  const bool binds = std::ranges::any_of(
      words, [&](std::string_view word) { return std::ranges::find(kBinding, trim(word)) != kBinding.end(); });
  return binds ? device->second : std::string();
}

std::string host_source(const Mount& mount) {
  if (mount.type == "bind") return mount.source;
  return mount.type == "volume" ? mount.device : std::string();
}

void KnownSockets::add(const RootedFolder& root, const std::string& path) {
  auto found = root.find(path);
  if (!found || !S_ISSOCK(found->status.st_mode)) return;
  const auto is_same = [&](const Socket& known) { return known.trail.back() == found->identity(); };
  if (std::ranges::any_of(sockets_, is_same)) return;
  sockets_.push_back({.path = std::move(found->path), .trail = std::move(found->trail)});
}

namespace {

// Those of which a machine with many containers has many, and those that can keep who looks at them waiting for another
// machine: no engine listens there.
bool may_hold_sockets(const MountEntry& mount) {
  constexpr std::array<std::string_view, 12> kNever = {"overlay", "nsfs", "proc", "sysfs", "cgroup", "cgroup2",
                                                       "autofs",  "nfs",  "nfs4", "cifs",  "smb3",   "ceph"};
  return std::ranges::find(kNever, mount.file_system) == kNever.end() && !mount.file_system.starts_with("fuse");
}

}  // namespace

bool KnownSockets::lies_above_a_socket(RootedFolder::Identity folder) const {
  return std::ranges::any_of(
      sockets_, [&](const Socket& socket) { return std::ranges::find(socket.trail, folder) != socket.trail.end(); });
}

void KnownSockets::add_mounts(const RootedFolder& root, const std::vector<MountEntry>& mounts) {
  for (const MountEntry& mount : mounts) {
    if (!may_hold_sockets(mount)) continue;
    const auto place = root.find(mount.mount_point);
    if (place && lies_above_a_socket(place->identity())) {
      mounted_.push_back({.path = mount.mount_point, .identity = place->identity()});
    }
  }
}

std::vector<std::string> KnownSockets::reachable_through(const RootedFolder::Found& target) const {
  std::vector<RootedFolder::Identity> shown{target.identity()};
  for (const Place& place : mounted_) {
    if (place.path.starts_with(target.path) && place.path.substr(target.path.size()).starts_with('/')) {
      shown.push_back(place.identity);
    }
  }
  std::vector<std::string> paths;
  for (const Socket& socket : sockets_) {
    const auto is_on_its_way = [&](RootedFolder::Identity identity) {
      return std::ranges::find(socket.trail, identity) != socket.trail.end();
    };
    if (std::ranges::any_of(shown, is_on_its_way)) paths.push_back(socket.path);
  }
  std::ranges::sort(paths);
  return paths;
}

void look_at_mounts(const RootedFolder& root, const KnownSockets& sockets, std::vector<Container>& containers) {
  for (Container& container : containers) {
    if (!container.details) continue;
    for (Mount& mount : container.details->mounts) {
      const std::string source = host_source(mount);
      if (!source.empty()) resolve(root, source, sockets, mount);
    }
  }
}

}  // namespace bulkhead::audit
