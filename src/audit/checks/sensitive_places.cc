#include "audit/checks/sensitive_places.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "audit/known_places.h"
#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

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

// Folders and files that hold keys, in whosever home.
constexpr auto kKeyFolders = std::to_array<std::string_view>(
    {".aws", ".azure", ".docker", ".gcloud", ".git-credentials", ".gnupg", ".kube", ".netrc", ".pgpass", ".ssh"});

// What a user's shell and session run, in the user's home; of root's home everything counts.
constexpr auto kStartFiles = std::to_array<std::string_view>(
    {".bash_login", ".bash_logout", ".bash_profile", ".bashrc", ".config", ".cshrc", ".kshrc", ".local", ".login",
     ".pam_environment", ".profile", ".tcshrc", ".xprofile", ".zlogin", ".zprofile", ".zshenv", ".zshrc"});

constexpr auto kEngineSockets = std::to_array<std::string_view>({
    "/run/buildkit/buildkitd.sock",
    "/run/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/podman/podman.sock",
});

// File systems of the kernel's own, and where a machine has them.
constexpr auto kOfTheKernel = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"binfmt_misc", "/proc/sys/fs/binfmt_misc"},
    {"bpf", "/sys/fs/bpf"},
    {"cgroup", "/sys/fs/cgroup"},
    {"cgroup2", "/sys/fs/cgroup"},
    {"configfs", "/sys/kernel/config"},
    {"debugfs", "/sys/kernel/debug"},
    {"devpts", "/dev/pts"},
    {"devtmpfs", "/dev"},
    {"efivarfs", "/sys/firmware/efi/efivars"},
    {"mqueue", "/dev/mqueue"},
    {"proc", "/proc"},
    {"pstore", "/sys/fs/pstore"},
    {"securityfs", "/sys/kernel/security"},
    {"sysfs", "/sys"},
    {"tracefs", "/sys/kernel/tracing"},
});

}  // namespace

bool is_in_a_volume(std::string_view path, std::string_view root_dir) {
  // The usual ones too: a link may lead from there to where the engine says that it is.
  for (const std::string_view folder :
       {root_dir, std::string_view("/var/lib/docker"), std::string_view("/var/lib/containers/storage")}) {
    if (folder.empty() || folder == "/") continue;
    const std::string volumes = std::string(folder) + "/volumes";
    if (path != volumes && is_at_or_below(path, volumes)) return true;
  }
  return false;
}

std::string_view usual_place_of(std::string_view file_system) {
  const auto* const found =
      std::ranges::find(kOfTheKernel, file_system, &std::pair<std::string_view, std::string_view>::first);
  return found == kOfTheKernel.end() ? std::string_view() : found->second;
}

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

std::optional<std::string> given_away_by(std::string_view path, bool read_only, std::string_view root_dir) {
  if (is_in_a_volume(path, root_dir)) return std::nullopt;
  if (!root_dir.empty() && root_dir != "/") {
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
  if (path.starts_with("/root/") && !read_only) return "the files of root, and what its shell runs";
  constexpr std::string_view kHomes = "/home/";
  if (path.starts_with(kHomes)) {
    const size_t user_end = path.find('/', kHomes.size());
    if (user_end == std::string_view::npos) return "all files and keys of a user";
    const std::string_view name = path.substr(user_end + 1, path.find('/', user_end + 1) - user_end - 1);
    if (!read_only && std::ranges::find(kStartFiles, name) != kStartFiles.end()) {
      return fmt::format("what a user's shell or session runs ({})", name);
    }
  }
  for (const KnownPlace& place : kKnownPlaces) {
    if (place.below == Below::kOnlyWritten && read_only) continue;
    if (path == place.path) return std::string(place.gives);
    if (is_at_or_below(place.path, path)) return fmt::format("{} ({})", place.gives, place.path);
    if (!is_at_or_below(path, place.path)) continue;
    if (place.below == Below::kAlways || (place.below != Below::kNever && !read_only)) {
      return std::string(place.gives);
    }
  }
  return std::nullopt;
}

FileSystemJudgement judge_file_system(std::string_view type, std::string_view options, std::string_view device,
                                      std::string_view root_dir) {
  constexpr auto kOfNoHost =
      std::to_array<std::string_view>({"tmpfs", "ramfs", "nfs", "nfs4", "cifs", "smb3", "none", "bind"});
  constexpr std::string_view kDevices = "/dev/";
  if (normal_path(device).starts_with(kDevices)) {
    return {.fault = fmt::format("the host's device {}", device)};
  }
  if (type.empty()) return {.known = device.empty()};
  if (!usual_place_of(type).empty()) {
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
