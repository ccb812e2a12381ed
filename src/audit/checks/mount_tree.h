// A table of mounts as the tree that it is: which mount a path is on, which ones lie below it, and under which other
// paths the same files are. Pure; the table may be anybody's who may mount. Internal to audit.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/facts.h"

namespace bulkhead::audit {

class MountTree {
 public:
  explicit MountTree(std::span<const MountEntry> mounts);  // which must outlive it

  struct Place {
    const MountEntry* mount = nullptr;
    std::string inside;  // the path within its file system: "/" is all of it
  };
  // `path`: absolute, normal, without links. Nothing when the table has no root.
  std::optional<Place> find(std::string_view path) const;

  // The mounts below `path`: those that a recursive bind mount of it carries along.
  std::vector<const MountEntry*> below(std::string_view path) const;

  // Other paths of the same place, and where parts of it are mounted. Only paths that lead there: none that another
  // mount hides.
  std::vector<std::string> names_of(const Place& place) const;

 private:
  const MountEntry* uppermost(const MountEntry* mount, std::string_view point) const;

  std::span<const MountEntry> mounts_;
  const MountEntry* root_ = nullptr;
  // By the parent's number and the mount point; by the device and what of it is mounted.
  std::map<std::pair<uint64_t, std::string_view>, const MountEntry*> children_;
  std::multimap<std::pair<std::string_view, std::string_view>, const MountEntry*> by_root_;
};

}  // namespace bulkhead::audit
