#include "audit/checks/sensitive_places.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// A place itself and the folders that hold it always count; what lies below it as the place says.
enum class Below : uint8_t { kAlways, kWritable, kNever };

struct Place {
  std::string_view path;
  Below below;
  std::string_view gives;
};
constexpr auto kPlaces = std::to_array<Place>({
    {"/boot", Below::kAlways, "the kernel and what starts it"},
    {"/dev", Below::kAlways, "the host's devices"},
    {"/etc", Below::kAlways, "the host's configuration, accounts and keys"},
    {"/proc", Below::kAlways, "the host's processes and kernel settings"},
    {"/sys", Below::kAlways, "the host's kernel and devices"},
    {"/root", Below::kNever, "the files of root"},
    {"/home", Below::kNever, "the files and keys of every user"},
    {"/bin", Below::kWritable, "programs that the host runs"},
    {"/sbin", Below::kWritable, "programs that the host runs"},
    {"/lib", Below::kWritable, "libraries that the host's programs load"},
    {"/lib32", Below::kWritable, "libraries that the host's programs load"},
    {"/lib64", Below::kWritable, "libraries that the host's programs load"},
    {"/usr", Below::kWritable, "programs that the host runs"},
    {"/run", Below::kNever, "the sockets and state of the host's services"},
    {"/run/containerd", Below::kAlways, "the state of containerd"},
    {"/run/dbus", Below::kAlways, "the system bus, over which the host's services are ruled"},
    {"/run/docker", Below::kAlways, "the state of the engine"},
    {"/run/systemd/private", Below::kAlways, "the socket that systemd is ruled over"},
    {"/run/user", Below::kNever, "the sockets and keys of users' sessions"},
    {"/var/lib/containerd", Below::kAlways, "images and containers of the host"},
    {"/var/lib/containers", Below::kAlways, "images and containers of the host"},
    {"/var/lib/docker", Below::kAlways, "images, containers and volumes of the host"},
    {"/var/lib/kubelet", Below::kAlways, "pods of the host with their secrets"},
    {"/var/spool/cron", Below::kAlways, "jobs that the host runs"},
});

// At and below a place, and yet nobody's secret nor a way to the host.
constexpr auto kHarmless = std::to_array<std::string_view>({
    "/dev/log",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/etc/ca-certificates",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/timezone",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
});

// Folders that hold keys, in whosever home.
constexpr auto kKeyFolders =
    std::to_array<std::string_view>({".aws", ".azure", ".docker", ".gnupg", ".kube", ".ssh", ".gcloud"});

constexpr auto kEngineSockets = std::to_array<std::string_view>({
    "/run/buildkit/buildkitd.sock",
    "/run/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/podman/podman.sock",
});

// The folders that an overlay shows: those of "lowerdir=a:b,upperdir=c".
std::vector<std::string> overlaid_folders(std::string_view options) {
  std::vector<std::string> folders;
  for (const std::string_view option : split(options, ',')) {
    for (const std::string_view key : {"lowerdir=", "lowerdir+=", "upperdir=", "datadir+="}) {
      if (!option.starts_with(key)) continue;
      for (const std::string_view folder : split(option.substr(key.size()), ':')) {
        if (!folder.empty()) folders.push_back(normal_path(folder));
      }
    }
  }
  return folders;
}

}  // namespace

std::optional<std::string> given_away_by(std::string_view path, bool read_only, std::string_view root_dir) {
  if (!root_dir.empty() && root_dir != "/") {
    const std::string volumes = std::string(root_dir) + "/volumes";
    if (path != volumes && is_at_or_below(path, volumes)) return std::nullopt;
    if (is_at_or_below(path, root_dir) || is_at_or_below(root_dir, path)) {
      if (path != "/") return "the engine's own folder: images, containers and volumes";
    }
  }
  if (path == "/") return "the host's whole file system";
  for (const std::string_view name : split(path, '/')) {
    if (std::ranges::find(kKeyFolders, name) != kKeyFolders.end()) return fmt::format("keys and passwords in {}", name);
  }
  for (const std::string_view harmless : kHarmless) {
    // What the host trusts and whom it knows is harmless to read only; devices and sockets are to be written to.
    if (is_at_or_below(path, harmless) && (read_only || path.starts_with("/dev/"))) return std::nullopt;
  }
  constexpr std::string_view kHomes = "/home/";
  if (path.starts_with(kHomes) && path.find('/', kHomes.size()) == std::string_view::npos) {
    return "all files and keys of a user";
  }
  for (const Place& place : kPlaces) {
    if (path == place.path) return std::string(place.gives);
    if (is_at_or_below(place.path, path)) return fmt::format("{} ({})", place.gives, place.path);
    if (!is_at_or_below(path, place.path)) continue;
    if (place.below == Below::kAlways || (place.below == Below::kWritable && !read_only)) {
      return std::string(place.gives);
    }
  }
  return std::nullopt;
}

FileSystemJudgement judge_file_system(std::string_view type, std::string_view options, std::string_view device,
                                      std::string_view root_dir) {
  constexpr auto kOfNoHost =
      std::to_array<std::string_view>({"tmpfs", "ramfs", "nfs", "nfs4", "cifs", "smb3", "none", "bind"});
  constexpr auto kOfTheKernel = std::to_array<std::string_view>(
      {"proc", "sysfs", "devtmpfs", "devpts", "debugfs", "tracefs", "securityfs", "configfs", "cgroup", "cgroup2",
       "bpf", "efivarfs", "pstore", "mqueue", "binfmt_misc", "nsfs"});
  constexpr std::string_view kDevices = "/dev/";
  if (normal_path(device).starts_with(kDevices)) {
    return {.fault = fmt::format("the host's device {}", device)};
  }
  if (type.empty()) return {.known = device.empty()};
  if (std::ranges::find(kOfTheKernel, type) != kOfTheKernel.end()) {
    return {.fault = fmt::format("the host's {}", type)};
  }
  if (type == "overlay") {
    for (const std::string& folder : overlaid_folders(options)) {
      if (const auto gives = given_away_by(folder, false, root_dir)) return {.fault = *gives};
      if (!folder.starts_with('/')) return {.known = false};
    }
    return {};
  }
  return {.known = std::ranges::find(kOfNoHost, type) != kOfNoHost.end()};
}

std::string engine_socket_at(std::string_view path) {
  for (const std::string_view socket : kEngineSockets) {
    if (is_at_or_below(socket, path)) return std::string(socket);
  }
  for (const std::string_view socket : kEngineSockets) {
    if (base_name(path) == base_name(socket)) return std::string(path);
  }
  return {};
}

}  // namespace bulkhead::audit
