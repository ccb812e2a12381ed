#include "audit/collect/local_host.h"

#include <array>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "audit/collect/accounts.h"
#include "audit/collect/audit_rules.h"
#include "audit/collect/container_processes.h"
#include "audit/collect/daemon_process.h"
#include "audit/collect/device_nodes.h"
#include "audit/collect/engine_files.h"
#include "audit/collect/listeners.h"
#include "audit/collect/mount_table.h"
#include "audit/collect/mount_targets.h"
#include "audit/collect/process_folder.h"
#include "audit/collect/process_table.h"
#include "audit/collect/rooted_folder.h"
#include "audit/collect/socket_owner.h"
#include "audit/collect/unknown.h"
#include "audit/host_files.h"
#include "base/json.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// Sockets of engines that may stand beside the one that was asked, below its root.
constexpr std::array kOtherSockets = {"/run/docker.sock",        "/run/containerd/containerd.sock",
                                      "/run/podman/podman.sock", "/run/crio/crio.sock",
                                      "/run/cri-dockerd.sock",   "/run/k3s/containerd/containerd.sock"};

// A switch of the kernel's; false where the kernel has no such file.
Fact<bool> read_switch(const std::string& path, std::string_view on) {
  const auto text = read_small_file(AT_FDCWD, path, 4096, path);
  if (text) return trim(*text) == on;
  if (text.error().code() == Code::kNotFound) return false;
  return unknown_because(text.error());
}

Fact<std::vector<MountEntry>> read_mounts(const ProcessFolder& process) {
  const auto text = process.read("mountinfo", size_t{64} << 20);
  if (!text) return unknown_because(text.error());
  auto mounts = parse_mountinfo(*text);
  if (!mounts) return unknown_because(std::move(mounts).error().with_context(process.path() + "/mountinfo"));
  return *std::move(mounts);
}

Fact<Host::RootMount> look_at_root_mount(const Fact<std::vector<MountEntry>>& mounts, const ProcessFolder& process,
                                         const RootedFolder& root, const std::string& root_dir) {
  if (!mounts) return std::unexpected(mounts.error());
  const auto folder = root.find(root_dir);
  if (!folder) return unknown_because(folder.error());
  auto mount = mount_of(*mounts, folder->path);
  if (!mount) return not_known(fmt::format("no mount of process {} holds {}", process.pid(), printable(folder->path)));
  return *std::move(mount);
}

// What the engine keeps of its part in a Swarm (moby, daemon/cluster/noderunner.go), which its API does not tell.
Fact<std::string> read_data_path_address(const RootedFolder& root, const std::string& root_dir) {
  const auto file = root.find(root_dir + "/swarm/docker-state.json");
  if (!file) return unknown_because(file.error());
  const auto text = root.read(*file, size_t{1} << 20);
  if (!text) return unknown_because(text.error());
  const auto state = json::Document::parse(*text);
  if (!state) return unknown_because(Error(state.error()).with_context(printable(file->path)));
  const auto address = state->root().find("DataPathAddr");
  if (!state->root().is_object() || (address && !address->is_string())) {
    return not_known(fmt::format("{}: is no state of a Swarm", printable(file->path)));
  }
  return std::string(address ? *address->string() : "");
}

// To connect is to write. Whether anybody may, the mode alone says.
Fact<std::vector<Grant>> grants_of(const File& socket, const Accounts& accounts) {
  if (!socket.access) return std::unexpected(socket.access.error());
  bool group_writes = (socket.mode & S_IWGRP) != 0;
  std::vector<Grant> named;
  for (const AccessEntry& entry : *socket.access) {
    const bool writes = (entry.rights & S_IWOTH) != 0;
    if (entry.kind == AccessEntry::Kind::kOwningGroup) group_writes = writes;
    if (!writes || entry.kind == AccessEntry::Kind::kOwningGroup) continue;
    named.push_back({.to = fmt::format("{} of the access list", entry.text()), .users = {}});
    if (entry.kind == AccessEntry::Kind::kUser) {
      named.back().users = {{.name = entry.name, .uid = entry.id}};
    } else {
      named.back().users = accounts.members(entry.id);
    }
  }
  std::vector<Grant> grants;
  if (group_writes) {
    grants.push_back({.to = fmt::format("group {}", socket.group), .users = accounts.members(socket.gid)});
  }
  if ((socket.mode & S_IWUSR) != 0 && socket.uid != 0) {
    grants.push_back({.to = "owner", .users = {{.name = socket.owner, .uid = socket.uid}}});
  }
  grants.insert(grants.end(), std::make_move_iterator(named.begin()), std::make_move_iterator(named.end()));
  return grants;
}

