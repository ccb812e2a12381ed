#include "audit/collect/daemon_process.h"

#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
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

// Whether the file has been written to since the process started; nothing when that cannot be told.
std::optional<bool> changed_since_start(const std::string& proc, const ProcessFolder& process, int64_t written) {
  const auto stat = process.read("stat");
  const auto system = read_small_file(AT_FDCWD, proc + "/stat", size_t{4} << 20, proc + "/stat");
  const long ticks = ::sysconf(_SC_CLK_TCK);
  if (!stat || !system || ticks <= 0) return std::nullopt;
  const auto start = process_start(*stat, *system, static_cast<uint64_t>(ticks));
  if (!start) return std::nullopt;
  return written > *start + kClockSlack;
}

Fact<Settings> read_settings(const std::string& proc, const ProcessFolder& process, const RootedFolder& root,
                             Settings from_arguments, DaemonProcess& daemon) {
  const auto file = root.find(daemon.config_path);
  if (!file) {
    if (file.error().code() == Code::kNotFound) return from_arguments;
    return unknown_because(file.error());
  }
  daemon.config_changed_since_start = changed_since_start(proc, process, file->status.st_mtim.tv_sec).value_or(true);
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
  daemon.config_path = config_file != settings.end() && !config_file->second.values.empty()
                           ? absolute(view.working_folder, config_file->second.values.back())
                           : view.config_home + "/daemon.json";
  daemon.settings = read_settings(proc, process, root, std::move(settings), daemon);
  if (daemon.settings) add_variables(variables, daemon.pid, *daemon.settings);
  view.data_root = view.path_setting("data-root").value_or(view.data_root);
  view.exec_root = view.path_setting("exec-root").value_or(view.exec_root);
  return view;
}

}  // namespace bulkhead::audit
