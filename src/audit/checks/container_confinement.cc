// What holds a container's processes back: capabilities, seccomp, AppArmor, SELinux, no-new-privileges, masked paths.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "audit/checks/capabilities.h"
#include "audit/checks/container_checks.h"
#include "audit/checks/lookup.h"
#include "audit/checks/security_options.h"
#include "base/json.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kSecurityOpt = "/HostConfig/SecurityOpt";
constexpr std::string_view kEngineOptions = "/info#/SecurityOptions";

bool is_podman(const Facts& facts) {
  return facts.engine && facts.engine->podman;
}

std::string or_not_set(std::string_view text) {
  return text.empty() ? "not set" : std::string(text);
}

std::string joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "not set" : fmt::format("{}", fmt::join(texts, ", "));
}

Evidence privileged_evidence(std::string what) {
  return {"/HostConfig/Privileged", "true: " + std::move(what), "false"};
}

// ---- Capabilities

std::vector<Evidence> capability_evidence(const ContainerDetails& details, std::string_view wanted) {
  if (details.privileged) return {privileged_evidence("every capability")};
  return {{"/HostConfig/CapAdd", joined(details.cap_add), std::string(wanted)},
          {"/HostConfig/CapDrop", joined(details.cap_drop), ""}};
}

void check_capabilities(const Facts& facts, Sink& sink) {
  const bool podman = is_podman(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "none that reaches the host";
    const Capabilities configured = configured_capabilities(details, podman);
    Capabilities dangerous = configured & dangerous_capabilities();
    auto evidence = capability_evidence(details, kWanted);
    if (details.processes) {
      // More than its settings give it is what a changed runtime or an engine's other defaults do. Less is usual: a
      // process of an ordinary user has no effective ones.
      const Capabilities effective = details.processes->effective_capabilities;
      const Capabilities more = effective & ~configured;
      const Capabilities reaching = effective & dangerous_capabilities();
      evidence.push_back({fmt::format("/proc/{}/status CapEff", details.processes->pid),
                          more != 0       ? capability_names(more) + " beyond its settings"
                          : reaching != 0 ? capability_names(reaching)
                                          : std::string(kWanted),
                          std::string(kWanted)});
      dangerous |= reaching;
    }
    sink.judge(dangerous == 0, object_of(container), std::move(evidence), dangers_of(dangerous));
  });
}

void check_dropped_capabilities(const Facts& facts, Sink& sink) {
  const bool podman = is_podman(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    // Whoever drops all of them has named the rest on purpose.
    const bool dropped_all = std::ranges::any_of(
        details.cap_drop, [](const std::string& name) { return equals_ignoring_case(name, "ALL"); });
    const Capabilities left = configured_capabilities(details, podman);
    const bool added_all =
        std::ranges::any_of(details.cap_add, [](const std::string& name) { return equals_ignoring_case(name, "ALL"); });
    auto evidence = capability_evidence(details, "only what it needs");
    if (evidence.size() > 1) evidence[1].wanted = "ALL";
    sink.judge(left == 0 || (dropped_all && !added_all && !details.privileged), object_of(container),
               std::move(evidence), left == 0 ? std::string() : "it has " + capability_names(left));
  });
}

// ---- Seccomp

bool blocks(std::string_view action) {
  return action != "SCMP_ACT_ALLOW" && action != "SCMP_ACT_LOG" && action != "SCMP_ACT_TRACE";
}

// Whether a profile given as JSON lets every system call through that it does not name: a list of what is forbidden
// misses whatever the kernel gets next. What cannot be read is left to the engine, which refuses it too.
bool allows_the_unnamed(std::string_view profile) {
  const auto document = json::Document::parse(profile);
  if (!document) return false;
  const json::Value root = document->root();
  return root.is_object() && !blocks(root.string_or("defaultAction", ""));
}