// The socket that was connected to, below our own root.
void look_at_socket(const std::string& socket_path, Host& host) {
  const auto here = RootedFolder::open("/");
  const auto socket = here ? here->find(socket_path) : Result<RootedFolder::Found>(fail(here.error()));
  if (!socket) {
    host.files[std::string(host_files::kEngineSocket)] = unknown_because(socket.error());
    host.socket_grants = unknown_because(socket.error());
    return;
  }
  const Accounts accounts = read_accounts(*here);
  File file = describe(*socket, socket->path, accounts);
  host.socket_grants = grants_of(file, accounts);
  host.accounts_incomplete = accounts.incomplete;
  host.files[std::string(host_files::kEngineSocket)] = std::vector<File>{std::move(file)};
}

struct Daemon {
  ProcessFolder process;
  RootedFolder root;
  DaemonView view;
};

Fact<Daemon> find_daemon(ProcessTable& processes, const std::string& socket_path, bool podman) {
  const auto peer = socket_peer(socket_path);
  if (!peer) return unknown_because(peer.error());
  const auto owner = find_socket_owner(processes, socket_path, *peer);
  if (!owner) return std::unexpected(owner.error());
  auto process = ProcessFolder::open(processes.proc(), *owner);
  if (!process) return unknown_because(process.error());
  auto root = RootedFolder::open(process->path() + "/root");
  if (!root) return unknown_because(root.error());
  auto view = look_at_daemon(processes.proc(), *process, *root, podman);
  if (!view) return std::unexpected(view.error());
  return Daemon{.process = *std::move(process), .root = *std::move(root), .view = *std::move(view)};
}

void look_at_engine(Daemon& daemon, const std::string& socket_path, const std::string& root_dir,
                    const LocalHostOptions& options, Facts& facts) {
  Host& host = facts.host;
  for (auto& [name, files] : look_at_files(daemon.view, daemon.root, root_dir, read_accounts(daemon.root))) {
    host.files.insert_or_assign(name, std::move(files));
  }
  host.mounts = read_mounts(daemon.process);
  host.root_mount =
      look_at_root_mount(host.mounts, daemon.process, daemon.root, root_dir.empty() ? daemon.view.data_root : root_dir);
  if (facts.swarm && !daemon.view.podman) {
    facts.swarm->data_path_address =
        read_data_path_address(daemon.root, root_dir.empty() ? daemon.view.data_root : root_dir);
  }
  ListenerOptions listening{.proc = options.proc, .hosts = {}};
  if (const auto& settings = daemon.view.process.settings) {
    if (const auto hosts = settings->find("hosts"); hosts != settings->end()) listening.hosts = hosts->second.values;
  }
  daemon.view.process.listeners = look_at_listeners(daemon.process, listening);
  if (facts.containers) {
    KnownSockets sockets;
    if (const auto here = RootedFolder::open("/")) sockets.add(*here, socket_path);
    if (!daemon.view.podman) sockets.add(daemon.root, containerd_socket(daemon.view, daemon.root));
    for (const char* path : kOtherSockets) sockets.add(daemon.root, path);
    if (host.mounts) sockets.add_mounts(daemon.root, *host.mounts);
    look_at_mounts(daemon.root, sockets, facts);
    host.moved_places = find_moved_places(daemon.root);
    look_at_devices(daemon.root, options.proc, *facts.containers);
  }
  host.daemon = std::move(daemon.view.process);
}

// Mounts lead somewhere, but it cannot be seen where.
void tell_unknown_mounts(const Unknown& reason, Facts& facts) {
  if (facts.volumes) {
    for (auto& [name, volume] : *facts.volumes) volume.resolved = std::unexpected(reason);
  }
  if (!facts.containers) return;
  for (Container& container : *facts.containers) {
    if (!container.details) continue;
    for (Mount& mount : container.details->mounts) {
      if (!host_source(mount).empty()) mount.resolved = std::unexpected(reason);
    }
  }
}

}  // namespace

void look_at_local_host(const std::string& socket_path, const LocalHostOptions& options, Facts& facts) {
  Host& host = facts.host;
  host.apparmor = read_switch(options.sys + "/module/apparmor/parameters/enabled", "Y");
  host.selinux = read_switch(options.sys + "/fs/selinux/enforce", "1");
  look_at_audit_rules(host);
  look_at_socket(socket_path, host);

  ProcessTable processes(options.proc);
  auto daemon = find_daemon(processes, socket_path, facts.engine && facts.engine->podman);
  if (daemon) {
    look_at_engine(*daemon, socket_path, facts.engine ? facts.engine->root_dir : std::string(), options, facts);
  } else {
    host.daemon = std::unexpected(daemon.error());
    host.root_mount = std::unexpected(daemon.error());
    host.mounts = std::unexpected(daemon.error());
    for (auto& [name, files] : unknown_files(daemon.error())) host.files.insert_or_assign(name, std::move(files));
    tell_unknown_mounts(daemon.error(), facts);
    if (facts.containers) set_devices_unknown(daemon.error(), *facts.containers);
  }
  if (facts.containers) {
    look_at_container_processes(processes, host.apparmor.value_or(false), *facts.containers);
  }
}

}  // namespace bulkhead::audit
