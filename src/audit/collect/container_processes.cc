#include "audit/collect/container_processes.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "audit/collect/process_folder.h"
#include "audit/collect/process_text.h"
#include "audit/collect/unknown.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr std::array<std::string_view, 4> kSshDaemons = {"sshd", "sshd-session", "dropbear", "tinysshd"};
constexpr size_t kMaxSshDaemons = 100;  // of one container; the first is enough to fail

bool names_container(std::string_view cgroup, std::string_view id) {
  const auto ids = container_ids(cgroup);
  return std::ranges::find(ids, id) != ids.end();
}

// "user:[4026531837]" of the machine's first process. Who may not look at it (it may have rights that root here has
// not) takes the one of this process, which is no container's. Empty when neither can be read.
std::string host_user_namespace(const std::string& proc) {
  for (const pid_t pid : {1, ::getpid()}) {
    const auto process = ProcessFolder::open(proc, pid);
    const auto link = process ? process->link("ns/user") : Result<std::string>(fail(process.error()));
    if (link) return *link;
  }
  return {};
}

std::string apparmor_profile(const ProcessFolder& process) {
  auto profile = process.read("attr/apparmor/current", 4096);  // since 5.8; the other may be another module's
  if (!profile) profile = process.read("attr/current", 4096);
  if (!profile) return {};
  return std::string(trim(std::string_view(*profile).substr(0, profile->find('\0'))));
}

Result<ContainerProcesses> look_at(const ProcessFolder& process, const std::string& host_namespace, bool apparmor) {
  ContainerProcesses facts{.pid = process.pid()};
  TRY_ASSIGN(const std::string text, process.read("status"));
  TRY_CONTEXT(const ProcessStatus status, parse_process_status(text), process.path() + "/status");
  facts.effective_capabilities = status.effective_capabilities;
  facts.no_new_privileges = status.no_new_privileges;
  facts.seccomp_mode = status.seccomp_mode;
  if (const auto map = process.read("uid_map")) facts.user = user_inside(*map, status.uid);
  TRY_ASSIGN(const std::string user_namespace, process.link("ns/user"));
  facts.host_user_namespace = user_namespace == host_namespace;
  if (apparmor) facts.apparmor_profile = apparmor_profile(process);
  return facts;
}

Fact<ContainerProcesses> first_process(const std::string& proc, const Container& container, int32_t pid,
                                       const std::string& host_namespace, bool apparmor) {
  if (pid <= 0) return not_known("the engine does not tell its process");
  const auto process = ProcessFolder::open(proc, pid);
  if (!process) {
    return not_known(
        fmt::format("the engine says process {}, which is not there: it has ended, or the engine counts "
                    "in a pid namespace of its own",
                    pid));
  }
  const auto cgroup = process->read("cgroup");
  if (!cgroup) return unknown_because(cgroup.error());
  if (!names_container(*cgroup, container.id)) {
    return not_known(
        fmt::format("the cgroup of process {} does not name the container: the engine counts in a pid "
                    "namespace of its own, or makes no cgroups",
                    pid));
  }
  if (host_namespace.empty()) return not_known("the user namespace of process 1 cannot be read (run as root)");
  auto facts = look_at(*process, host_namespace, apparmor);
  if (!facts) return unknown_because(facts.error());
  return *std::move(facts);
}

// "pid 812 /usr/sbin/sshd" when it is one; empty else, and when it has ended.
Result<std::string> ssh_daemon(const std::string& proc, int32_t pid) {
  const auto process = ProcessFolder::open(proc, pid);
  if (!process) return std::string();
  const auto executable = process->executable();
  if (!executable) {
    if (executable.error().code() == Code::kNotFound) return std::string();  // a zombie, a thread of the kernel
    return fail(executable.error());
  }
  const std::string_view name = std::string_view(*executable).substr(executable->rfind('/') + 1);
  if (std::ranges::find(kSshDaemons, name) == kSshDaemons.end()) return std::string();
  return fmt::format("pid {} {}", pid, printable(*executable));
}

}  // namespace

void look_at_container_processes(ProcessTable& processes, bool apparmor, std::vector<Container>& containers) {
  const std::string host_namespace = host_user_namespace(processes.proc());
  std::map<std::string_view, ContainerDetails*> running;
  for (Container& container : containers) {
    if (!container.details || !container.running()) continue;
    container.details->processes =
        first_process(processes.proc(), container, container.details->pid, host_namespace, apparmor);
    if (container.details->processes) running.emplace(container.id, &*container.details);
  }
  if (running.empty()) return;
  const auto& entries = processes.entries();
  if (!entries) {
    for (auto& [id, details] : running) details->processes = unknown_because(entries.error());
    return;
  }
  for (const TableEntry& entry : *entries) {
    for (const std::string_view id : container_ids(entry.cgroup)) {
      const auto found = running.find(id);
      if (found == running.end() || !found->second->processes) continue;
      auto daemon = ssh_daemon(processes.proc(), entry.pid);
      auto& facts = found->second->processes;
      if (!daemon) {
        facts = unknown_because(daemon.error());
      } else if (!daemon->empty() && facts->ssh_daemons.size() < kMaxSshDaemons) {
        facts->ssh_daemons.push_back(*std::move(daemon));
      }
    }
  }
}

}  // namespace bulkhead::audit
