#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kChecks[] = {"container.privileged",    "container.host-network",  "container.host-pid",
                                        "container.host-ipc",      "container.shareable-ipc", "container.host-uts",
                                        "container.host-cgroupns", "container.user-namespace"};

TEST(ContainerIsolation, SaysWhatIsNotKnownAndNeverPassesIt) {
  for (const std::string_view check : kChecks) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = test_facts();
    facts.containers = not_known("no answer");
    EXPECT_EQ(status_of_only_row(check, facts), "error") << check;
    facts = facts_of(ContainerDetails{});
    facts.containers->front().details = not_known("it is gone");
    EXPECT_EQ(statuses_of(check, facts), "web error") << check;
    EXPECT_THAT(told_by(check, facts), HasSubstr("it is gone")) << check;
  }
}

TEST(ContainerIsolation, FindsPrivilegedContainersRunningOrNot) {
  ContainerDetails details;
  EXPECT_EQ(status_of_only_row("container.privileged", facts_of(details)), "pass");
  details.privileged = true;
  for (const auto* const state : {"running", "created", "exited", "paused", "restarting", "dead"}) {
    EXPECT_EQ(status_of_only_row("container.privileged", facts_of(details, state)), "fail") << state;
  }
  EXPECT_THAT(told_by("container.privileged", facts_of(details)), HasSubstr("/HostConfig/Privileged: true (false)"));
}

TEST(ContainerIsolation, ALabelHidesNothing) {
  ContainerDetails details;
  details.privileged = true;
  details.pid_mode = "host";
  Facts facts = facts_of(details);
  facts.containers->front().labels = {{"docker.bench.security", ""}};
  EXPECT_EQ(statuses_of("container.privileged", facts), "web fail");
  EXPECT_EQ(statuses_of("container.host-pid", facts), "web fail");
}

struct SharedNamespace {
  std::string_view check;
  std::string ContainerDetails::* mode;
};
constexpr SharedNamespace kJoined[] = {{"container.host-network", &ContainerDetails::network_mode},
                                       {"container.host-pid", &ContainerDetails::pid_mode},
                                       {"container.host-ipc", &ContainerDetails::ipc_mode}};

TEST(ContainerIsolation, FindsTheHostsNamespaces) {
  for (const auto& [check, mode] : kJoined) {
    ContainerDetails details;
    for (const auto* const good : {"", "private", "bridge", "none", "my_network"}) {
      details.*mode = good;
      EXPECT_EQ(status_of_only_row(check, facts_of(details)), "pass") << check << good;
    }
    details.*mode = "host";
    EXPECT_EQ(status_of_only_row(check, facts_of(details)), "fail") << check;
    EXPECT_EQ(status_of_only_row(check, facts_of(details, "created")), "fail") << check;
    details.*mode = "ns:/proc/1/ns/net";
    EXPECT_EQ(status_of_only_row(check, facts_of(details)), "manual") << check;
  }
}

TEST(ContainerIsolation, FollowsContainersToTheEndOfTheChain) {
  for (const auto& [check, mode] : kJoined) {
    Facts facts = test_facts();
    ContainerDetails a;
    a.*mode = "container:" + test_id("b");
    ContainerDetails b;
    b.*mode = "container:c";
    ContainerDetails c;
    c.*mode = "host";
    facts.containers = {test_container("a", a), test_container("b", b), test_container("c", c)};
    EXPECT_EQ(statuses_of(check, facts), "a fail, b fail, c fail") << check;
    EXPECT_THAT(told_by(check, facts), HasSubstr(" of container c: host")) << check;

    (*facts.containers)[2].details.value().*mode = "private";
    EXPECT_EQ(statuses_of(check, facts), "a pass, b pass, c pass") << check;

    (*facts.containers)[2].details.value().*mode = "container:a";
    EXPECT_EQ(statuses_of(check, facts), "a error, b error, c error") << check;

    (*facts.containers)[2].details.value().*mode = "container:gone";
    EXPECT_EQ(statuses_of(check, facts), "a error, b error, c error") << check;

    (*facts.containers)[2].details = not_known("no answer");
    EXPECT_EQ(statuses_of(check, facts), "a error, b error, c error") << check;
  }
}

TEST(ContainerIsolation, FollowsNoEndlessChain) {
  Facts facts = test_facts();
  for (int i = 0; i < 40; ++i) {
    ContainerDetails details;
    details.network_mode = i == 39 ? "host" : "container:" + test_id(std::to_string(100 + i + 1));
    facts.containers->push_back(test_container(std::to_string(100 + i), details));
  }
  const auto rows = rows_of("container.host-network", facts);
  ASSERT_EQ(rows.size(), 40U);
  EXPECT_EQ(rows.front().status, RowStatus::kError);
  EXPECT_THAT(rows.front().reason, HasSubstr("leads through 16 containers and further"));
  EXPECT_EQ(rows[24].status, RowStatus::kFail);
  EXPECT_EQ(rows[39].status, RowStatus::kFail);
}

TEST(ContainerIsolation, FindsContainersByTheBeginningOfTheirIds) {
  ContainerDetails a;
  a.network_mode = "container:" + test_id("b").substr(0, 12);
  ContainerDetails b;
  b.network_mode = "host";
  Facts facts = test_facts();
  facts.containers = {test_container("a", a), test_container("b", b)};
  EXPECT_EQ(statuses_of("container.host-network", facts), "a fail, b fail");
}

