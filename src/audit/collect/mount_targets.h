// Where containers' mounts lead to on the host, and which engines' sockets can be reached through them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/collect/mount_table.h"
#include "audit/collect/rooted_folder.h"
#include "audit/facts.h"

namespace bulkhead::audit {

// The folder or file of the host that the mount shows; empty: none, or only the engine's own folder of a volume.
std::string host_source(const Mount& mount);

// Sockets whose owner can take over the host. Known by device and inode, and by those of every folder above them: a
// mount that is one of these reaches the socket, whatever it is called.
class KnownSockets {
 public:
  // When it is there and is a socket.
  void add(const RootedFolder& root, const std::string& path);
  // Folders above sockets that are mounted elsewhere too (/run at /srv/machine/run): what holds such a place holds the
  // sockets. To be called when all sockets are known.
  void add_mounts(const RootedFolder& root, const std::vector<MountEntry>& mounts);
  // Paths on the host, sorted.
  std::vector<std::string> reachable_through(const RootedFolder::Found& target) const;

 private:
  struct Socket {
    std::string path;
    std::vector<RootedFolder::Identity> trail;
  };
  struct Place {
    std::string path;
    RootedFolder::Identity identity;
  };
  bool lies_above_a_socket(RootedFolder::Identity folder) const;

  std::vector<Socket> sockets_;
  std::vector<Place> mounted_;  // where folders above sockets are mounted
};

// Fills Mount::resolved and sockets of containers' mounts of the host's folders, and of volumes. Engines make the
// folder that a mount of a container asks for at its start: of one that is not there, `resolved` is where it would be,
// unless the container runs.
void look_at_mounts(const RootedFolder& root, const KnownSockets& sockets, Facts& facts);

// As Host::moved_places.
std::map<std::string, std::string> find_moved_places(const RootedFolder& root);

}  // namespace bulkhead::audit
