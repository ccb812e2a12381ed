#include "audit/collect/engine_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/xattr.h>

#include "audit/collect/access_list.h"
#include "audit/collect/unknown.h"
#include "audit/host_files.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

namespace names = host_files;

constexpr size_t kMaxAccountBytes = size_t{16} << 20;
constexpr size_t kMaxFiles = 10'000;  // of one name: certificates, drop-ins

// In systemd's order of precedence (systemd.unit(5)).
constexpr std::array<std::string_view, 5> kSystemUnits = {"/etc/systemd/system", "/run/systemd/system",
                                                          "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                                          "/lib/systemd/system"};
constexpr std::array<std::string_view, 5> kUserUnits = {"/etc/systemd/user", "/run/systemd/user",
                                                        "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
                                                        "/lib/systemd/user"};

constexpr std::array kPrograms = {names::kContainerd, names::kShim, names::kShimRuncV1, names::kShimRuncV2,
                                  names::kRunc};
constexpr std::array<std::string_view, 6> kProgramFolders = {
    "/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/usr/libexec/docker", "/snap/docker/current/bin"};

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string own_containerd_socket(const DaemonView& daemon) {
  return daemon.exec_root + "/containerd/containerd.sock";
}

class Files {
 public:
  Files(const DaemonView& daemon, const RootedFolder& root, const Accounts& accounts)
      : daemon_(daemon), root_(root), accounts_(accounts) {}

  // Absent is an answer; not being allowed to look is none.
  Fact<File> file(const std::string& path) const {
    const auto found = root_.find(path);
    if (found) return describe(*found, found->named, accounts_);
    if (found.error().code() == Code::kNotFound) return File{.path = root_.named(path)};
    return unknown_because(found.error());
  }

  Fact<std::vector<File>> one(const std::string& path) const {
    auto described = file(path);
    if (!described) return std::unexpected(described.error());
    return std::vector<File>{*std::move(described)};
  }

  // The first of the paths that is there, else the first one as absent.
  Fact<std::vector<File>> first_of(const std::vector<std::string>& paths) const {
    for (const std::string& path : paths) {
      auto described = file(path);
      if (!described) return std::unexpected(described.error());
      if (described->exists) return std::vector<File>{*std::move(described)};
    }
    return one(paths.front());
  }

  // The names in a folder; none when there is no such folder.
  Fact<std::vector<std::string>> list(const std::string& folder) const {
    auto listed = root_.list(folder);
    if (listed) return *std::move(listed);
    if (listed.error().code() == Code::kNotFound) return std::vector<std::string>();
    return unknown_because(listed.error());
  }

  Fact<std::vector<File>> unit(const std::string& name) const;
  Fact<std::vector<File>> certificates() const;
  Fact<std::vector<File>> tls(const std::string& key, std::string_view default_name) const;
  Fact<std::vector<File>> program(const std::string& name) const;
  Fact<std::vector<File>> containerd() const;

 private:
  std::vector<std::string> unit_folders() const;
  // Adds every file of a folder whose name ends so; false and `error` when it cannot be looked at.
  bool add_all(const std::string& folder, std::string_view ending, std::vector<File>& files, Unknown& error) const;

  const DaemonView& daemon_;
  const RootedFolder& root_;
  const Accounts& accounts_;
};

std::vector<std::string> Files::unit_folders() const {
  std::vector<std::string> folders;
  if (daemon_.user_unit) {
    folders.push_back(daemon_.home + "/.config/systemd/user");
    folders.insert(folders.end(), kUserUnits.begin(), kUserUnits.end());
  } else {
    folders.insert(folders.end(), kSystemUnits.begin(), kSystemUnits.end());
  }
  return folders;
}

bool Files::add_all(const std::string& folder, std::string_view ending, std::vector<File>& files,
                    Unknown& error) const {
  const auto listed = list(folder);
  if (!listed) {
    error = listed.error();
    return false;
  }
  for (const std::string& name : *listed) {
    if (!name.ends_with(ending)) continue;
    auto described = file(fmt::format("{}/{}", folder, name));
    if (!described) {
      error = described.error();
      return false;
    }
    // /lib is /usr/lib on most machines: the same file counts once.
    const bool known = std::ranges::find(files, described->path, &File::path) != files.end();
    if (!described->exists || described->is_directory || known) continue;
    if (files.size() == kMaxFiles) {
      error = {.kind = Unknown::Kind::kError, .reason = fmt::format("more than {} files in {}", kMaxFiles, folder)};
      return false;
    }
    files.push_back(*std::move(described));
  }
  return true;
}

// The unit's file and what adds to it.
Fact<std::vector<File>> Files::unit(const std::string& name) const {
  std::vector<File> files;
  Unknown error;
  for (const std::string& folder : unit_folders()) {
    auto found = root_.find(fmt::format("{}/{}", folder, name));
    if (!found && found.error().code() != Code::kNotFound) return unknown_because(found.error());
    if (!found) continue;
    // A link to /dev/null masks the unit: no file of it counts.
    if (S_ISREG(found->status.st_mode)) files.push_back(describe(*found, found->named, accounts_));
    break;
  }
  if (files.empty()) {
    return std::vector<File>{{.path = fmt::format("{}/{}", daemon_.user_unit ? kUserUnits[3] : kSystemUnits[3], name)}};
  }
  for (const std::string& folder : unit_folders()) {
    if (!add_all(fmt::format("{}/{}.d", folder, name), ".conf", files, error)) return std::unexpected(error);
  }
  return files;
}

// <registry>/<file>
Fact<std::vector<File>> Files::certificates() const {
  const std::string folder = daemon_.config_home + "/certs.d";
  const auto registries = list(folder);
  if (!registries) return std::unexpected(registries.error());
  std::vector<File> files;
  Unknown error;
  for (const std::string& registry : *registries) {
    const auto found = root_.find(fmt::format("{}/{}", folder, registry));
    if (!found || !found->is_directory()) continue;
    // Of authorities and of clients; what is a secret is not judged by what certificates may be.
    for (const std::string_view ending : {".crt", ".cert"}) {
      if (!add_all(fmt::format("{}/{}", folder, registry), ending, files, error)) return std::unexpected(error);
    }
  }
  if (files.empty()) files.push_back({.path = folder + "/*/*.crt"});
  return files;
}

Fact<std::vector<File>> Files::tls(const std::string& key, std::string_view default_name) const {
  for (const auto& name : {key, std::string("tls"), std::string("tlsverify")}) {
    if (const auto known = daemon_.process.in_effect(name); !known) return std::unexpected(known.error());
    // What else it is told does not matter for a file that it is told.
    if (const auto path = daemon_.path_setting(key)) return one(*path);
  }
  // To say --tlsverify at all, even of false, is to use TLS; clients' certificates are looked at unless it says false.
  const auto verify = daemon_.setting("tlsverify");
  const bool uses_tls = (daemon_.setting("tls") == "true" || verify) && (key != "tlscacert" || verify != "false");
  if (uses_tls) return one(fmt::format("{}/{}", daemon_.certificates, default_name));
  return not_applicable(fmt::format("the engine is not told to use TLS: {} is not set", key));
}

Fact<std::vector<File>> Files::containerd() const {
  const auto set = daemon_.process.in_effect("containerd");
  if (set) return one(containerd_socket(daemon_, root_));
  // Whatever it is told by now: one of its own is there only when it was told none.
  const std::string own = own_containerd_socket(daemon_);
  if (daemon_.process.in_effect("exec-root") && root_.find(own)) return one(own);
  return std::unexpected(set.error());
}

Fact<std::vector<File>> Files::program(const std::string& name) const {
  std::vector<std::string> paths;
  for (const std::string_view folder : kProgramFolders) paths.push_back(fmt::format("{}/{}", folder, name));
  if (daemon_.process.executable.starts_with('/')) {
    paths.insert(paths.begin(), fmt::format("{}/{}", folder_of(daemon_.process.executable), name));
  }
  auto found = first_of(paths);
  // Where it would be, not beside an engine that lies somewhere of its own.
  if (found && !found->front().exists) found->front().path = root_.named(fmt::format("/usr/bin/{}", name));
  return found;
}

}  // namespace

