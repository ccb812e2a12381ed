// Where containers' mounts lead to on the host, and which engines' sockets can be reached through them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/collect/mount_table.h"
#include "audit/collect/rooted_folder.h"
#include "audit/facts.h"

namespace bulkhead::audit {

// The folder of the host that a local volume binds; empty: it binds none.
std::string bound_folder(const std::map<std::string, std::string>& options);

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

// Fills Mount::resolved, is_directory and sockets of bind mounts, and of volumes that bind.
void look_at_mounts(const RootedFolder& root, const KnownSockets& sockets, std::vector<Container>& containers);

}  // namespace bulkhead::audit
