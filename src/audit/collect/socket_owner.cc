#include "audit/collect/socket_owner.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "audit/collect/process_folder.h"
#include "audit/collect/process_text.h"
#include "audit/collect/rooted_folder.h"
#include "audit/collect/socket_table.h"
#include "audit/collect/unknown.h"
#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// Inodes of listening sockets that were bound to a name which leads to the same file as `socket_path` does.
Result<std::vector<uint64_t>> listening_inodes(const ProcessFolder& peer, const std::string& socket_path) {
  TRY_ASSIGN(const RootedFolder here, RootedFolder::open("/"));
  TRY_ASSIGN(const RootedFolder::Found socket, here.find(socket_path));
  TRY_ASSIGN(const RootedFolder there, RootedFolder::open(peer.path() + "/root"));
  TRY_ASSIGN(const std::string table, peer.read("net/unix", size_t{64} << 20));
  std::vector<uint64_t> inodes;
  for (const UnixSocket& candidate : parse_listening_unix_sockets(table)) {
    if (base_name(candidate.path) != base_name(socket.path)) continue;
    const auto found = there.find(candidate.path);
    if (found && found->identity() == socket.identity()) inodes.push_back(candidate.inode);
  }
  return inodes;
}

bool holds_any(const std::vector<uint64_t>& held, const std::vector<uint64_t>& wanted) {
  return std::ranges::any_of(wanted, [&](uint64_t inode) { return std::ranges::binary_search(held, inode); });
}

// The process beside `activator` that holds one of the sockets. Those of engines' services are asked first: reading
// the descriptors of every process is what costs most, and which comes first changes nothing else.
Fact<int32_t> find_served(ProcessTable& processes, const std::vector<uint64_t>& inodes, int32_t activator) {
  const auto& entries = processes.entries();
  if (!entries) return unknown_because(entries.error());
  const auto is_likely = [](const TableEntry& entry) {
    const std::string_view unit = service_unit(entry.cgroup);
    return unit.contains("docker") || unit.contains("podman");
  };
  std::optional<Error> denied;
  for (const bool likely : {true, false}) {
    for (const TableEntry& entry : *entries) {
      if (entry.pid == activator || is_likely(entry) != likely) continue;
      const auto process = ProcessFolder::open(processes.proc(), entry.pid);
      const auto held = process ? process->sockets() : Result<std::vector<uint64_t>>(fail(process.error()));
      if (held && holds_any(*held, inodes)) return entry.pid;
      if (!held && held.error().code() == Code::kPermissionDenied) denied = held.error();
    }
  }
  if (denied) return unknown_because(*denied);
  return not_known("systemd holds the socket, and no engine has taken it from there");
}

}  // namespace

Result<int32_t> socket_peer(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    return fail(Code::kInvalidArgument, fmt::format("{}: too long for the path of a socket", printable(socket_path)));
  }
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  // Non-blocking: a queue of connections that is full says EAGAIN instead of waiting.
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(errno_error(errno, printable(socket_path)));
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return fail(errno_error(errno, printable(socket_path)));
  }
  if (peer.pid <= 0) {
    return fail(Code::kUnsupported,
                fmt::format("{}: who listens there cannot be seen from this pid namespace", printable(socket_path)));
  }
  return peer.pid;
}

Fact<int32_t> find_socket_owner(ProcessTable& processes, const std::string& socket_path, int32_t peer) {
  const auto process = ProcessFolder::open(processes.proc(), peer);
  if (!process) return unknown_because(process.error());
  const auto held = process->sockets();
  if (!held) return unknown_because(held.error());
  auto inodes = listening_inodes(*process, socket_path);
  if (!inodes) return unknown_because(inodes.error());
  std::erase_if(*inodes, [&](uint64_t inode) { return !std::ranges::binary_search(*held, inode); });
  if (inodes->empty()) {
    return not_known(fmt::format("process {} began to listen at {}, but does not hold that socket any more", peer,
                                 printable(socket_path)));
  }
  const auto executable = process->executable();
  if (!executable) return unknown_because(executable.error());
  if (base_name(*executable) != "systemd") return peer;
  return find_served(processes, *inodes, peer);
}

}  // namespace bulkhead::audit
