#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/capabilities.h"
#include "audit/checks/security_options.h"
#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kChecks[] = {
    "container.capabilities", "container.dropped-capabilities", "container.seccomp",     "container.apparmor",
    "container.selinux",      "container.no-new-privileges",    "container.system-paths"};

TEST(ContainerConfinement, SaysWhatIsNotKnownAndNeverPassesIt) {
  for (const std::string_view check : kChecks) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = facts_of(ContainerDetails{});
    facts.containers->front().details = not_known("it is gone");
    EXPECT_EQ(statuses_of(check, facts), "web error") << check;
  }
}

// ---- Capabilities

struct CapabilityCase {
  std::vector<std::string> add;
  std::vector<std::string> drop;
  std::string_view status;
  std::string_view dropped_status;
};

TEST(ContainerConfinement, JudgesTheCapabilitiesThatAContainerGets) {
  const CapabilityCase cases[] = {
      {{}, {}, "pass", "fail"},
      {{}, {"ALL"}, "pass", "pass"},
      {{"NET_BIND_SERVICE"}, {"all"}, "pass", "pass"},
      {{}, {"NET_RAW"}, "pass", "fail"},
      {{"SYS_NICE"}, {}, "pass", "fail"},
      {{"SYS_ADMIN"}, {"ALL"}, "fail", "pass"},
      {{"CAP_SYS_MODULE"}, {}, "fail", "fail"},
      {{"dac_read_search"}, {}, "fail", "fail"},
      {{"cap_bpf"}, {}, "fail", "fail"},
      {{"PERFMON"}, {}, "fail", "fail"},
      {{"ALL"}, {}, "fail", "fail"},
      {{"CAP_ALL"}, {}, "fail", "fail"},
      {{"ALL"}, {"ALL"}, "fail", "fail"},
  };
  for (const CapabilityCase& c : cases) {
    ContainerDetails details;
    details.cap_add = c.add;
    details.cap_drop = c.drop;
    const Facts facts = facts_of(details, "created");
    EXPECT_EQ(status_of_only_row("container.capabilities", facts), c.status)
        << told_by("container.capabilities", facts);
    EXPECT_EQ(status_of_only_row("container.dropped-capabilities", facts), c.dropped_status)
        << told_by("container.dropped-capabilities", facts);
  }
}

TEST(ContainerConfinement, NamesTheDangerousCapabilities) {
  ContainerDetails details;
  details.cap_add = {"CAP_SYS_ADMIN", "SYS_NICE"};
  const std::string told = told_by("container.capabilities", facts_of(details));
  EXPECT_THAT(told, HasSubstr("/HostConfig/CapAdd: CAP_SYS_ADMIN, SYS_NICE"));
  EXPECT_THAT(told, HasSubstr("SYS_ADMIN mounts file systems"));
}

TEST(ContainerConfinement, PrivilegedMeansEveryCapability) {
  ContainerDetails details;
  details.privileged = true;
  details.cap_drop = {"ALL"};
  EXPECT_EQ(status_of_only_row("container.capabilities", facts_of(details, "created")), "fail");
  EXPECT_EQ(status_of_only_row("container.dropped-capabilities", facts_of(details, "created")), "fail");
}

TEST(ContainerConfinement, TheKernelSaysMoreAboutCapabilitiesThanTheEngine) {
  ContainerDetails details;
  details.processes = ContainerProcesses{.pid = 812, .effective_capabilities = default_capabilities(false)};
  EXPECT_EQ(status_of_only_row("container.capabilities", facts_of(details)), "pass");
  EXPECT_THAT(told_by("container.capabilities", facts_of(details)),
              HasSubstr("/proc/812/status CapEff: none that reaches the host"));
  details.processes->effective_capabilities = 0;  // of an ordinary user
  EXPECT_EQ(status_of_only_row("container.capabilities", facts_of(details)), "pass");
  details.processes->effective_capabilities = default_capabilities(false) | capability_of("SYS_PTRACE");
  EXPECT_EQ(status_of_only_row("container.capabilities", facts_of(details)), "fail");
  EXPECT_THAT(told_by("container.capabilities", facts_of(details)),
              HasSubstr("/proc/812/status CapEff: SYS_PTRACE beyond its settings"));
}

