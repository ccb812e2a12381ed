#include "audit/checks/host_view.h"

#include <set>
#include <span>

#include <fmt/format.h>

#include "audit/checks/sensitive_places.h"
#include "audit/paths.h"

namespace bulkhead::audit {
namespace {

constexpr int kMaxVolumes = 8;  // volumes that bind folders of volumes, one in another

std::span<const MountEntry> mounts_of(const Facts& facts) {
  return facts.host.mounts ? std::span<const MountEntry>(*facts.host.mounts) : std::span<const MountEntry>();
}

// Where it leads as it is written, links not followed.
std::string written_path_of(const Mount& mount) {
  // A volume's device is looked up from where the daemon stands, which is the root.
  if (!mount.device.empty() && !mount.device.starts_with('/')) return normal_path("/" + mount.device);
  return normal_path(mount.device.empty() ? mount.source : mount.device);
}

bool is_error(const Unknown& unknown) {
  return unknown.kind == Unknown::Kind::kError;
}

}  // namespace

std::string host_path_of(const Mount& mount, std::string_view root_dir) {
  if (mount.type != "bind" && mount.type != "volume") return {};
  std::string path = mount.resolved ? normal_path(*mount.resolved) : written_path_of(mount);
  const bool is_plain_volume = mount.type == "volume" && mount.device.empty();
  if (is_plain_volume && !root_dir.empty() && is_at_or_below(path, root_dir)) return {};
  return path.starts_with('/') ? path : std::string();
}

bool is_own_file_system(const Mount& mount) {
  return mount.type == "volume" && mount.device.empty() &&
         (!mount.file_system.empty() || !mount.file_system_device.empty());
}

struct HostView::Look {
  const Use& use;
  std::set<std::pair<const Mount*, std::string>> volumes;  // and what of them: seen already
  bool enough = false;
  std::string not_known;
};

HostView::HostView(const Facts& facts)
    : facts_(facts),
      root_dir_(facts.engine ? normal_path(facts.engine->root_dir) : std::string()),
      tree_(mounts_of(facts)) {
  if (!facts.volumes) return;
  for (const auto& [name, volume] : *facts.volumes) {
    const bool is_plain = volume.device.empty() && !is_own_file_system(volume);
    if (!is_plain && volume.source.starts_with('/')) volumes_.emplace(normal_path(volume.source), &volume);
  }
}

std::string HostView::look(const Mount& mount, const Use& use) {
  Look look{.use = use};
  look_through(mount, "", 0, look);
  return look.enough ? std::string() : look.not_known;
}

// Also under the name that a known place has there.
void HostView::tell(const SeenPlace& place, Look& look) const {
  look.enough = look.enough || look.use(place);
  for (const auto& [known, moved] : facts_.host.moved_places) {
    if (look.enough) return;
    SeenPlace other{.path = known, .read_only = place.read_only, .how = place.how};
    if (is_at_or_below(place.path, moved)) {
      other.path += place.path.substr(moved.size());
    } else if (!is_at_or_below(moved, place.path)) {
      continue;
    }
    if (other.path == place.path) continue;
    other.how += fmt::format("{} is {}: ", known, moved);
    look.enough = look.use(other);
  }
}

void HostView::look_through(const Mount& mount, const std::string& how, int depth, Look& look) {
  if (is_own_file_system(mount)) {
    const FileSystemJudgement judgement =
        judge_file_system(mount.file_system, mount.file_system_options, mount.file_system_device, root_dir_);
    if (!judgement.fault.empty()) return tell({.how = how, .fault = judgement.fault}, look);
    if (!judgement.known) {
      look.not_known = fmt::format("what volume {} of type {} shows is not known", mount.volume,
                                   mount.file_system.empty() ? "none" : mount.file_system);
    }
    return;
  }
  const std::string path = host_path_of(mount, root_dir_);
  if (!path.empty()) {
    tell({.path = path,
          .read_only = mount.read_only,
          .how = how,
          .itself = &mount,
          .certain = mount.resolved.has_value()},
         look);
    if (look.enough) return;
    const std::string written = written_path_of(mount);
    if (written != path && written.starts_with('/')) {
      tell({.path = written, .read_only = mount.read_only, .how = how}, look);
      if (!look.enough && mount.device.empty()) look_into_volumes(written, mount, depth, look);
    }
    if (!look.enough) look_into_volumes(path, mount, depth, look);
    if (look.enough) return;
  }
  if (mount.resolved) {
    look_at_mounts(normal_path(*mount.resolved), how, mount, look);
  } else if (!path.empty() && is_error(mount.resolved.error())) {
    look.not_known = fmt::format("where {} leads to is not known: {}", mount.source, mount.resolved.error().reason);
  }
}

// The folder of a volume shows what the volume is made of, once it is mounted there.
void HostView::look_into_volumes(const std::string& path, const Mount& mount, int depth, Look& look) {
  if (!facts_.volumes) {
    if (is_error(facts_.volumes.error()) && is_in_a_volume(path, root_dir_)) {
      look.not_known =
          fmt::format("what the volume at {} is made of is not known: {}", path, facts_.volumes.error().reason);
    }
    return;
  }
  const auto look_into = [&](const Mount& volume, std::string_view rest) {
    if (!look.volumes.emplace(&volume, rest).second) return;
    if (depth == kMaxVolumes) {
      look.not_known = fmt::format("more than {} volumes bind one another at {}", kMaxVolumes, path);
      return;
    }
    Mount shown = volume;
    shown.read_only = mount.read_only;
    if (!rest.empty()) {
      shown.sockets.clear();
      if (!shown.device.empty()) shown.device += rest;
      if (shown.resolved) *shown.resolved += rest;
    }
    const std::string how =
        fmt::format("{} volume {}{}: ", rest.empty() && path != normal_path(volume.source) ? "holds" : "is",
                    volume.volume, volume.device.empty() ? "" : fmt::format(", which binds {}", volume.device));
    look_through(shown, how, depth + 1, look);
  };
  for (size_t end = path.size(); end > 0 && end != std::string::npos && !look.enough; end = path.rfind('/', end - 1)) {
    const auto found = volumes_.find(std::string_view(path).substr(0, end));
    if (found != volumes_.end()) look_into(*found->second, std::string_view(path).substr(end));
  }
  const std::string below = path == "/" ? "/" : path + "/";
  for (auto found = volumes_.lower_bound(below);
       found != volumes_.end() && found->first.starts_with(below) && !look.enough; ++found) {
    look_into(*found->second, "");
  }
}

void HostView::look_at_mounts(const std::string& path, const std::string& how, const Mount& mount, Look& look) {
  if (!facts_.host.mounts) {
    if (is_error(facts_.host.mounts.error())) {
      look.not_known = fmt::format("what is mounted at {} is not known: {}", path, facts_.host.mounts.error().reason);
    }
    return;
  }
  const auto place = tree_.find(path);
  if (!place) {
    look.not_known =
        fmt::format("what is mounted at {} is not known: the mounts of the engine's process have no root", path);
    return;
  }
  const auto tell_names = [&](const MountTree::Place& shown, bool read_only, const std::string& where) {
    for (const std::string& name : names_of(shown)) {
      if (look.enough) return;
      // Under its own name it has been told of.
      if (is_at_or_below(name, path)) continue;
      tell({.path = name, .read_only = read_only, .how = fmt::format("{}{} is {}: ", how, where, name)}, look);
    }
  };
  tell_names(*place, mount.read_only, path);
  if (!mount.recursive) return;
  for (const MountEntry* below : tree_.below(path)) {
    if (look.enough) return;
    // That the container's mount is read-only holds for those below it with the newest engines only.
    tell_names({.mount = below, .inside = below->root}, below->read_only, below->mount_point);
  }
}

// Also those that only the kind of its file system tells.
const std::vector<std::string>& HostView::names_of(const MountTree::Place& place) {
  const auto [known, is_new] = names_.try_emplace({place.mount, place.inside});
  if (!is_new) return known->second;
  std::vector<std::string>& names = known->second;
  names = tree_.names_of(place);
  const std::string_view rest = place.inside == "/" ? std::string_view() : std::string_view(place.inside);
  if (const std::string_view usual = usual_place_of(place.mount->file_system); !usual.empty()) {
    names.push_back(std::string(usual).append(rest));
  }
  // The root of a machine that is a container itself overlays folders of another one's.
  const auto root = tree_.find("/");
  if (place.mount->file_system == "overlay" && root && place.mount->device != root->mount->device) {
    for (const std::string& folder : overlaid_folders(place.mount->options)) {
      // A relative one was mounted from within an engine's folder, by that engine.
      if (folder.starts_with('/')) names.push_back(normal_path(folder + std::string(rest)));
    }
  }
  return names;
}

}  // namespace bulkhead::audit
