// What an audit knows of one engine and of the host that it runs on: plain values, gathered by collect.h and judged by
// the checks. Nothing here asks anybody: an audit can be replayed from its facts, and a test writes them down.
//
// All text comes from the engine, from containers and from files: untrusted. Safe to read from several threads.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::audit {

// Why something is not known. A check that needs it says so in these words, and never passes.
struct Unknown {
  enum class Kind : uint8_t {
    kNotApplicable,  // there is nothing to know: the engine is remote, no Swarm, no SELinux
    kError,          // there is, but it could not be had: no permission, no answer
  };
  Kind kind = Kind::kError;
  std::string reason;  // "the engine runs on another machine", without a full stop
};

template <typename T>
using Fact = std::expected<T, Unknown>;

inline std::unexpected<Unknown> not_applicable(std::string reason) {
  return std::unexpected(Unknown{Unknown::Kind::kNotApplicable, std::move(reason)});
}
inline std::unexpected<Unknown> not_known(std::string reason) {
  return std::unexpected(Unknown{Unknown::Kind::kError, std::move(reason)});
}

// ---- The engine, as its API tells
// ------------------------------------------------------------------------------------

// GET /info and /version, as far as checks ask for it.
struct Engine {
  std::string name;             // of its host: "node-1"
  std::string server_version;   // "20.10.24+dfsg1"
  std::string api_version;      // "1.41"
  std::string min_api_version;  // the oldest that it still serves: "1.24"; empty: it does not say
  // Who built it, /version's Platform.Name: "Docker Engine - Community"; empty: a distribution did.
  std::string platform;
  std::string kernel_version;
  std::string operating_system;
  bool podman = false;
  std::string root_dir;        // DockerRootDir: "/var/lib/docker"
  std::string storage_driver;  // "overlay2"
  bool containerd_store =
      false;  // images live in containerd's store (DriverStatus "driver-type": io.containerd.snapshotter.v1)
  std::string cgroup_driver;                  // "systemd", "cgroupfs", "none"
  std::string cgroup_version;                 // "1", "2"; empty when the engine does not say
  std::vector<std::string> security_options;  // "name=seccomp,profile=default", as the engine writes them
  std::string logging_driver;
  std::optional<bool> live_restore;
  std::optional<bool> debug;  // it logs at that level, by its own word
  bool experimental = false;
  std::optional<bool> ipv4_forwarding;
  std::optional<bool> bridge_nf_iptables;
  std::vector<std::string>
      insecure_registries;  // CIDRs and names, without 127.0.0.0/8 and ::1/128, which every engine has
  std::vector<std::string> authorization_plugins;
  std::string default_runtime;
  std::vector<std::string> warnings;
  struct Component {
    std::string name;     // "Engine", "containerd", "runc", "conmon"; as /version names them
    std::string version;  // "1.6.20~ds1"
  };
  std::vector<Component> components;
  // Swarm
  std::string swarm_state;         // "inactive", "pending", "active", "error", "locked"; empty: the engine has no Swarm
  bool swarm_manager = false;      // ControlAvailable
  std::string swarm_node_address;  // NodeAddr

  // Of security_options: {"profile", "default"} of "seccomp"; nothing when there is no such option.
  std::optional<std::map<std::string, std::string>> security_option(std::string_view name) const;
  bool rootless() const { return security_option("rootless").has_value(); }
};

struct Mount {
  std::string type;         // "bind", "volume", "tmpfs", "npipe", "cluster", "image"
  std::string volume;       // name, of a volume
  std::string source;       // on the host, as the engine says it
  std::string destination;  // in the container
  bool read_only = false;
  std::string propagation;  // "rprivate", "shared", …; empty: not said
  bool recursive = true;    // what is mounted below its source comes with it
  // Of a local volume that binds a folder of the host ("o=bind,device=/etc"): that folder, as the volume says it.
  std::string device;
  // Of a local volume that is a file system of its own ("type=overlay", "o=lowerdir=/etc,…", "device=overlay").
  std::string file_system;
  std::string file_system_options;
  std::string file_system_device;
  // Where `source` (or the `device` that a local volume binds) leads to on the host once links are followed: what the
  // container really sees; where it would be, if there is nothing and the container does not run. Not applicable where
  // the host cannot be looked at.
  Fact<std::string> resolved = not_applicable("not looked at");
  // The engines' own sockets that can be reached through it: itself, or below it. Paths on the host.
  std::vector<std::string> sockets;
};

struct PublishedPort {
  std::string container_port;  // "80/tcp"
  std::string host_address;    // "0.0.0.0", "::", "127.0.0.1"; empty means all
  uint16_t host_port = 0;      // 0: chosen by the engine at start
};