// ---- Rows of cases: settings of a container, and the status that they give

struct Case {
  std::string_view name;
  std::function<void(ContainerDetails&, Facts&)> arrange;
  std::string_view status;
  std::string_view state = "exited";
};

void expect(std::string_view check, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Facts facts = facts_of(ContainerDetails{}, std::string(c.state));
    c.arrange(*facts.containers->front().details, facts);
    EXPECT_EQ(status_of_only_row(check, facts), c.status) << check << ": " << c.name << "\n" << told_by(check, facts);
  }
}

std::function<void(ContainerDetails&, Facts&)> options(std::vector<std::string> options) {
  return [options = std::move(options)](ContainerDetails& details, Facts&) { details.security_options = options; };
}

TEST(ContainerConfinement, JudgesSeccomp) {
  expect(
      "container.seccomp",
      {
          {"the engine's profile", options({}), "pass"},
          {"unconfined", options({"seccomp=unconfined"}), "fail"},
          {"unconfined, old separator", options({"seccomp:unconfined"}), "fail"},
          {"the last one counts", options({"seccomp=unconfined", "seccomp=builtin"}), "pass"},
          {"label=disable says nothing of seccomp", options({"label=disable"}), "pass"},
          {"a file of Podman's", options({"seccomp=/etc/profile.json"}), "pass"},
          {"a profile",
           options(
               {R"(seccomp={"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]})"}),
           "pass"},
          {"a list of what is forbidden",
           options(
               {R"(seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["ptrace"],"action":"SCMP_ACT_ERRNO"}]})"}),
           "fail"},
          {"a profile that allows all", options({R"(seccomp={"defaultAction":"SCMP_ACT_ALLOW"})"}), "fail"},
          {"a profile that writes all down", options({R"(seccomp={"defaultAction":"SCMP_ACT_LOG","syscalls":[]})"}),
           "fail"},
          {"privileged", [](ContainerDetails& details, Facts&) { details.privileged = true; }, "fail"},
          {"privileged with a profile",
           [](ContainerDetails& details, Facts&) {
             details.privileged = true;
             details.security_options = {"seccomp=builtin"};
           },
           "fail"},
          {"running, filtered",
           [](ContainerDetails& details, Facts&) {
             details.processes = ContainerProcesses{.pid = 812, .seccomp_mode = 2};
           },
           "pass", "running"},
          {"running, not filtered",
           [](ContainerDetails& details, Facts&) {
             details.processes = ContainerProcesses{.pid = 812, .seccomp_mode = 0};
           },
           "fail", "running"},
          {"unconfined, and filters itself",
           [](ContainerDetails& details, Facts&) {
             details.processes = ContainerProcesses{.pid = 812, .seccomp_mode = 2};
             details.security_options = {"seccomp=unconfined"};
           },
           "fail", "running"},
          {"an engine without seccomp", [](ContainerDetails&, Facts& facts) { facts.engine->security_options.clear(); },
           "fail"},
          {"an engine whose default is no profile",
           [](ContainerDetails&, Facts& facts) {
             facts.engine->security_options = {"name=seccomp,profile=unconfined"};
           },
           "fail"},
          {"an engine that does not answer",
           [](ContainerDetails&, Facts& facts) { facts.engine = not_known("no answer"); }, "error"},
      });
}

