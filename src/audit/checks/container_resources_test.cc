#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

TEST(ContainerResources, SaysWhatIsNotKnownAndNeverPassesIt) {
  for (const auto* const check :
       {"container.memory-limit", "container.cpu-limit", "container.pids-limit", "container.out-of-memory",
        "container.ulimits", "container.cgroup-parent", "container.restart-policy"}) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = facts_of(ContainerDetails{});
    facts.containers->front().details = not_known("it is gone");
    EXPECT_EQ(statuses_of(check, facts), "web error") << check;
  }
}

struct Case {
  std::string_view check;
  std::string_view name;
  std::function<void(ContainerDetails&)> arrange;
  std::string_view status;
};

TEST(ContainerResources, JudgesLimits) {
  constexpr std::string_view kMemory = "container.memory-limit";
  constexpr std::string_view kCpu = "container.cpu-limit";
  constexpr std::string_view kPids = "container.pids-limit";
  constexpr std::string_view kOom = "container.out-of-memory";
  const Case cases[] = {
      {kMemory, "none", [](ContainerDetails&) {}, "fail"},
      {kMemory, "512 MiB", [](ContainerDetails& details) { details.memory = 512 << 20; }, "pass"},
      {kCpu, "none", [](ContainerDetails&) {}, "fail"},
      {kCpu, "shares", [](ContainerDetails& details) { details.cpu_shares = 512; }, "pass"},
      {kCpu, "the default shares", [](ContainerDetails& details) { details.cpu_shares = 1024; }, "fail"},
      {kCpu, "cpus", [](ContainerDetails& details) { details.nano_cpus = 1'500'000'000; }, "pass"},
      {kCpu, "quota", [](ContainerDetails& details) { details.cpu_quota = 50'000; }, "pass"},
      {kCpu, "no quota", [](ContainerDetails& details) { details.cpu_quota = -1; }, "fail"},
      {kCpu, "cpuset", [](ContainerDetails& details) { details.cpuset_cpus = "0-1"; }, "pass"},
      {kPids, "none", [](ContainerDetails&) {}, "fail"},
      {kPids, "unlimited", [](ContainerDetails& details) { details.pids_limit = -1; }, "fail"},
      {kPids, "200", [](ContainerDetails& details) { details.pids_limit = 200; }, "pass"},
      {kOom, "nothing said", [](ContainerDetails&) {}, "pass"},
      {kOom, "kept", [](ContainerDetails& details) { details.oom_kill_disable = true; }, "fail"},
      {kOom, "kept, with a limit",
       [](ContainerDetails& details) {
         details.oom_kill_disable = true;
         details.memory = 1 << 20;
       },
       "pass"},
      {kOom, "ended later", [](ContainerDetails& details) { details.oom_score_adj = -500; }, "fail"},
      {kOom, "ended sooner", [](ContainerDetails& details) { details.oom_score_adj = 500; }, "pass"},
  };
  for (const Case& c : cases) {
    ContainerDetails details;
    c.arrange(details);
    EXPECT_EQ(status_of_only_row(c.check, facts_of(details, "created")), c.status) << c.check << ": " << c.name;
  }
}

TEST(ContainerResources, LimitsThatTheEngineDoesNotKeepAreNone) {
  ContainerDetails details;
  details.memory = 1 << 20;
  details.nano_cpus = 1;
  details.pids_limit = 1;
  Facts facts = facts_of(details);
  facts.engine->cgroup_driver = "none";
  for (const auto* const check : {"container.memory-limit", "container.cpu-limit", "container.pids-limit"}) {
    EXPECT_EQ(status_of_only_row(check, facts), "fail") << check;
    EXPECT_THAT(told_by(check, facts), HasSubstr("/info#/CgroupDriver: none")) << check;
  }
}

TEST(ContainerResources, RestartPoliciesWithoutALimitFail) {
  struct Policy {
    std::string_view name;
    int64_t maximum;
    std::string_view status;
  };
  constexpr Policy kPolicies[] = {
      {"", 0, "pass"},           {"no", 0, "pass"},         {"on-failure", 5, "pass"}, {"on-failure", 1, "pass"},
      {"on-failure", 6, "fail"}, {"on-failure", 0, "fail"}, {"always", 0, "fail"},     {"unless-stopped", 0, "fail"},
  };
  for (const Policy& policy : kPolicies) {
    ContainerDetails details;
    details.restart_policy = policy.name;
    details.restart_maximum = policy.maximum;
    EXPECT_EQ(status_of_only_row("container.restart-policy", facts_of(details)), policy.status)
        << policy.name << ":" << policy.maximum;
  }
}

TEST(ContainerResources, LeavesUlimitsToAPersonAndSaysWhichThereAre) {
  ContainerDetails details;
  Facts facts = facts_of(details);
  EXPECT_EQ(status_of_only_row("container.ulimits", facts), "manual");
  EXPECT_THAT(told_by("container.ulimits", facts), HasSubstr("not set"));
  facts.containers->front().details->ulimits = {{"nofile", 1024, 2048}};
  DaemonProcess daemon;
  daemon.settings.emplace();
  (*daemon.settings)["default-ulimits"] = {{"nproc=64:64"}, "/etc/docker/daemon.json#/default-ulimits"};
  facts.host.daemon = daemon;
  const std::string told = told_by("container.ulimits", facts);
  EXPECT_THAT(told, HasSubstr("nofile=1024:2048"));
  EXPECT_THAT(told, HasSubstr("/etc/docker/daemon.json#/default-ulimits: nproc=64:64"));
}

TEST(ContainerResources, KnowsTheEnginesControlGroups) {
  struct Parent {
    std::string_view name;
    bool podman;
    std::string_view status;
  };
  constexpr Parent kParents[] = {
      {"", false, "pass"},         {"system.slice", false, "pass"}, {"/", false, "fail"},
      {"my.slice", false, "fail"}, {"user.slice", true, "pass"},    {"user.slice", false, "fail"},
  };
  for (const Parent& parent : kParents) {
    ContainerDetails details;
    details.cgroup_parent = parent.name;
    Facts facts = facts_of(details);
    facts.engine->podman = parent.podman;
    EXPECT_EQ(status_of_only_row("container.cgroup-parent", facts), parent.status) << parent.name;
  }
}

}  // namespace
}  // namespace bulkhead::audit
