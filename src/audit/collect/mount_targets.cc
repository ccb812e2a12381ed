#include "audit/collect/mount_targets.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "audit/collect/unknown.h"
#include "audit/known_places.h"
#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// Where `source`, of which there is nothing, would be made. Not of a link that leads nowhere: who knows where to.
std::optional<std::string> place_to_be(const RootedFolder& root, std::string_view source) {
  const std::string path = normal_path(source);
  for (size_t end = path.size(); end != std::string::npos && end > 0;) {
    const size_t slash = path.rfind('/', end - 1);
    if (slash == std::string::npos) return std::nullopt;
    const auto folder = root.find(std::string_view(path).substr(0, slash));
    if (!folder && folder.error().code() != Code::kNotFound) return std::nullopt;
    if (folder) {
      const std::string name = path.substr(slash + 1, end - slash - 1);
      struct stat status{};
      const bool nothing =
          ::fstatat(folder->fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
      if (!nothing) return std::nullopt;
      return normal_path(folder->path + path.substr(slash));
    }
    end = slash;
  }
  return std::nullopt;
}

// `in_use`: by a container that runs, which then has something that nobody can see any more.
void resolve(const RootedFolder& root, const std::string& source, const KnownSockets& sockets, bool in_use,
             Mount& mount) {
  const auto found = root.find(source);
  if (found) {
    mount.resolved = found->path;
    mount.sockets = sockets.reachable_through(*found);
  } else if (found.error().code() != Code::kNotFound) {
    mount.resolved = unknown_because(found.error());
  } else if (auto place = in_use ? std::nullopt : place_to_be(root, source)) {
    mount.resolved = *std::move(place);
  } else {
    mount.resolved = not_known(fmt::format("{} does not exist", printable(source)));
  }
}

}  // namespace

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

void look_at_mounts(const RootedFolder& root, const KnownSockets& sockets, Facts& facts) {
  if (facts.volumes) {
    for (auto& [name, volume] : *facts.volumes) {
      if (!volume.device.empty()) resolve(root, volume.device, sockets, false, volume);
    }
  }
  if (!facts.containers) return;
  for (Container& container : *facts.containers) {
    if (!container.details) continue;
    for (Mount& mount : container.details->mounts) {
      const std::string source = host_source(mount);
      if (!source.empty()) {
        resolve(root, source, sockets, container.running(), mount);
      } else if (mount.type == "volume" && mount.file_system.empty() && mount.file_system_device.empty()) {
        // The engine makes and removes its folder: one that is not there shows nothing.
        if (const auto folder = root.find(mount.source)) {
          mount.resolved = folder->path;
          mount.sockets = sockets.reachable_through(*folder);
        }
      }
    }
  }
}

std::map<std::string, std::string> find_moved_places(const RootedFolder& root) {
  std::map<std::string, std::string> moved;
  for (const KnownPlace& place : kKnownPlaces) {
    // Where programs and libraries really are is itself a place.
    if (place.below == Below::kWritable) continue;
    const auto found = root.find(place.path);
    if (found && found->path != place.path) moved.emplace(place.path, found->path);
  }
  return moved;
}

}  // namespace bulkhead::audit