struct Ulimit {
  std::string name;
  int64_t soft = 0;
  int64_t hard = 0;
};

// A device file of the host: what it is, whatever it is called.
struct DeviceNode {
  std::string path;  // links followed
  bool block = false;
  uint32_t major = 0;
  uint32_t minor = 0;
  std::string driver;  // that has the major number, as the kernel calls it: "sd", "sg", "mem"; empty: not known
};

struct Device {
  std::string host_path;
  std::string container_path;
  std::string permissions;  // "rwm"
  // What the path leads to: one, or those in a folder. Not applicable where the host cannot be looked at.
  Fact<std::vector<DeviceNode>> nodes = not_applicable("not looked at");
};

// A kernel setting that the container is given.
struct Sysctl {
  std::string name;   // "net.ipv4.ip_forward"; of one network's interface "net.ipv4.conf.IFNAME.rp_filter"
  std::string value;  // "1"
  std::string where;  // "/HostConfig/Sysctls/net.ipv4.ip_forward"
};

struct Health {
  enum class Kind : uint8_t { kNone, kDisabled, kSet };  // kDisabled: Test is ["NONE"]
  Kind kind = Kind::kNone;
};

// What /proc says of a running container's first process, and of all of its processes.
struct ContainerProcesses {
  int32_t pid = 0;
  std::optional<uint32_t> user;         // the effective one, as the process's own user namespace counts it
  uint64_t effective_capabilities = 0;  // CapEff
  bool no_new_privileges = false;
  uint32_t seccomp_mode = 0;  // 0 none, 1 strict, 2 filter
  // The user namespace is the one that this host's first process lives in: root inside is root outside.
  bool host_user_namespace = false;
  std::string apparmor_profile;          // "docker-default (enforce)", "unconfined"; empty: the kernel has none
  std::vector<std::string> ssh_daemons;  // "pid 812 /usr/sbin/sshd", by executable, of any process of the container
};

// GET /containers/{id}/json
struct ContainerDetails {
  std::string image_id;         // "sha256:…"
  std::string image_reference;  // Config.Image, as it was asked for: "nginx:latest"
  std::string created;
  // Config
  std::string user;
  std::vector<std::string> env;
  Health health;
  // State
  bool has_health_state = false;  // the engine runs a health check
  int32_t pid = 0;                // in the engine's pid namespace; 0 when it does not run
  // HostConfig
  bool privileged = false;
  std::vector<std::string> cap_add;  // as written: "SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_options;
  std::optional<std::vector<std::string>> masked_paths;  // nothing: the engine does not say; empty: unmasked
  std::optional<std::vector<std::string>> readonly_paths;
  std::string apparmor_profile;  // AppArmorProfile
  std::string process_label;     // SELinux
  std::string network_mode;
  std::string pid_mode;
  std::string ipc_mode;
  std::string uts_mode;
  std::string userns_mode;
  std::string cgroupns_mode;
  std::string cgroup_parent;
  std::string restart_policy;  // "no", "always", "unless-stopped", "on-failure"
  int64_t restart_maximum = 0;
  int64_t memory = 0;  // bytes; 0: no limit
  int64_t cpu_shares = 0;
  int64_t nano_cpus = 0;
  int64_t cpu_quota = 0;
  std::string cpuset_cpus;
  int64_t pids_limit = 0;  // 0 and -1: no limit
  bool read_only_root = false;
  std::vector<Ulimit> ulimits;
  std::vector<Device> devices;
  std::vector<std::string> device_cgroup_rules;
  std::vector<std::string> device_requests;  // "driver nvidia, capabilities gpu", "cdi vendor.com/gpu=0"
  std::vector<Sysctl> sysctls;               // by name
  std::string runtime;
  std::string log_driver;
  int64_t oom_score_adj = 0;
  bool oom_kill_disable = false;
  std::vector<std::string> group_add;
  bool auto_remove = false;
  std::vector<Mount> mounts;
  std::vector<PublishedPort> ports;  // of a container that does not run: what it will publish
  std::vector<std::string> networks;
  // /proc, of a running one.
  Fact<ContainerProcesses> processes = not_applicable("the container does not run");
};

struct Container {
  std::string id;     // 64 hexadecimal digits
  std::string name;   // without the leading "/"
  std::string state;  // "running", "created", "exited", "paused", …
  std::map<std::string, std::string> labels;
  std::string image_id;  // "sha256:…"; known without the details
  Fact<ContainerDetails> details = not_known("not asked for");
  bool running() const { return state == "running" || state == "paused" || state == "restarting"; }
};

struct HistoryEntry {
  std::string created_by;
  bool empty_layer = false;
};

