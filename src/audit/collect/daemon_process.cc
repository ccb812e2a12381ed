#include "audit/collect/daemon_process.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/collect/daemon_arguments.h"
#include "audit/collect/daemon_json.h"
#include "audit/collect/process_text.h"
#include "audit/collect/unknown.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kMaxConfigBytes = size_t{4} << 20;
// The kernel tells the machine's start in whole seconds.
constexpr int64_t kClockSlack = 2;

using Variables = std::map<std::string, std::string>;

Variables variables_of(std::string_view environ) {
  Variables variables;
  for (const std::string& entry : split_at_zero(environ)) {
    const size_t equals = entry.find('=');
    if (equals != std::string::npos) variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

std::string variable(const Variables& variables, const std::string& name, std::string_view below,
                     const std::string& otherwise) {
  const auto found = variables.find(name);
  return found == variables.end() || found->second.empty() ? otherwise : fmt::format("{}{}", found->second, below);
}

Result<int64_t> start_of(const std::string& proc, const ProcessFolder& process) {
  TRY_ASSIGN(const std::string stat, process.read("stat"));
  TRY_ASSIGN(const std::string system, read_small_file(AT_FDCWD, proc + "/stat", size_t{4} << 20, proc + "/stat"));
  TRY_CONTEXT(const int64_t start, process_start(stat, system, static_cast<uint64_t>(::sysconf(_SC_CLK_TCK))),
              process.path() + "/stat");
  return start;
}

// A copy that keeps the time of its contents (cp -p, rsync) cannot keep that of its attributes.
int64_t last_change(const struct stat& status) {
  return std::max(status.st_mtim.tv_sec, status.st_ctim.tv_sec);
}

// What stands under the last name of a path, a link for itself; and the folder.
struct Place {
  struct stat folder{};
  std::optional<struct stat> name;
  std::optional<struct stat> key;  // key.json beside it
};

Result<Place> look_at_place(const RootedFolder& root, const std::string& path) {
  const size_t slash = path.rfind('/');
  TRY_ASSIGN(const RootedFolder::Found folder, root.find(path.substr(0, slash)));
  const auto look = [&](const std::string& name) -> std::optional<struct stat> {
    struct stat status{};
    if (::fstatat(folder.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return status;
  };
  return Place{.folder = folder.status, .name = look(path.substr(slash + 1)), .key = look("key.json")};
}

// Engines before 24 make a key of their own when they first start, beside their configuration: that changes the folder
// soon after their start, and says nothing about the configuration.
bool is_key_of_the_engine(const Place& place) {
  return place.key && std::abs(place.key->st_mtim.tv_sec - last_change(place.folder)) <= 1;
}

// `file`: what is found under config_path; `told`: the engine was told to read it, and would not have started without.
Fact<DaemonProcess::ConfigFile> state_of(const Result<RootedFolder::Found>& file, const std::string& path, bool told,
                                         const Result<int64_t>& start, const RootedFolder& root) {
  using enum DaemonProcess::ConfigFile;
  if (!file && file.error().code() != Code::kNotFound) return unknown_because(file.error());
  const auto place = look_at_place(root, path);
  if (!file && told) return kDeleted;
  if (!place) {
    if (!file && place.error().code() == Code::kNotFound) return kAbsent;
    return unknown_because(place.error());
  }
  if (!start) {
    return not_known(fmt::format("when the daemon started is not known ({}), nor whether {} changed since",
                                 start.error().to_string(), path));
  }
  const int64_t read_by = *start + kClockSlack;
  if (file) {
    const int64_t linked = place->name ? last_change(*place->name) : 0;
    return std::max(last_change(file->status), linked) > read_by ? kChanged : kAsRead;
  }
  if (place->name) return not_known(fmt::format("{} is a link that leads nowhere: whether it did is not known", path));
  if (last_change(place->folder) <= read_by || is_key_of_the_engine(*place)) return kAbsent;
  return not_known(
      fmt::format("there is no {}, and its folder changed since the daemon started: it may have been "
                  "deleted (restart the daemon)",
                  path));
}

Fact<Settings> read_settings(const std::string& proc, const ProcessFolder& process, const RootedFolder& root,
                             Settings from_arguments, DaemonProcess& daemon) {
  if (daemon.config_path.empty()) return from_arguments;
  const auto file = root.find(daemon.config_path);
  daemon.config_file =
      state_of(file, daemon.config_path, from_arguments.contains("config-file"), start_of(proc, process), root);
  if (!file) {
    if (file.error().code() == Code::kNotFound) return from_arguments;
    return unknown_because(file.error());
  }
  const auto text = root.read(*file, kMaxConfigBytes);
  if (!text) return unknown_because(text.error());
  const auto from_file = parse_daemon_json(*text, daemon.config_path);
  if (!from_file) return unknown_because(from_file.error());
  return merge_settings(std::move(from_arguments), *from_file);
}

// The variables that dockerd takes settings from.
void add_variables(const Variables& variables, int32_t pid, Settings& settings) {
  if (!variable(variables, "DOCKER_TLS_VERIFY", "", "").empty()) {
    settings.try_emplace("tlsverify", Setting{.values = {"true"},
                                              .where = fmt::format("variable DOCKER_TLS_VERIFY of process {}", pid)});
  }
}

void place(const Variables& variables, DaemonView& view) {
  view.home = variable(variables, "HOME", "", "/root");
  view.certificates =
      variable(variables, "DOCKER_CERT_PATH", "", variable(variables, "DOCKER_CONFIG", "", view.home + "/.docker"));
  view.rootless = !view.podman && !variable(variables, "ROOTLESSKIT_STATE_DIR", "", "").empty();
  const std::string config = variable(variables, "XDG_CONFIG_HOME", "", view.home + "/.config");
  view.config_home = view.rootless ? config + "/docker" : "/etc/docker";
  view.data_root = view.rootless ? variable(variables, "XDG_DATA_HOME", "/docker", view.home + "/.local/share/docker")
                                 : "/var/lib/docker";
  view.exec_root =
      view.rootless ? variable(variables, "XDG_RUNTIME_DIR", "/docker", "/var/run/docker") : "/var/run/docker";
}

std::string absolute(const std::string& folder, const std::string& path) {
  return path.starts_with('/') ? path : fmt::format("{}/{}", folder, path);
}

}  // namespace

std::optional<std::string> DaemonView::path_setting(const std::string& key) const {
  const auto path = setting(key);
  return path ? std::optional(absolute(working_folder, *path)) : std::nullopt;
}

std::optional<std::string> DaemonView::setting(const std::string& key) const {
  if (!process.settings) return std::nullopt;
  const auto found = process.settings->find(key);
  if (found == process.settings->end() || found->second.values.empty()) return std::nullopt;
  return found->second.values.back();
}

Fact<DaemonView> look_at_daemon(const std::string& proc, const ProcessFolder& process, const RootedFolder& root,
                                bool podman) {
  DaemonView view;
  DaemonProcess& daemon = view.process;
  daemon.pid = process.pid();
  const auto status_text = process.read("status");
  if (!status_text) return unknown_because(status_text.error());
  const auto status = parse_process_status(*status_text);
  if (!status) return unknown_because(Error(status.error()).with_context(process.path() + "/status"));
  daemon.uid = status->uid;
  auto executable = process.executable();
  if (!executable) return unknown_because(executable.error());
  daemon.executable = *std::move(executable);
  view.podman = podman || daemon.executable.ends_with("/podman");
  const auto arguments = process.read("cmdline", size_t{8} << 20);
  if (!arguments) return unknown_because(arguments.error());
  daemon.arguments = split_at_zero(*arguments);
  const auto environ = process.read("environ", size_t{8} << 20);
  if (!environ) return unknown_because(environ.error());
  if (const auto cgroup = process.read("cgroup")) {
    view.unit = service_unit(*cgroup);
    view.user_unit = cgroup->contains("/user@");
  }
  const Variables variables = variables_of(*environ);
  place(variables, view);
  if (view.podman) {
    daemon.settings = not_applicable("Podman's service has none of Docker's settings");
    return view;
  }
  view.working_folder = process.link("cwd").value_or("/");
  Settings settings = parse_daemon_arguments(daemon.arguments, daemon.pid);
  const auto config_file = settings.find("config-file");
  if (config_file == settings.end() || config_file->second.values.empty()) {
    daemon.config_path = view.config_home + "/daemon.json";
  } else if (const std::string& told = config_file->second.values.back(); !told.empty()) {
    daemon.config_path = absolute(view.working_folder, told);
  }
  daemon.settings = read_settings(proc, process, root, std::move(settings), daemon);
  if (daemon.settings) add_variables(variables, daemon.pid, *daemon.settings);
  view.data_root = view.path_setting("data-root").value_or(view.data_root);
  view.exec_root = view.path_setting("exec-root").value_or(view.exec_root);
  return view;
}

}  // namespace bulkhead::audit