void check_seccomp(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "a profile";
    const auto option = security_option_value(details.security_options, "seccomp");
    std::vector<Evidence> evidence;
    bool good = true;
    if (option && *option == "unconfined") {
      evidence.push_back({std::string(kSecurityOpt), "seccomp=unconfined", std::string(kWanted)});
      good = false;
    } else if (option && option->starts_with('{')) {
      good = !allows_the_unnamed(*option);
      evidence.push_back({std::string(kSecurityOpt),
                          good ? "seccomp: a profile of its own"
                               : "seccomp: a profile that allows every system call that it does not name",
                          std::string(kWanted)});
    } else if (option && !option->empty()) {
      evidence.push_back({std::string(kSecurityOpt), fmt::format("seccomp={}", *option), std::string(kWanted)});
    }
    // Engines before 24 leave privileged containers without a filter whatever they are given.
    if (details.privileged && (!option || !details.processes)) {
      evidence.push_back(privileged_evidence("no profile"));
      good = false;
    }
    if (details.processes) {
      // A filter may be the container's own doing: mode 2 confirms the settings, and does not replace them.
      const uint32_t mode = details.processes->seccomp_mode;
      evidence.push_back(
          {fmt::format("/proc/{}/status Seccomp", details.processes->pid), std::to_string(mode), "2 (filter)"});
      good = good && mode != 0;
    }
    if (!option && !details.privileged) {
      if (!facts.engine) {
        if (!good) return sink.fail(object_of(container), std::move(evidence));
        return sink.unknown(object_of(container), facts.engine.error());
      }
      const auto engine = facts.engine->security_option("seccomp");
      std::string profile = "no seccomp";
      if (engine) {
        const auto named = engine->find("profile");
        profile = named == engine->end() ? "seccomp" : "seccomp, profile " + named->second;
        if (named != engine->end() && named->second == "unconfined") good = false;
      } else {
        good = false;
      }
      evidence.push_back({std::string(kEngineOptions), std::move(profile), "seccomp, with a profile"});
    }
    sink.judge(good, object_of(container), std::move(evidence));
  });
}

// ---- AppArmor, SELinux

// Whether the kernel enforces it: by the host, else by what the engine found there.
Fact<bool> enforced(const Facts& facts, const Fact<bool>& host, std::string_view name) {
  if (host) return *host;
  if (!facts.engine) return std::unexpected(facts.engine.error());
  return facts.engine->security_option(name).has_value();
}

void check_apparmor(const Facts& facts, Sink& sink) {
  const Fact<bool> on = enforced(facts, facts.host.apparmor, "apparmor");
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    if (!on) return sink.unknown(object_of(container), on.error());
    if (!*on) return sink.not_applicable(object_of(container), "the kernel does not enforce AppArmor");
    constexpr std::string_view kWanted = "a profile that is enforced";
    const auto option = security_option_value(details.security_options, "apparmor");
    std::string profile = details.apparmor_profile;
    std::string where = "/AppArmorProfile";
    if (profile.empty() && option) {
      profile = *option;
      where = kSecurityOpt;
    }
    std::vector<Evidence> evidence;
    bool good = profile != "unconfined";
    if (profile.empty() && details.privileged) {
      evidence.push_back(privileged_evidence("unconfined"));
      good = false;
    } else if (!profile.empty()) {
      evidence.push_back({std::move(where), profile, std::string(kWanted)});
    }
    if (details.processes) {
      const std::string& told = details.processes->apparmor_profile;
      if (told.empty() && good) {
        return sink.error(object_of(container), fmt::format("/proc/{}/attr/current could not be read, so that its "
                                                            "profile is not known",
                                                            details.processes->pid));
      }
      good = !told.empty() && told != "unconfined" && !told.ends_with("(unconfined)") && !told.ends_with("(complain)");
      evidence.push_back(
          {fmt::format("/proc/{}/attr/current", details.processes->pid), or_not_set(told), std::string(kWanted)});
    } else if (facts.engine && !facts.engine->security_option("apparmor")) {
      // It does not run, so what the engine will do decides.
      evidence.push_back({std::string(kEngineOptions), "no apparmor", "apparmor"});
      good = false;
    } else if (evidence.empty()) {
      evidence.push_back({"/AppArmorProfile", "not set: the engine's default profile", std::string(kWanted)});
    }
    sink.judge(good, object_of(container), std::move(evidence));
  });
}

// The type of a label: "container_t" of "system_u:system_r:container_t:s0:c1,c2".
std::string_view selinux_type(std::string_view label) {
  const auto fields = split(label, ':');
  return fields.size() < 3 ? std::string_view() : fields[2];
}

void check_selinux(const Facts& facts, Sink& sink) {
  constexpr auto kUnconfined = std::to_array<std::string_view>(
      {"spc_t", "unconfined_t", "unconfined_service_t", "container_runtime_t", "docker_t", "init_t"});
  const Fact<bool> on = enforced(facts, facts.host.selinux, "selinux");
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    if (!on) return sink.unknown(object_of(container), on.error());
    if (!*on) return sink.not_applicable(object_of(container), "the kernel does not enforce SELinux");
    std::vector<Evidence> evidence;
    bool good = true;
    for (const std::string& text : details.security_options) {
      const SecurityOption option = read_security_option(text);
      if (option.name != "label") continue;
      evidence.push_back({std::string(kSecurityOpt), text, "not label=disable"});
      if (option.value == "disable") good = false;
    }
    if (details.privileged) {
      evidence.push_back(privileged_evidence("no label"));
      good = false;
    }
    const std::string_view type = selinux_type(details.process_label);
    good = good && !type.empty() && std::ranges::find(kUnconfined, type) == kUnconfined.end();
    evidence.push_back({"/ProcessLabel", or_not_set(details.process_label), "a label that confines it"});
    if (facts.engine && !facts.engine->security_option("selinux")) {
      evidence.push_back({std::string(kEngineOptions), "no selinux", "selinux"});
    }
    sink.judge(good, object_of(container), std::move(evidence));
  });
}

