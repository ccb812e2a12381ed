// Kernel settings (sysctls) that containers are given: those of the whole host, and those that weaken the container.
//
// Sources: namespaces(7), ipc_namespaces(7); runc, libcontainer/configs/validate (sysctl), which refuses at the start
// what is not in a namespace of the container's own, and other runtimes need not; the kernel's
// Documentation/networking/ip-sysctl.rst and Documentation/admin-guide/sysctl.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"
#include "audit/checks/shared_namespace.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

enum class Owner : uint8_t { kHost, kNetwork, kIpc, kUts };

Owner owner_of(std::string_view name) {
  constexpr auto kOfIpc =
      std::to_array<std::string_view>({"kernel.auto_msgmni", "kernel.msg_next_id", "kernel.msgmax", "kernel.msgmnb",
                                       "kernel.msgmni", "kernel.sem", "kernel.sem_next_id", "kernel.shm_next_id",
                                       "kernel.shm_rmid_forced", "kernel.shmall", "kernel.shmmax", "kernel.shmmni"});
  if (name.starts_with("net.")) return Owner::kNetwork;
  if (name.starts_with("fs.mqueue.") || std::ranges::find(kOfIpc, name) != kOfIpc.end()) return Owner::kIpc;
  return name == "kernel.domainname" || name == "kernel.hostname" ? Owner::kUts : Owner::kHost;
}

// As sysctl(8) takes names: where a slash comes first, slashes part the words and dots belong to them.
std::string with_dots(std::string_view name) {
  std::string dotted(name);
  const size_t first = name.find_first_of("./");
  if (first == std::string_view::npos || name[first] == '.') return dotted;
  for (char& c : dotted) c = c == '/' ? '.' : c == '.' ? '/' : c;
  return dotted;
}

enum class Harm : uint8_t { kWeakens, kRoutes };

struct Known {
  std::string_view begin;  // the name; with an end, of any interface between the two
  std::string_view end;
  bool harms_on;  // else what it is to be switched off for
  Harm harm;
  std::string_view what;
};
constexpr auto kKnown = std::to_array<Known>({
    {"net.ipv4.conf.", ".accept_redirects", true, Harm::kWeakens, "takes routes from whoever sends redirects"},
    {"net.ipv6.conf.", ".accept_redirects", true, Harm::kWeakens, "takes routes from whoever sends redirects"},
    {"net.ipv4.conf.", ".accept_source_route", true, Harm::kWeakens, "lets senders choose the way of packets"},
    {"net.ipv6.conf.", ".accept_source_route", true, Harm::kWeakens, "lets senders choose the way of packets"},
    {"net.ipv4.conf.", ".proxy_arp", true, Harm::kWeakens, "answers for addresses that are not its own"},
    {"net.ipv4.conf.", ".route_localnet", true, Harm::kWeakens, "lets others reach services at 127.0.0.1"},
    {"net.ipv4.conf.", ".rp_filter", false, Harm::kWeakens, "takes packets with forged senders"},
    {"net.ipv4.icmp_echo_ignore_broadcasts", "", false, Harm::kWeakens, "answers pings to everybody"},
    {"net.ipv4.tcp_syncookies", "", false, Harm::kWeakens, "can be filled up with half-open connections"},
    {"net.ipv4.conf.", ".forwarding", true, Harm::kRoutes, "routes between its networks"},
    {"net.ipv6.conf.", ".forwarding", true, Harm::kRoutes, "routes between its networks"},
    {"net.ipv4.ip_forward", "", true, Harm::kRoutes, "routes between its networks"},
});

bool is_on(std::string_view value) {
  value = trim(value);
  return !value.starts_with('-') && !std::ranges::all_of(value, [](char c) { return c == '0'; });
}

const Known* known_harm(std::string_view name, std::string_view value) {
  for (const Known& known : kKnown) {
    const bool named = known.end.empty() ? name == known.begin
                                         : name.starts_with(known.begin) && name.ends_with(known.end) &&
                                               name.size() > known.begin.size() + known.end.size();
    if (named && is_on(value) == known.harms_on) return &known;
  }
  return nullptr;
}

struct Namespaces {
  bool host_network = false;
  bool host_ipc = false;
  bool host_uts = false;
};

// Whose settings the container's are; the error says why that is not known.
std::expected<Namespaces, std::string> namespaces_of(const ContainerIndex& index, const Container& container,
                                                     const ContainerDetails& details) {
  Namespaces spaces{.host_uts = details.uts_mode == "host"};
  for (const auto& [space, host] :
       {std::pair(kNetworkNamespace, &Namespaces::host_network), std::pair(kIpcNamespace, &Namespaces::host_ipc)}) {
    const auto chain = index.to_owner(container, space);
    if (!chain) return std::unexpected(chain.error());
    spaces.*host = (*chain->back()->details).*space.mode == "host";
  }
  return spaces;
}

// What of the host the setting changes; empty: nothing.
std::string_view host_setting(std::string_view name, const Namespaces& spaces) {
  switch (owner_of(name)) {
    case Owner::kHost:
      return "a setting of the whole host";
    case Owner::kNetwork:
      return spaces.host_network ? "the host's own, whose network it shares" : "";
    case Owner::kIpc:
      return spaces.host_ipc ? "the host's own, whose IPC namespace it shares" : "";
    case Owner::kUts:
      return spaces.host_uts ? "the host's own, whose UTS namespace it shares" : "";
  }
  return {};
}

void check_sysctls(const Facts& facts, Sink& sink) {
  constexpr std::string_view kWanted = "settings of its own, and none that weakens it";
  const ContainerIndex index(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    if (details.sysctls.empty()) {
      return sink.pass(object_of(container), {{"/HostConfig/Sysctls", "none", std::string(kWanted)}});
    }
    const auto spaces = namespaces_of(index, container, details);
    if (!spaces) return sink.error(object_of(container), spaces.error());
    std::vector<Evidence> faults;
    std::vector<Evidence> routes;
    for (const Sysctl& sysctl : details.sysctls) {
      const std::string name = with_dots(sysctl.name);
      std::string_view what = host_setting(name, *spaces);
      const Known* known = what.empty() ? known_harm(name, sysctl.value) : nullptr;
      if (known != nullptr) what = known->what;
      if (what.empty()) continue;
      const bool only_routes = known != nullptr && known->harm == Harm::kRoutes;
      (only_routes ? routes : faults)
          .push_back({sysctl.where, fmt::format("{}={}: {}", name, sysctl.value, what), std::string(kWanted)});
    }
    if (!faults.empty()) return sink.fail(object_of(container), std::move(faults));
    if (!routes.empty()) {
      return sink.manual(object_of(container), std::move(routes), "whether it is meant to is for a person to say");
    }
    sink.pass(object_of(container),
              {{"/HostConfig/Sysctls", fmt::format("{} of its own", details.sysctls.size()), std::string(kWanted)}});
  });
}

constexpr auto kChecks = std::to_array<Check>({{"container.sysctls", check_sysctls}});

}  // namespace

std::span<const Check> container_sysctl_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
