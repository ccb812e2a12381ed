#include "audit/checks/capabilities.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

struct Capability {
  std::string_view name;
  bool docker = false;        // Docker gives it by default
  bool podman = false;        // Podman does
  std::string_view danger{};  // what it allows, when that reaches the host
};

// In the kernel's order: the place is the bit.
constexpr std::array<Capability, 41> kCapabilities = {{
    {"CHOWN", true, true},
    {"DAC_OVERRIDE", true, true},
    {"DAC_READ_SEARCH", false, false, "opens any file of the host's file system by its handle"},
    {"FOWNER", true, true},
    {"FSETID", true, true},
    {"KILL", true, true},
    {"SETGID", true, true},
    {"SETUID", true, true},
    {"SETPCAP", true, true},
    {"LINUX_IMMUTABLE"},
    {"NET_BIND_SERVICE", true, true},
    {"NET_BROADCAST"},
    {"NET_ADMIN", false, false, "changes interfaces, routes and firewall rules"},
    {"NET_RAW", true, false},
    {"IPC_LOCK"},
    {"IPC_OWNER"},
    {"SYS_MODULE", false, false, "loads code into the kernel"},
    {"SYS_RAWIO", false, false, "reads and writes ports and memory of the machine"},
    {"SYS_CHROOT", true, true},
    {"SYS_PTRACE", false, false, "reads and changes the memory of other processes"},
    {"SYS_PACCT"},
    {"SYS_ADMIN", false, false, "mounts file systems and does most of what root does"},
    {"SYS_BOOT", false, false, "restarts the machine or loads another kernel"},
    {"SYS_NICE"},
    {"SYS_RESOURCE"},
    {"SYS_TIME", false, false, "sets the host's clock"},
    {"SYS_TTY_CONFIG"},
    {"MKNOD", true, false},
    {"LEASE"},
    {"AUDIT_WRITE", true, false},
    {"AUDIT_CONTROL", false, false, "switches the kernel's auditing off"},
    {"SETFCAP", true, true},
    {"MAC_OVERRIDE", false, false, "passes by mandatory access control"},
    {"MAC_ADMIN", false, false, "changes mandatory access control"},
    {"SYSLOG", false, false, "reads the kernel's log and its addresses"},
    {"WAKE_ALARM"},
    {"BLOCK_SUSPEND"},
    {"AUDIT_READ"},
    {"PERFMON", false, false, "watches the whole machine through its performance counters"},
    {"BPF", false, false, "loads programs into the kernel"},
    {"CHECKPOINT_RESTORE", false, false, "chooses process ids and reads what other processes have mapped"},
}};
constexpr Capabilities kAll = (Capabilities{1} << kCapabilities.size()) - 1;

constexpr Capabilities bit(size_t index) {
  return Capabilities{1} << index;
}

template <typename Takes>
Capabilities set_of(Takes takes) {
  Capabilities set = 0;
  for (size_t i = 0; i < kCapabilities.size(); ++i) {
    if (takes(kCapabilities[i])) set |= bit(i);
  }
  return set;
}

bool names_all(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    return equals_ignoring_case(name, "ALL") || equals_ignoring_case(name, "CAP_ALL");
  });
}

Capabilities set_of_names(const std::vector<std::string>& names) {
  Capabilities set = 0;
  for (const std::string& name : names) set |= capability_of(name);
  return set;
}

}  // namespace

Capabilities capability_of(std::string_view name) {
  constexpr std::string_view kPrefix = "CAP_";
  if (name.size() > kPrefix.size() && equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) {
    name.remove_prefix(kPrefix.size());
  }
  for (size_t i = 0; i < kCapabilities.size(); ++i) {
    if (equals_ignoring_case(kCapabilities[i].name, name)) return bit(i);
  }
  return 0;
}

std::string capability_names(Capabilities set) {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kCapabilities.size(); ++i) {
    if ((set & bit(i)) != 0) names.push_back(kCapabilities[i].name);
  }
  std::ranges::sort(names);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

Capabilities default_capabilities(bool podman) {
  return set_of([&](const Capability& capability) { return podman ? capability.podman : capability.docker; });
}

Capabilities dangerous_capabilities() {
  return set_of([](const Capability& capability) { return !capability.danger.empty(); });
}

Capabilities configured_capabilities(const ContainerDetails& details, bool podman) {
  if (details.privileged) return kAll;
  const Capabilities added = set_of_names(details.cap_add);
  const Capabilities dropped = set_of_names(details.cap_drop);
  // "ALL" added outweighs "ALL" dropped, and what is added outweighs what is dropped.
  if (names_all(details.cap_add)) return kAll & ~dropped;
  if (names_all(details.cap_drop)) return added;
  return (default_capabilities(podman) & ~dropped) | added;
}

std::string dangers_of(Capabilities set) {
  std::vector<std::string> dangers;
  for (size_t i = 0; i < kCapabilities.size(); ++i) {
    if ((set & bit(i)) == 0 || kCapabilities[i].danger.empty()) continue;
    dangers.push_back(fmt::format("{} {}", kCapabilities[i].name, kCapabilities[i].danger));
  }
  return fmt::format("{}", fmt::join(dangers, "; "));
}

}  // namespace bulkhead::audit
