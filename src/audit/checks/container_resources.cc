// What a container may use of its host: memory, processors, processes, open files, control groups, and how it is
// started again.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"

namespace bulkhead::audit {
namespace {

// An engine without a cgroup driver (rootless on cgroup v1) takes limits and does not keep them.
bool keeps_limits(const Facts& facts) {
  return !facts.engine || facts.engine->cgroup_driver != "none";
}

void judge_limit(const Facts& facts, Sink& sink, const Container& container, bool limited,
                 std::vector<Evidence> evidence) {
  if (limited && !keeps_limits(facts)) {
    evidence.push_back({"/info#/CgroupDriver", "none: limits are not kept", "systemd or cgroupfs"});
    limited = false;
  }
  sink.judge(limited, object_of(container), std::move(evidence));
}

std::string number_or_not_set(int64_t number) {
  return number == 0 ? "not set" : std::to_string(number);
}

void check_memory(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    judge_limit(facts, sink, container, details.memory > 0,
                {{"/HostConfig/Memory", number_or_not_set(details.memory), "a limit in bytes"}});
  });
}

void check_cpu(const Facts& facts, Sink& sink) {
  // The weight that everything has of which nothing is said.
  constexpr int64_t kDefaultShares = 1024;
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const bool shares = details.cpu_shares > 0 && details.cpu_shares != kDefaultShares;
    const bool limited = shares || details.nano_cpus > 0 || details.cpu_quota > 0 || !details.cpuset_cpus.empty();
    const std::string wanted = "one of them set";
    judge_limit(facts, sink, container, limited,
                {{"/HostConfig/CpuShares", number_or_not_set(details.cpu_shares), wanted},
                 {"/HostConfig/NanoCpus", number_or_not_set(details.nano_cpus), wanted},
                 {"/HostConfig/CpuQuota", number_or_not_set(details.cpu_quota), wanted},
                 {"/HostConfig/CpusetCpus", details.cpuset_cpus.empty() ? "not set" : details.cpuset_cpus, wanted}});
  });
}

void check_pids(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    judge_limit(facts, sink, container, details.pids_limit > 0,
                {{"/HostConfig/PidsLimit", number_or_not_set(details.pids_limit), "a limit"}});
  });
}

void check_oom(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    // Exempt from being ended while it has no limit of its own, a container takes the host's memory unhindered.
    const bool kept = details.oom_kill_disable && details.memory <= 0;
    sink.judge(
        !kept && details.oom_score_adj >= 0, object_of(container),
        {{"/HostConfig/OomKillDisable", details.oom_kill_disable ? "true" : "false", "false, or a limit of memory"},
         {"/HostConfig/OomScoreAdj", std::to_string(details.oom_score_adj), "0 or more"}});
  });
}

void check_ulimits(const Facts& facts, Sink& sink) {
  constexpr std::string_view kWanted = "what it needs";
  std::vector<Evidence> defaults;
  if (facts.host.daemon && facts.host.daemon->settings) {
    const auto setting = facts.host.daemon->settings->find("default-ulimits");
    if (setting != facts.host.daemon->settings->end()) {
      defaults.push_back({setting->second.where, fmt::format("{}", fmt::join(setting->second.values, ", ")), ""});
    }
  }
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    std::vector<Evidence> evidence = defaults;
    for (const Ulimit& limit : details.ulimits) {
      evidence.push_back(
          {"/HostConfig/Ulimits", fmt::format("{}={}:{}", limit.name, limit.soft, limit.hard), std::string(kWanted)});
    }
    if (details.ulimits.empty()) {
      evidence.push_back({"/HostConfig/Ulimits", "not set: the engine's defaults", std::string(kWanted)});
    }
    sink.manual(object_of(container), std::move(evidence), "which limits it needs is for a person to say");
  });
}

void check_cgroup_parent(const Facts& facts, Sink& sink) {
  // Where the engines put containers of which nothing was said: with systemd, and without; Podman writes it down.
  constexpr auto kDocker = std::to_array<std::string_view>({"system.slice", "docker", "/docker"});
  constexpr auto kPodman = std::to_array<std::string_view>({"machine.slice", "user.slice", "/libpod_parent"});
  const bool podman = facts.engine && facts.engine->podman;
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& parent = details.cgroup_parent;
    const bool usual = std::ranges::find(podman ? kPodman : kDocker, parent) != (podman ? kPodman : kDocker).end();
    sink.judge(parent.empty() || usual, object_of(container),
               {{"/HostConfig/CgroupParent", parent.empty() ? "not set" : parent, "not set"}});
  });
}

void check_restart(const Facts& facts, Sink& sink) {
  constexpr int64_t kMostRetries = 5;
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    const std::string& policy = details.restart_policy;
    std::string found = policy.empty() ? "no" : policy;
    bool good = found == "no";
    if (policy == "on-failure") {
      // 0 is no limit at all.
      good = details.restart_maximum > 0 && details.restart_maximum <= kMostRetries;
      found += details.restart_maximum > 0 ? fmt::format(":{}", details.restart_maximum) : ", without a limit";
    }
    sink.judge(
        good, object_of(container),
        {{"/HostConfig/RestartPolicy", std::move(found), fmt::format("no, or on-failure:{} at most", kMostRetries)}});
  });
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.memory-limit", check_memory},
    {"container.cpu-limit", check_cpu},
    {"container.pids-limit", check_pids},
    {"container.out-of-memory", check_oom},
    {"container.ulimits", check_ulimits},
    {"container.cgroup-parent", check_cgroup_parent},
    {"container.restart-policy", check_restart},
});

}  // namespace

std::span<const Check> container_resource_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
