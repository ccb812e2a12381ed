// Privileged containers, and the host's namespaces: of processes, network, IPC, host name, control groups and users.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kPrivileged = "/HostConfig/Privileged";

void check_privileged(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    sink.judge(!details.privileged, object_of(container),
               {{std::string(kPrivileged), details.privileged ? "true" : "false", "false"}});
  });
}

// ---- Namespaces that may be another container's

struct Namespace {
  std::string_view where;
  std::string ContainerDetails::* mode;
};
constexpr Namespace kNetwork = {"/HostConfig/NetworkMode", &ContainerDetails::network_mode};
constexpr Namespace kPid = {"/HostConfig/PidMode", &ContainerDetails::pid_mode};
constexpr Namespace kIpc = {"/HostConfig/IpcMode", &ContainerDetails::ipc_mode};

constexpr std::string_view kOfContainer = "container:";
constexpr std::string_view kOfPath = "ns:";  // Podman: a namespace file

// All containers, also those that were not selected, by the id that the engine writes, its beginning or the name.
class ContainerIndex {
 public:
  explicit ContainerIndex(const Facts& facts) {
    if (facts.containers) add(*facts.containers);
    add(facts.other_containers);
  }
  const Container* find(std::string_view reference) const {
    if (reference.empty()) return nullptr;
    if (const auto named = by_name_.find(reference); named != by_name_.end()) return named->second;
    const auto id = by_id_.lower_bound(reference);
    return id != by_id_.end() && id->first.starts_with(reference) ? id->second : nullptr;
  }

 private:
  void add(const std::vector<Container>& containers) {
    for (const Container& container : containers) {
      by_name_.emplace(container.name, &container);
      by_id_.emplace(container.id, &container);
    }
  }
  std::map<std::string_view, const Container*> by_name_;
  std::map<std::string_view, const Container*> by_id_;
};

// Follows "container:<id>" to the container whose own mode decides.
void judge_namespace(const Facts& facts, Sink& sink, const Namespace& space) {
  constexpr size_t kLongest = 16;  // no engine's users have such chains, and a hostile one must not be costly
  const ContainerIndex index(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string wanted = "anything but host";
    std::vector<Evidence> evidence;
    const Container* at = &container;
    const ContainerDetails* of = &details;
    std::vector<const Container*> seen;
    while (true) {
      const std::string& mode = of->*space.mode;
      evidence.push_back({std::string(space.where), mode.empty() ? "not set" : mode, wanted});
      if (at != &container) evidence.back().where += fmt::format(" of container {}", at->name);
      if (mode.starts_with(kOfPath)) {
        return sink.manual(object_of(container), std::move(evidence),
                           "it joins a namespace by its file: whose that is, the engine does not tell");
      }
      if (!mode.starts_with(kOfContainer)) {
        return sink.judge(mode != "host", object_of(container), std::move(evidence));
      }
      seen.push_back(at);
      const std::string_view next = std::string_view(mode).substr(kOfContainer.size());
      at = index.find(next);
      if (at == nullptr) {
        return sink.error(object_of(container),
                          fmt::format("{} is {}, and the engine knows no such container", space.where, mode));
      }
      if (std::ranges::find(seen, at) != seen.end()) {
        return sink.error(object_of(container), fmt::format("{} leads back to container {}", space.where, at->name));
      }
      if (seen.size() == kLongest) {
        return sink.error(object_of(container),
                          fmt::format("{} leads through {} containers and further", space.where, kLongest));
      }
      if (!at->details) {
        return sink.error(object_of(container), fmt::format("{} is that of container {}, of which nothing is known: {}",
                                                            space.where, at->name, at->details.error().reason));
      }
      of = &*at->details;
    }
  });
}

void check_host_network(const Facts& facts, Sink& sink) {
  judge_namespace(facts, sink, kNetwork);
}
void check_host_pid(const Facts& facts, Sink& sink) {
  judge_namespace(facts, sink, kPid);
}
void check_host_ipc(const Facts& facts, Sink& sink) {
  judge_namespace(facts, sink, kIpc);
}

void check_shareable_ipc(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& mode = details.ipc_mode;
    const bool shared = mode == "shareable" || mode.starts_with(kOfContainer);
    if (mode.empty()) return sink.not_applicable(object_of(container), "the engine does not say who may join its IPC");
    if (mode == "host") {
      return sink.not_applicable(object_of(container), "it has the host's IPC namespace (container.host-ipc)");
    }
    sink.judge(!shared, object_of(container), {{std::string(kIpc.where), mode, "private or none"}});
  });
}

void check_host_uts(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    sink.judge(details.uts_mode != "host", object_of(container),
               {{"/HostConfig/UTSMode", details.uts_mode.empty() ? "not set" : details.uts_mode, "anything but host"}});
  });
}

void check_host_cgroupns(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& mode = details.cgroupns_mode;
    if (mode.empty()) {
      return sink.not_applicable(object_of(container), "the engine does not say which cgroup namespace it has");
    }
    sink.judge(mode != "host", object_of(container), {{"/HostConfig/CgroupnsMode", mode, "private"}});
  });
}

// Passes only where a user namespace is in effect: that none was refused (UsernsMode is not "host") says nothing.
void check_user_namespace(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& mode = details.userns_mode;
    std::vector<Evidence> evidence = {
        {"/HostConfig/UsernsMode", mode.empty() ? "not set" : mode, mode == "host" ? "anything but host" : ""}};
    if (details.processes) {
      const bool host = details.processes->host_user_namespace;
      evidence.push_back({fmt::format("/proc/{}/ns/user", details.processes->pid),
                          host ? "the host's user namespace" : "a user namespace of its own",
                          "a user namespace of its own"});
      return sink.judge(!host, object_of(container), std::move(evidence));
    }
    if (mode == "host") return sink.fail(object_of(container), std::move(evidence));
    if (!facts.engine) return sink.unknown(object_of(container), facts.engine.error());
    const bool remapped = facts.engine->security_option("userns").has_value();
    const bool rootless = facts.engine->rootless();
    // Podman gives containers namespaces of their own one by one.
    const bool own = facts.engine->podman && !mode.empty();
    evidence.push_back({"/info#/SecurityOptions",
                        remapped   ? "name=userns"
                        : rootless ? "name=rootless"
                                   : "neither userns nor rootless",
                        "name=userns or name=rootless"});
    sink.judge(remapped || rootless || own, object_of(container), std::move(evidence));
  });
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.privileged", check_privileged},
    {"container.host-network", check_host_network},
    {"container.host-pid", check_host_pid},
    {"container.host-ipc", check_host_ipc},
    {"container.shareable-ipc", check_shareable_ipc},
    {"container.host-uts", check_host_uts},
    {"container.host-cgroupns", check_host_cgroupns},
    {"container.user-namespace", check_user_namespace},
});

}  // namespace

std::span<const Check> container_isolation_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