struct Image {
  std::string id;
  std::vector<std::string> tags;     // RepoTags, without "<none>:<none>"
  std::vector<std::string> digests;  // RepoDigests
  std::string created;               // RFC 3339
  std::string user;
  std::vector<std::string> env;
  Health health;
  // Why user, env and health are not known (GET /images/{id}/json); each_image() says so instead of judging.
  std::optional<Unknown> config_unknown;
  bool in_use = false;  // by a container, running or not
  // GET /images/{id}/history, oldest first.
  Fact<std::vector<HistoryEntry>> history = not_known("not asked for");
  std::string label() const;  // its first tag, else digest, else id: "nginx:1.25"
};

struct Network {
  std::string id;
  std::string name;
  std::string driver;
  std::string scope;
  bool ingress = false;
  std::map<std::string, std::string> options;  // "com.docker.network.bridge.enable_icc": "true"
  std::vector<std::string> containers;         // names of those attached, as far as the engine lists them
};

struct SwarmNode {
  std::string id;
  std::string hostname;
  bool manager = false;
  std::string state;         // "ready", "down"
  std::string reachability;  // of a manager
};

struct SwarmService {
  std::string id;
  std::string name;
  std::vector<std::string> env;
  size_t secret_count = 0;
  std::vector<PublishedPort> ports;
};

// GET /swarm, /nodes, /services, /networks of a manager.
struct Swarm {
  std::string id;
  std::string created;  // RFC 3339
  std::string updated;  // RFC 3339: the cluster object's last change; a bound for what it holds
  bool autolock = false;
  int64_t node_certificate_expiry = 0;  // nanoseconds, CAConfig.NodeCertExpiry
  std::string trust_root;               // PEM of TLSInfo.TrustRoot
  std::string trust_root_not_before;    // RFC 3339, of that certificate; empty when it cannot be read
  std::string trust_root_not_after;
  // Empty: the advertised one. No answer of the API tells it; the engine's own state does (docker-state.json).
  Fact<std::string> data_path_address = not_applicable("the engine's API does not tell it");
  bool root_rotation_in_progress = false;
  Fact<std::vector<SwarmNode>> nodes = not_known("not asked for");
  Fact<std::vector<SwarmService>> services = not_known("not asked for");
  Fact<size_t> secret_count = not_known("not asked for");
};

// ---- The host
// ----------------------------------------------------------------------------------------------------------

// A line of a file's POSIX access list that its mode does not show, with the rights that the mask leaves (acl(5)).
struct AccessEntry {
  enum class Kind : uint8_t { kUser, kOwningGroup, kGroup };
  Kind kind = Kind::kUser;
  uint32_t id = 0;           // of the user or group; the owning group is File::gid
  std::string name{};        // or the number when it has none
  uint32_t rights = 0;       // 4 read, 2 write, 1 execute
  std::string text() const;  // "user:ci:rw-", as getfacl writes it
};

struct File {
  std::string path;
  bool exists = false;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string owner;  // name, or the number when it has none
  std::string group;
  uint32_t mode = 0;  // permission bits with set-id and sticky: 07777
  bool is_directory = false;
  bool is_socket = false;
  // Empty: there is no access list. With one the group's bits of the mode are its mask, and the owning group is an
  // entry.
  Fact<std::vector<AccessEntry>> access{};
};

// One value that the daemon runs with, and who says so.
struct Setting {
  std::vector<std::string> values;  // of one that may be given once: one. "true", "json-file", "nofile=64:64"
  std::string where;                // "/etc/docker/daemon.json#/icc", "argument --icc of process 812"
};

struct Listener {
  std::string address;  // "0.0.0.0:2375", "[::]:2376"
  bool loopback = false;
  // What a connection without a client certificate met.
  enum class Security : uint8_t { kPlain, kTlsWithoutClientCertificate, kMutualTls, kUnknown };
  Security security = Security::kUnknown;
  std::string reason{};  // of kUnknown: what it did instead of answering: "it ended 5 connections without a word"
  // Of a socket that the daemon holds and was not told to open: what it may be for all that is known.
  enum class Purpose : uint8_t {
    kApi,      // the API answers there, or the daemon was told so
    kSilent,   // takes connections and says nothing, which no API does: a port that is kept for a container
    kUnclear,  // neither
  };
  Purpose purpose = Purpose::kApi;
};

