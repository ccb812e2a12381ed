// What of its host a container sees through one of its mounts, under every name that it has there: as the mount is
// written, where links lead, what else that folder is called by other mounts of it, what is mounted below it (the
// mount carries that along), and what volumes whose folder it holds are made of. Pure. Internal to audit.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/checks/mount_tree.h"
#include "audit/facts.h"

namespace bulkhead::audit {

struct SeenPlace {
  std::string path;  // on the host, normal
  bool read_only = false;
  std::string how;    // why it is seen, where the mount does not say so itself: "is /etc by another name"
  std::string fault;  // what it gives away whatever its path is: of a file system without one
  // Of the place itself, not of another name for it: the mount, or the volume that it shows, whose links have been
  // followed if `certain`.
  const Mount* itself = nullptr;
  bool certain = false;
};

class HostView {
 public:
  // Of facts that outlive it.
  explicit HostView(const Facts& facts);

  // Tells `use` of each place, the plainest first, until it answers that it has seen enough. Returns what of the mount
  // is not known; empty when `use` has seen all of it, or enough.
  using Use = std::function<bool(const SeenPlace&)>;
  std::string look(const Mount& mount, const Use& use);

  const std::string& root_dir() const { return root_dir_; }  // the engine's own, normal; empty: not known

 private:
  struct Look;
  void look_through(const Mount& mount, const std::string& how, int depth, Look& look);
  void tell(const SeenPlace& place, Look& look) const;
  void look_into_volumes(const std::string& path, const Mount& mount, int depth, Look& look);
  void look_at_mounts(const std::string& path, const std::string& how, const Mount& mount, Look& look);
  const std::vector<std::string>& names_of(const MountTree::Place& place);

  const Facts& facts_;
  std::string root_dir_;
  MountTree tree_;
  std::map<std::string, const Mount*, std::less<>> volumes_;  // those with options, by their folder
  std::map<std::pair<const MountEntry*, std::string>, std::vector<std::string>> names_;
};

// Absolute, without links: where the mount leads by all that is known. Empty for what is no folder of the host: memory,
// and volumes in the engine's folder.
std::string host_path_of(const Mount& mount, std::string_view root_dir);

// A volume that is mounted for its container, instead of a folder of the engine's or of the host's.
bool is_own_file_system(const Mount& mount);

}  // namespace bulkhead::audit
