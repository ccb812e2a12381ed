// Privileged containers, and the host's namespaces: of processes, network, IPC, host name, control groups and users.
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"
#include "audit/checks/release_version.h"
#include "audit/checks/shared_namespace.h"

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

// Until 4.4 Podman says "shareable" of every IPC namespace that is no other container's: of the host's, and of private
// ones that nobody can join (podman pull request 17201).
bool calls_all_shareable(const Facts& facts) {
  static constexpr const char* kFirstThatTells = "4.4.0";
  if (!facts.engine || !facts.engine->podman) return false;
  const auto release = release_version(facts.engine->server_version);
  return release && version_before(release->number, kFirstThatTells);
}
constexpr std::string_view kShareable = "shareable";

void judge_namespace(const Facts& facts, Sink& sink, const Namespace& space) {
  const ContainerIndex index(facts);
  const bool untold = space.mode == kIpcNamespace.mode && calls_all_shareable(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails&) {
    const auto chain = index.to_owner(container, space);
    if (!chain) return sink.error(object_of(container), chain.error());
    std::vector<Evidence> evidence;
    for (const Container* at : *chain) {
      const std::string& mode = (*at->details).*space.mode;
      const std::string of = at == &container ? std::string() : fmt::format(" of container {}", at->name);
      evidence.push_back({std::string(space.where) + of, mode.empty() ? "not set" : mode, "anything but host"});
    }
    const std::string& mode = (*chain->back()->details).*space.mode;
    if (mode.starts_with(kNamespaceOfPath)) {
      return sink.manual(object_of(container), std::move(evidence),
                         "it joins a namespace by its file: whose that is, the engine does not tell");
    }
    if (untold && mode == kShareable) {
      return sink.error(object_of(container), "Podman before 4.4 says shareable of the host's IPC namespace too");
    }
    sink.judge(mode != "host", object_of(container), std::move(evidence));
  });
}

void check_host_network(const Facts& facts, Sink& sink) {
  judge_namespace(facts, sink, kNetworkNamespace);
}
void check_host_pid(const Facts& facts, Sink& sink) {
  judge_namespace(facts, sink, kPidNamespace);
}
void check_host_ipc(const Facts& facts, Sink& sink) {
  judge_namespace(facts, sink, kIpcNamespace);
}

void check_shareable_ipc(const Facts& facts, Sink& sink) {
  const bool untold = calls_all_shareable(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& mode = details.ipc_mode;
    const bool shared = mode == kShareable || mode.starts_with(kNamespaceOfContainer);
    if (mode.empty()) return sink.not_applicable(object_of(container), "the engine does not say who may join its IPC");
    if (mode == "host") {
      return sink.not_applicable(object_of(container), "it has the host's IPC namespace (container.host-ipc)");
    }
    if (mode == kShareable && untold) {
      return sink.not_applicable(object_of(container), "Podman before 4.4 does not say who may join its IPC");
    }
    sink.judge(!shared, object_of(container), {{std::string(kIpcNamespace.where), mode, "private or none"}});
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
    // The engine writes a default as if it had been asked for.
    const bool by_default = mode == "host" && facts.engine && facts.engine->cgroup_version == "1";
    sink.judge(mode != "host", object_of(container), {{"/HostConfig/CgroupnsMode", mode, "private"}},
               by_default ? "with cgroups of version 1 that is the engine's default" : "");
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