TEST(ContainerIsolation, FollowsIntoContainersThatAUserLeftOut) {
  ContainerDetails a;
  a.network_mode = "container:" + test_id("b");
  ContainerDetails b;
  b.network_mode = "host";
  Facts facts = test_facts();
  facts.containers = {test_container("a", a), test_container("b", b)};
  Selection selection;
  selection.checks = {"container.host-network"};
  selection.containers = {"a"};
  const AuditResult result = run_checks(facts, selection);
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0].object.name, "a");
  EXPECT_EQ(result.rows[0].status, RowStatus::kFail);
}

struct ModeCase {
  std::string_view check;
  std::string ContainerDetails::* mode;
  std::string_view value;
  std::string_view status;
};
constexpr ModeCase kModes[] = {
    {"container.shareable-ipc", &ContainerDetails::ipc_mode, "private", "pass"},
    {"container.shareable-ipc", &ContainerDetails::ipc_mode, "none", "pass"},
    {"container.shareable-ipc", &ContainerDetails::ipc_mode, "shareable", "fail"},
    {"container.shareable-ipc", &ContainerDetails::ipc_mode, "container:abc", "fail"},
    {"container.shareable-ipc", &ContainerDetails::ipc_mode, "host", "not_applicable"},
    {"container.shareable-ipc", &ContainerDetails::ipc_mode, "", "not_applicable"},
    {"container.host-uts", &ContainerDetails::uts_mode, "", "pass"},
    {"container.host-uts", &ContainerDetails::uts_mode, "host", "fail"},
    {"container.host-cgroupns", &ContainerDetails::cgroupns_mode, "private", "pass"},
    {"container.host-cgroupns", &ContainerDetails::cgroupns_mode, "host", "fail"},
    {"container.host-cgroupns", &ContainerDetails::cgroupns_mode, "", "not_applicable"},
};

// Podman before 4.4 calls every IPC namespace shareable, the host's too.
TEST(ContainerIsolation, DoesNotTakePodmansWordForAnIpcNamespaceThatMayBeTheHosts) {
  ContainerDetails details;
  details.ipc_mode = "shareable";
  Facts facts = facts_of(details);
  facts.engine->podman = true;
  for (const auto& [version, host, shareable] :
       {std::tuple("4.3.1", "error", "not_applicable"), std::tuple("4.4.0", "pass", "fail"),
        std::tuple("5.2.0", "pass", "fail")}) {
    facts.engine->server_version = version;
    EXPECT_EQ(status_of_only_row("container.host-ipc", facts), host) << version;
    EXPECT_EQ(status_of_only_row("container.shareable-ipc", facts), shareable) << version;
  }
}

TEST(ContainerIsolation, JudgesModes) {
  for (const auto& [check, mode, value, status] : kModes) {
    ContainerDetails details;
    details.*mode = value;
    EXPECT_EQ(status_of_only_row(check, facts_of(details)), status) << check << " " << value;
  }
}

TEST(ContainerIsolation, SaysThatTheHostsCgroupNamespaceIsADefault) {
  ContainerDetails details;
  details.cgroupns_mode = "host";
  Facts facts = facts_of(details);
  EXPECT_THAT(told_by("container.host-cgroupns", facts), Not(HasSubstr("default")));
  facts.engine->cgroup_version = "1";
  EXPECT_EQ(status_of_only_row("container.host-cgroupns", facts), "fail");
  EXPECT_THAT(told_by("container.host-cgroupns", facts), HasSubstr("version 1 that is the engine's default"));
  facts.containers->front().details->cgroupns_mode = "private";
  EXPECT_EQ(status_of_only_row("container.host-cgroupns", facts), "pass");
  EXPECT_THAT(told_by("container.host-cgroupns", facts), Not(HasSubstr("default")));
}

TEST(ContainerIsolation, AUserNamespaceThatIsOffIsNoUserNamespace) {
  constexpr std::string_view kCheck = "container.user-namespace";
  ContainerDetails details;  // UsernsMode is not "host", as everywhere where userns-remap is off
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details, "created")), "fail");
  details.processes = ContainerProcesses{.pid = 812, .host_user_namespace = true};
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "fail");
  details.processes->host_user_namespace = false;
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "pass");
  EXPECT_THAT(told_by(kCheck, facts_of(details)), HasSubstr("/proc/812/ns/user"));
}

TEST(ContainerIsolation, TheProcessSaysMoreAboutItsUserNamespaceThanTheEngine) {
  ContainerDetails details;
  details.processes = ContainerProcesses{.pid = 812, .host_user_namespace = true};
  Facts facts = facts_of(details);
  facts.engine->security_options.emplace_back("name=userns");
  EXPECT_EQ(status_of_only_row("container.user-namespace", facts), "fail");
}

TEST(ContainerIsolation, KnowsEnginesThatRemapUsers) {
  constexpr std::string_view kCheck = "container.user-namespace";
  for (const auto* const option : {"name=userns", "name=rootless"}) {
    Facts facts = facts_of(ContainerDetails{}, "exited");
    facts.engine->security_options.emplace_back(option);
    EXPECT_EQ(status_of_only_row(kCheck, facts), "pass") << option;
    facts.containers->front().details->userns_mode = "host";
    EXPECT_EQ(status_of_only_row(kCheck, facts), "fail") << option;
  }
  Facts facts = facts_of(ContainerDetails{}, "exited");
  facts.engine = not_known("no answer");
  EXPECT_EQ(status_of_only_row(kCheck, facts), "error");

  facts = facts_of(ContainerDetails{}, "exited");
  facts.engine->podman = true;
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail");
  facts.containers->front().details->userns_mode = "private";
  EXPECT_EQ(status_of_only_row(kCheck, facts), "pass");
}

}  // namespace
}  // namespace bulkhead::audit