// The process that listens on the engine's socket.
struct DaemonProcess {
  int32_t pid = 0;
  uint32_t uid = 0;
  std::string executable;              // "/usr/sbin/dockerd"
  std::vector<std::string> arguments;  // with the program's own name; wiped of nothing: never print them whole
  std::string config_path;             // of daemon.json, whether it exists or not; empty: it reads none
  // Whether that file holds what the process has read. Unknown: it may, or may not.
  enum class ConfigFile : uint8_t {
    kAsRead,   // older than the process
    kAbsent,   // there is none, and there was none when the process started
    kChanged,  // its contents, its place or its attributes are younger than the process
    kDeleted,
  };
  Fact<ConfigFile> config_file = not_known("not looked at");
  // By daemon.json's name ("icc", "default-ulimits", "hosts"), arguments and file together.
  Fact<std::map<std::string, Setting>> settings = not_known("not read");
  // What the process runs with: nothing when neither its file nor its arguments set it. Unknown when the settings are,
  // and of what only the file says, or could have said, when that is not what the process has read.
  Fact<std::optional<Setting>> in_effect(std::string_view name) const;
  Fact<std::vector<Listener>> listeners = not_known("not looked at");  // TCP
};

// One rule of the kernel's that watches a path.
struct AuditWatch {
  std::string path;
  bool tree = false;        // and all below it
  std::string permissions;  // "rwxa"; of a watch for system calls: what they amount to
  // What narrows it to some users, programs or outcomes: "auid>=1000", "exe"; empty: every access is recorded.
  std::string condition;
};

// One line of /proc/<pid>/mountinfo (proc(5)).
struct MountEntry {
  uint64_t id = 0;
  uint64_t parent = 0;
  std::string device;       // "8:1"
  std::string root;         // what of that file system is mounted: "/", "/etc"
  std::string mount_point;  // unescaped, as all of it
  std::string file_system;  // "ext4"
  std::string source;       // "/dev/sda1"
  std::string options;      // of an overlay: "rw,lowerdir=/a:/b,upperdir=/c"
  bool read_only = false;
};

struct User {
  std::string name;
  std::optional<uint32_t> uid;  // nothing: the group has a member that /etc/passwd does not know
  bool primary = false;         // the group is the one that this account has by itself
};

// Why somebody may write to the engine's socket.
struct Grant {
  std::string to;           // "group docker", "user:ci:rw- of the access list", "owner"
  std::vector<User> users;  // members of the group, or the one user
};

// What can be looked at on the machine only.
struct Host {
  Fact<DaemonProcess> daemon = not_applicable("not looked at");
  // By the names in host_files.h; several for certificates of registries.
  std::map<std::string, Fact<std::vector<File>>> files;
  // Paths of files and of watches alike have the links of their folders followed, not those of their last name: they
  // compare as the kernel compares them.
  Fact<std::vector<AuditWatch>> audit_watches = not_applicable("not looked at");
  // Why the kernel's rules record nothing at present, and audit_watches is empty therefore: "auditing is switched off
  // (auditctl -e 1 switches it on)". Empty: they record.
  std::string audit_off;
  // Who may write to the engine's socket and is not simply anybody (its mode says that), the owning group first.
  Fact<std::vector<Grant>> socket_grants = not_applicable("not looked at");
  // Why there may be more users and members than socket_grants has: "/etc/nsswitch.conf asks sss for groups, too".
  // Empty: those are all.
  std::string accounts_incomplete;
  // The mount that the engine's folder lies on.
  struct RootMount {
    std::string mount_point;
    std::string file_system;  // "ext4"
    std::string source;       // "/dev/sdb1"
    bool separate = false;    // from that of its parent folder, on a device of its own
  };
  Fact<RootMount> root_mount = not_applicable("not looked at");
  Fact<std::vector<MountEntry>> mounts = not_applicable("not looked at");  // of the engine's process
  // Where places that checks know by name (known_places.h) really are, of those that links lead elsewhere: "/home" at
  // "/var/home".
  std::map<std::string, std::string> moved_places;
  Fact<bool> apparmor = not_applicable("not looked at");  // the kernel enforces AppArmor
  Fact<bool> selinux = not_applicable("not looked at");
};

// ---- All of it
// -----------------------------------------------------------------------------------------------------------

struct Facts {
  std::string address;  // "unix:///var/run/docker.sock", "tcp://db.example:2376"
  bool local = false;   // a socket on this machine: its host can be looked at
  std::string now;      // RFC 3339, UTC
  Fact<Engine> engine = not_known("not asked for");
  Fact<std::vector<Container>> containers = not_known("not asked for");  // by name
  // More than may be looked at: only what the list says of them is known. Each check says that there are some.
  std::vector<Container> unexamined_containers;
  std::vector<Container> other_containers;  // that a user left out: never judged, but judged ones may refer to them
  Fact<std::vector<Image>> images = not_known("not asked for");  // by label, those in use first
  Fact<std::vector<Network>> networks = not_known("not asked for");
  // Local volumes by name, each as the mount of all of it: `source` is its folder below the engine's.
  Fact<std::map<std::string, Mount>> volumes = not_known("not asked for");
  Fact<Swarm> swarm = not_applicable("the engine is not in a Swarm");
  Host host;
};

}  // namespace bulkhead::audit
