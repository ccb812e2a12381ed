// Where containers' mounts lead to on the host, and which engines' sockets can be reached through them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/collect/rooted_folder.h"
#include "audit/facts.h"

namespace bulkhead::audit {

using VolumeOptions = std::map<std::string, std::map<std::string, std::string>>;  // by volume's name

// The folder of the host that a local volume binds; empty: it binds none.
std::string bound_folder(const std::map<std::string, std::string>& options);

// The folder or file of the host that the mount shows; empty: none, or only the engine's own folder of a volume.
std::string host_source(const Mount& mount, const VolumeOptions& volumes);

// Sockets whose owner can take over the host. Known by device and inode, and by those of every folder above them: a
// mount that is one of these reaches the socket, whatever it is called.
class KnownSockets {
 public:
  // When it is there and is a socket.
  void add(const RootedFolder& root, const std::string& path);
  // Paths on the host, sorted.
  std::vector<std::string> reachable_through(RootedFolder::Identity target) const;

 private:
  struct Socket {
    std::string path;
    std::vector<RootedFolder::Identity> trail;
  };
  std::vector<Socket> sockets_;
};

// Fills Mount::resolved, is_directory and sockets of bind mounts, and of volumes that bind.
void look_at_mounts(const RootedFolder& root, const VolumeOptions& volumes, const KnownSockets& sockets,
                    std::vector<Container>& containers);

}  // namespace bulkhead::audit
