#include "audit/checks/sensitive_places.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>

#include <fmt/format.h>

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

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

std::string normal_path(std::string_view path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  if (normal.starts_with("//")) normal.erase(0, 1);
  constexpr std::string_view kOldRun = "/var/run";
  if (is_at_or_below(normal, kOldRun)) normal.replace(0, kOldRun.size(), "/run");
  return normal;
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

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