TEST(ContainerConfinement, JudgesAppArmor) {
  const auto on = [](const auto& arrange) {
    return [arrange](ContainerDetails& details, Facts& facts) {
      facts.host.apparmor = true;
      facts.engine->security_options.emplace_back("name=apparmor");
      arrange(details, facts);
    };
  };
  const auto runs_with = [&](std::string profile) {
    return on([profile = std::move(profile)](ContainerDetails& details, Facts&) {
      details.apparmor_profile = "docker-default";
      details.processes = ContainerProcesses{.pid = 812, .apparmor_profile = profile};
    });
  };
  expect(
      "container.apparmor",
      {
          {"a kernel without it", [](ContainerDetails&, Facts& facts) { facts.host.apparmor = false; },
           "not_applicable"},
          {"a remote engine without it", [](ContainerDetails&, Facts&) {}, "not_applicable"},
          {"nothing known of the engine",
           [](ContainerDetails&, Facts& facts) { facts.engine = not_known("no answer"); }, "error"},
          {"default", on([](ContainerDetails&, Facts&) {}), "pass"},
          {"docker-default", on([](ContainerDetails& details, Facts&) { details.apparmor_profile = "docker-default"; }),
           "pass"},
          {"unconfined",
           on([](ContainerDetails& details, Facts&) { details.security_options = {"apparmor=unconfined"}; }), "fail"},
          {"unconfined, old separator",
           on([](ContainerDetails& details, Facts&) { details.security_options = {"apparmor:unconfined"}; }), "fail"},
          {"told as unconfined", on([](ContainerDetails& details, Facts&) { details.apparmor_profile = "unconfined"; }),
           "fail"},
          {"privileged", on([](ContainerDetails& details, Facts&) { details.privileged = true; }), "fail"},
          {"privileged with a profile", on([](ContainerDetails& details, Facts&) {
             details.privileged = true;
             details.apparmor_profile = "mine";
           }),
           "pass"},
          {"a kernel that has it, an engine that does not",
           [](ContainerDetails&, Facts& facts) { facts.host.apparmor = true; }, "fail"},
          {"enforced", runs_with("docker-default (enforce)"), "pass", "running"},
          {"complains", runs_with("docker-default (complain)"), "fail", "running"},
          {"unconfined in truth", runs_with("unconfined"), "fail", "running"},
          {"a profile that could not be read", runs_with(""), "error", "running"},
          {"a profile that is off", runs_with("mine (unconfined)"), "fail", "running"},
      });
}

TEST(ContainerConfinement, JudgesSelinux) {
  const auto on = [](const std::string& label, const std::vector<std::string>& options = {}, bool privileged = false) {
    return [=](ContainerDetails& details, Facts& facts) {
      facts.host.selinux = true;
      facts.engine->security_options.emplace_back("name=selinux");
      details.process_label = label;
      details.security_options = options;
      details.privileged = privileged;
    };
  };
  const std::string label = "system_u:system_r:container_t:s0:c57,c218";
  expect("container.selinux",
         {
             {"a kernel without it", [](ContainerDetails&, Facts& facts) { facts.host.selinux = false; },
              "not_applicable"},
             {"a remote engine without it", [](ContainerDetails&, Facts&) {}, "not_applicable"},
             {"nothing known of the engine",
              [](ContainerDetails&, Facts& facts) { facts.engine = not_known("no answer"); }, "error"},
             {"a label", on(label), "pass"},
             {"a type of its own", on(label, {"label=type:container_t"}), "pass"},
             {"label=disable", on("", {"label=disable"}), "fail"},
             {"label:disable", on(label, {"label:disable"}), "fail"},
             {"another option is no label", on("", {"seccomp=unconfined"}), "fail"},
             {"no-new-privileges is no label", on("", {"no-new-privileges"}), "fail"},
             {"a super-privileged type", on("system_u:system_r:spc_t:s0"), "fail"},
             {"privileged", on("", {}, true), "fail"},
             {"an engine that does not use it", [](ContainerDetails&, Facts& facts) { facts.host.selinux = true; },
              "fail"},
         });
}