Accounts read_accounts(const RootedFolder& root) {
  const auto read = [&](std::string_view path) -> Result<std::string> {
    TRY_ASSIGN(const RootedFolder::Found found, root.find(path));
    return root.read(found, kMaxAccountBytes);
  };
  const auto users = read("/etc/passwd");
  const auto groups = read("/etc/group");
  Accounts accounts = parse_accounts(users ? *users : "", groups ? *groups : "");
  const auto services = read("/etc/nsswitch.conf");
  if (services) {
    if (const auto others = directory_services(*services); !others.empty()) {
      accounts.incomplete = fmt::format("/etc/nsswitch.conf asks {} about users and groups, too",
                                        printable(fmt::format("{}", fmt::join(others, ", "))));
    }
  } else if (services.error().code() != Code::kNotFound) {
    accounts.incomplete = unknown_because(services.error()).error().reason;
  }
  for (const auto* text : {&users, &groups}) {
    if (!*text) accounts.incomplete = unknown_because(text->error()).error().reason;
  }
  return accounts;
}

namespace {

// A file system without access lists, and a file without one, are what is usual.
Fact<std::vector<AccessEntry>> access_of(const RootedFolder::Found& found, const Accounts& accounts) {
  std::vector<std::byte> bytes(kMaxAccessListBytes);
  // The descriptor is for naming the file only (O_PATH): its attributes are had by its name in /proc.
  const ssize_t size = ::getxattr(fmt::format("/proc/self/fd/{}", found.fd.get()).c_str(), kAccessListAttribute,
                                  bytes.data(), bytes.size());
  if (size < 0 && (errno == ENODATA || errno == EOPNOTSUPP)) return std::vector<AccessEntry>();
  if (size < 0) return unknown_because(errno_error(errno, fmt::format("access list of {}", printable(found.named))));
  auto entries = parse_access_list(ByteSpan(bytes).first(static_cast<size_t>(size)));
  if (!entries) return unknown_because(Error(entries.error()).with_context(printable(found.named)));
  for (AccessEntry& entry : *entries) {
    if (entry.kind == AccessEntry::Kind::kUser) entry.name = accounts.user_name(entry.id);
    if (entry.kind == AccessEntry::Kind::kGroup) entry.name = accounts.group_name(entry.id);
  }
  return *std::move(entries);
}

}  // namespace

