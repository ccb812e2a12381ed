#include "audit/checks/mount_tree.h"

#include <algorithm>
#include <set>

#include "audit/paths.h"

namespace bulkhead::audit {
namespace {

// "/a" and "/b/c" are "/a/b/c"; "/" adds nothing.
std::string join(std::string_view folder, std::string_view rest) {
  if (rest.empty() || rest == "/") return std::string(folder);
  if (folder == "/") return std::string(rest);
  return std::string(folder).append(rest);
}

// What follows `folder` in `path`, which is at or below it: "/c", or nothing.
std::string_view rest_of(std::string_view path, std::string_view folder) {
  return folder == "/" ? path : path.substr(folder.size());
}

// "/", "/a", "/a/b" of "/a/b": until `use` says that it is enough.
template <typename Use>
void each_folder_of(std::string_view path, Use use) {
  use(std::string_view("/"));
  for (size_t end = 1; end < path.size();) {
    end = std::min(path.find('/', end), path.size());
    use(path.substr(0, end));
    ++end;
  }
}

// What begins with it lies below the folder.
std::string below_of(std::string_view folder) {
  return folder == "/" ? "/" : std::string(folder) + "/";
}

}  // namespace

MountTree::MountTree(std::span<const MountEntry> mounts) : mounts_(mounts) {
  std::set<uint64_t> ids;
  for (const MountEntry& mount : mounts) ids.insert(mount.id);
  for (const MountEntry& mount : mounts) {
    const bool is_top = mount.parent == mount.id || !ids.contains(mount.parent);
    if (is_top && mount.mount_point == "/" && root_ == nullptr) root_ = &mount;
    if (!is_top) children_.insert_or_assign({mount.parent, mount.mount_point}, &mount);
    by_root_.emplace(std::pair(std::string_view(mount.device), std::string_view(mount.root)), &mount);
  }
}

// Of those that lie one on another at one place.
const MountEntry* MountTree::uppermost(const MountEntry* mount, std::string_view point) const {
  // No more than there are: a table that somebody made up may go in a circle.
  for (size_t steps = 0; steps < mounts_.size(); ++steps) {
    const auto child = children_.find({mount->id, point});
    if (child == children_.end()) break;
    mount = child->second;
  }
  return mount;
}

std::optional<MountTree::Place> MountTree::find(std::string_view path) const {
  if (root_ == nullptr || !path.starts_with('/')) return std::nullopt;
  const MountEntry* mount = root_;
  each_folder_of(path, [&](std::string_view folder) { mount = uppermost(mount, folder); });
  return Place{.mount = mount, .inside = join(mount->root, rest_of(path, mount->mount_point))};
}

std::vector<const MountEntry*> MountTree::below(std::string_view path) const {
  std::vector<const MountEntry*> found;
  const auto place = find(path);
  if (!place) return found;
  const std::string prefix = below_of(path);
  std::set<const MountEntry*> seen{place->mount};
  std::vector<const MountEntry*> ahead{place->mount};
  while (!ahead.empty()) {
    const MountEntry* parent = ahead.back();
    ahead.pop_back();
    const std::string_view from = parent == place->mount ? std::string_view(prefix) : std::string_view();
    for (auto child = children_.lower_bound({parent->id, from}); child != children_.end(); ++child) {
      const auto& [parent_id, point] = child->first;
      if (parent_id != parent->id || !point.starts_with(from)) break;
      if (point.size() <= prefix.size() && parent == place->mount) continue;
      if (!seen.insert(child->second).second) continue;
      found.push_back(child->second);
      ahead.push_back(child->second);
    }
  }
  return found;
}

std::vector<std::string> MountTree::names_of(const Place& place) const {
  std::vector<std::string> names;
  const std::string_view device = place.mount->device;
  each_folder_of(place.inside, [&](std::string_view folder) {
    const auto [first, last] = by_root_.equal_range({device, folder});
    for (auto other = first; other != last; ++other) {
      std::string name = join(other->second->mount_point, rest_of(place.inside, folder));
      const auto there = find(name);
      if (there && there->mount == other->second) names.push_back(std::move(name));
    }
  });
  const std::string prefix = below_of(place.inside);
  for (auto part = by_root_.lower_bound({device, prefix}); part != by_root_.end(); ++part) {
    const auto& [part_device, root] = part->first;
    if (part_device != device || !root.starts_with(prefix)) break;
    if (root.size() == prefix.size()) continue;
    const auto there = find(part->second->mount_point);
    if (there && there->mount == part->second) names.push_back(part->second->mount_point);
  }
  return names;
}

}  // namespace bulkhead::audit