TEST(ContainerConfinement, JudgesNoNewPrivileges) {
  const auto setting = [](std::string value) {
    return [value = std::move(value)](ContainerDetails&, Facts& facts) {
      DaemonProcess daemon;
      daemon.settings.emplace();
      (*daemon.settings)["no-new-privileges"] = {{value}, "/etc/docker/daemon.json#/no-new-privileges"};
      facts.host.daemon = daemon;
    };
  };
  const auto runs = [](bool given_up, std::vector<std::string> options) {
    return [given_up, options = std::move(options)](ContainerDetails& details, Facts&) {
      details.security_options = options;
      details.processes = ContainerProcesses{.pid = 812, .no_new_privileges = given_up};
    };
  };
  expect("container.no-new-privileges",
         {
             {"not set", options({}), "fail"},
             {"alone is true", options({"no-new-privileges"}), "pass"},
             {":true", options({"no-new-privileges:true"}), "pass"},
             {"=true", options({"no-new-privileges=true"}), "pass"},
             {"=1", options({"no-new-privileges=1"}), "pass"},
             {":false", options({"no-new-privileges:false"}), "fail"},
             {"=false", options({"no-new-privileges=false"}), "fail"},
             {"no truth", options({"no-new-privileges=maybe"}), "fail"},
             {"the last one counts", options({"no-new-privileges", "no-new-privileges=false"}), "fail"},
             {"the engine's default", setting("true"), "pass"},
             {"not the engine's default", setting("false"), "fail"},
             {"the engine says so",
              [](ContainerDetails&, Facts& facts) {
                facts.engine->security_options.emplace_back("name=no-new-privileges");
              },
              "pass"},
             {"its own word outweighs the engine's default",
              [](ContainerDetails& details, Facts& facts) {
                facts.engine->security_options.emplace_back("name=no-new-privileges");
                details.security_options = {"no-new-privileges=false"};
              },
              "fail"},
             {"the kernel agrees", runs(true, {"no-new-privileges"}), "pass", "running"},
             {"the kernel does not", runs(false, {"no-new-privileges"}), "fail", "running"},
             {"only its first process",
              [&](ContainerDetails& details, Facts& facts) {
                setting("false")(details, facts);
                details.processes = ContainerProcesses{.pid = 812, .no_new_privileges = true};
              },
              "fail", "running"},
             {"a daemon that cannot be looked at", runs(true, {}), "pass", "running"},
             {"a daemon that cannot be looked at, without", runs(false, {}), "fail", "running"},
         });
}

TEST(ContainerConfinement, SaysThatItDoesNotKnowTheEnginesDefault) {
  const std::string told = told_by("container.no-new-privileges", facts_of(ContainerDetails{}, "created"));
  EXPECT_THAT(told, HasSubstr("the engine's default is not known: not looked at"));
}

TEST(ContainerConfinement, JudgesMaskedAndReadOnlyPaths) {
  // Docker Engine 20.10.
  const std::vector<std::string> masked = {
      "/proc/asound",     "/proc/acpi",        "/proc/kcore",       "/proc/keys", "/proc/latency_stats",
      "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"};
  const std::vector<std::string> readonly = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  using Paths = std::optional<std::vector<std::string>>;
  const auto paths = [](const Paths& masked_paths, const Paths& readonly_paths,
                        const std::vector<std::string>& options = {}) {
    return [=](ContainerDetails& details, Facts&) {
      details.masked_paths = masked_paths;
      details.readonly_paths = readonly_paths;
      details.security_options = options;
    };
  };
  const std::vector<std::string> none;
  expect("container.system-paths",
         {
             {"not told", paths(std::nullopt, std::nullopt), "not_applicable"},
             {"the defaults", paths(masked, readonly), "pass"},
             {"systempaths=unconfined sends empty lists", paths(none, none), "fail"},
             {"nothing read-only", paths(masked, none), "fail"},
             {"nothing masked", paths(none, readonly), "fail"},
             {"one missing", paths(std::vector<std::string>{"/proc/kcore"}, readonly), "fail"},
             {"option", paths(std::nullopt, std::nullopt, {"systempaths=unconfined"}), "fail"},
             {"option, old separator", paths(masked, readonly, {"systempaths:unconfined"}), "fail"},
             {"Podman's", paths(std::nullopt, std::nullopt, {"unmask=ALL"}), "fail"},
             {"writable control groups", paths(masked, readonly, {"writable-cgroups=true"}), "fail"},
             {"read-only control groups", paths(masked, readonly, {"writable-cgroups=false"}), "pass"},
             {"privileged", [](ContainerDetails& details, Facts&) { details.privileged = true; }, "fail"},
         });
}

TEST(SecurityOptions, AreReadWithEitherSeparator) {
  EXPECT_EQ(read_security_option("label=type:container_t").value, "type:container_t");
  EXPECT_EQ(read_security_option("label:type:container_t").value, "type:container_t");
  EXPECT_EQ(read_security_option("no-new-privileges").name, "no-new-privileges");
  EXPECT_EQ(security_option_value({"a=1", "a:2"}, "a"), "2");
  EXPECT_EQ(security_option_value({}, "a"), std::nullopt);
}

}  // namespace
}  // namespace bulkhead::audit