File describe(const RootedFolder::Found& found, const std::string& path, const Accounts& accounts) {
  return {.path = path,
          .exists = true,
          .uid = found.status.st_uid,
          .gid = found.status.st_gid,
          .owner = accounts.user_name(found.status.st_uid),
          .group = accounts.group_name(found.status.st_gid),
          .mode = found.status.st_mode & 07777U,
          .is_directory = S_ISDIR(found.status.st_mode),
          .is_socket = S_ISSOCK(found.status.st_mode),
          .access = access_of(found, accounts)};
}

std::string containerd_socket(const DaemonView& daemon, const RootedFolder& root) {
  constexpr std::string_view kScheme = "unix://";
  if (const auto set = daemon.setting("containerd"); set && !set->empty()) {
    return set->starts_with(kScheme) ? set->substr(kScheme.size()) : *set;
  }
  const std::string system = "/run/containerd/containerd.sock";
  std::string own = own_containerd_socket(daemon);
  return root.find(own) ? own : system;
}

FileFacts look_at_files(const DaemonView& daemon, const RootedFolder& root, const std::string& root_dir,
                        const Accounts& accounts) {
  const Files files(daemon, root, accounts);
  const std::string engine = daemon.podman ? "podman" : "docker";
  FileFacts facts;
  const auto add = [&](std::string_view name, Fact<std::vector<File>> found) { facts.emplace(name, std::move(found)); };
  // "snap.docker.dockerd.service"; an engine started by hand runs in the unit of whoever did.
  add(names::kDockerService, files.unit(daemon.unit.contains(engine) ? daemon.unit : engine + ".service"));
  add(names::kDockerSocketUnit, files.unit(engine + ".socket"));
  add(names::kConfigDirectory, files.one(daemon.config_home));
  add(names::kRegistryCertificates, files.certificates());
  add(names::kTlsCa, files.tls("tlscacert", "ca.pem"));
  add(names::kTlsCertificate, files.tls("tlscert", "cert.pem"));
  add(names::kTlsKey, files.tls("tlskey", "key.pem"));
  const std::string& config = daemon.process.config_path;
  add(names::kDaemonJson, daemon.podman    ? not_applicable("Podman has no daemon.json")
                          : config.empty() ? not_applicable("the engine is told to read no configuration file")
                                           : files.one(config));
  add(names::kDefaultDocker, files.one("/etc/default/docker"));
  add(names::kSysconfigDocker, files.one("/etc/sysconfig/docker"));
  add(names::kContainerdSocket, daemon.podman ? not_applicable("Podman does not use containerd") : files.containerd());
  add(names::kDataRoot, files.one(root_dir.empty() ? daemon.data_root : root_dir));
  add(names::kDockerd, daemon.podman ? not_applicable("the engine is Podman") : files.one(daemon.process.executable));
  for (const std::string_view program : kPrograms) {
    add(program, files.program(std::string(program)));
  }
  add(names::kContainerdConfig, files.one("/etc/containerd/config.toml"));
  add(names::kContainerdState, files.one("/run/containerd"));
  return facts;
}

FileFacts unknown_files(const Unknown& reason) {
  FileFacts facts;
  for (const std::string_view name : names::kAll) {
    if (name != names::kEngineSocket) facts.emplace(name, std::unexpected(reason));
  }
  return facts;
}

}  // namespace bulkhead::audit