// ---- New privileges

void check_no_new_privileges(const Facts& facts, Sink& sink) {
  constexpr std::string_view kName = "no-new-privileges";
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    std::vector<Evidence> evidence;
    std::string reason;
    bool good = false;
    if (const auto option = security_option_value(details.security_options, kName)) {
      good = option->empty() || read_go_bool(*option).value_or(false);
      evidence.push_back({std::string(kSecurityOpt),
                          option->empty() ? std::string(kName) : fmt::format("{}={}", kName, *option),
                          std::string(kName)});
    } else {
      evidence.push_back({std::string(kSecurityOpt), "not set", std::string(kName)});
      const auto setting = setting_of(facts, kName);
      if (facts.engine && facts.engine->security_option(kName)) {
        evidence.push_back({std::string(kEngineOptions), std::string(kName), std::string(kName)});
        good = true;
      } else if (setting) {
        evidence.push_back({where_of(facts, *setting, kName), text_of(*setting), "true"});
        good = *setting && read_go_bool((*setting)->values.empty() ? "" : (*setting)->values.back()).value_or(false);
      } else if (details.processes) {
        good = details.processes->no_new_privileges;  // what the daemon's default is, only its effect tells
      } else {
        reason = fmt::format("the container does not ask for it, and the engine's default is not known: {}",
                             setting.error().reason);
      }
    }
    if (details.processes) {
      // As with seccomp: a process can give up new privileges of its own accord, and others of its container do not.
      const bool given_up = details.processes->no_new_privileges;
      evidence.push_back(
          {fmt::format("/proc/{}/status NoNewPrivs", details.processes->pid), given_up ? "1" : "0", "1"});
      good = good && given_up;
    }
    sink.judge(good, object_of(container), std::move(evidence), std::move(reason));
  });
}

// ---- Masked and read-only paths

// What every engine that has such lists puts on them, since the first that did; newer ones have more.
constexpr auto kMasked = std::to_array<std::string_view>(
    {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware"});
constexpr auto kReadOnly =
    std::to_array<std::string_view>({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"});

// False when paths of `least` are missing.
bool judge_paths(const std::optional<std::vector<std::string>>& paths, std::span<const std::string_view> least,
                 std::string where, std::vector<Evidence>& evidence) {
  if (!paths) return true;
  std::vector<std::string_view> missing;
  for (const std::string_view path : least) {
    if (std::ranges::find(*paths, path) == paths->end()) missing.push_back(path);
  }
  std::string found = missing.empty()  ? "the engine's defaults"
                      : paths->empty() ? "empty"
                                       : fmt::format("without {}", fmt::join(missing, ", "));
  evidence.push_back({std::move(where), std::move(found), "the engine's defaults"});
  return missing.empty();
}

void check_system_paths(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    std::vector<Evidence> evidence;
    bool good = true;
    for (const std::string& text : details.security_options) {
      const SecurityOption option = read_security_option(text);
      const bool opens = (option.name == "systempaths" && option.value == "unconfined") ||
                         option.name == "unmask" ||  // Podman
                         (option.name == "writable-cgroups" && read_go_bool(option.value).value_or(true));
      if (!opens) continue;
      evidence.push_back({std::string(kSecurityOpt), text, "not set"});
      good = false;
    }
    if (details.privileged) {
      evidence.push_back(privileged_evidence("nothing masked or read-only"));
      good = false;
    } else {
      good = judge_paths(details.masked_paths, kMasked, "/HostConfig/MaskedPaths", evidence) && good;
      good = judge_paths(details.readonly_paths, kReadOnly, "/HostConfig/ReadonlyPaths", evidence) && good;
    }
    if (evidence.empty()) {
      return sink.not_applicable(object_of(container), "the engine does not say which paths it masks");
    }
    sink.judge(good, object_of(container), std::move(evidence));
  });
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.capabilities", check_capabilities},
    {"container.dropped-capabilities", check_dropped_capabilities},
    {"container.seccomp", check_seccomp},
    {"container.apparmor", check_apparmor},
    {"container.selinux", check_selinux},
    {"container.no-new-privileges", check_no_new_privileges},
    {"container.system-paths", check_system_paths},
});

}  // namespace

std::span<const Check> container_confinement_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit
