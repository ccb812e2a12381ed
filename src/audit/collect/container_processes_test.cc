#include "audit/collect/container_processes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/collect/made_up_proc.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kWeb(64, 'a');
const std::string kDatabase(64, 'b');

class ContainerProcessesTest : public ::testing::Test {
 protected:
  ContainerProcessesTest() { proc_.add(1, {.user_namespace = "user:[100]"}); }

  void container(const std::string& id, int pid, std::string state = "running") {
    containers_.push_back({.id = id, .state = std::move(state), .details = ContainerDetails{.pid = pid}});
  }
  const Fact<ContainerProcesses>& look(bool apparmor = false) {
    ProcessTable processes(proc_.path());
    look_at_container_processes(processes, apparmor, containers_);
    return containers_.front().details->processes;
  }
  static std::string in(const std::string& id) { return "0::/system.slice/docker-" + id + ".scope\n"; }

  MadeUpProc proc_;
  std::vector<Container> containers_;
};

TEST_F(ContainerProcessesTest, TellsWhatHoldsTheFirstProcessBack) {
  proc_.add(40, {.cgroup = in(kWeb),
                 .user_namespace = "user:[200]",
                 .status = "Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"});
  container(kWeb, 40);
  const auto& facts = look();
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(facts->pid, 40);
  EXPECT_EQ(facts->effective_capabilities, 0xa80425fbU);
  EXPECT_TRUE(facts->no_new_privileges);
  EXPECT_EQ(facts->seccomp_mode, 2U);
  EXPECT_FALSE(facts->host_user_namespace);
  EXPECT_EQ(facts->apparmor_profile, "");
}

TEST_F(ContainerProcessesTest, TellsTheUserAsTheContainerCountsIt) {
  proc_.add(40, {.cgroup = in(kWeb),
                 .user_namespace = "user:[200]",
                 .status = "Uid:\t100000\t100000\t100000\t100000\nCapEff:\t0\n"});
  container(kWeb, 40);
  ASSERT_TRUE(look());
  EXPECT_EQ(look()->user, std::nullopt);
  std::ofstream(proc_.path() + "/40/uid_map") << "         0     100000      65536\n";
  ASSERT_TRUE(look());
  EXPECT_EQ(look()->user, 0U);
}

TEST_F(ContainerProcessesTest, SeesTheHostsUserNamespaceAndTheProfile) {
  proc_.add(40, {.cgroup = in(kWeb), .user_namespace = "user:[100]"});
  std::filesystem::create_directories(proc_.path() + "/40/attr");
  std::ofstream(proc_.path() + "/40/attr/current") << "docker-default (enforce)\n";
  container(kWeb, 40);
  ASSERT_TRUE(look(true));
  EXPECT_TRUE(look(true)->host_user_namespace);
  EXPECT_EQ(look(true)->apparmor_profile, "docker-default (enforce)");
  EXPECT_EQ(look(false)->apparmor_profile, "") << "another module's label";
}

TEST_F(ContainerProcessesTest, FindsSshDaemonsByTheFileThatRunsInAnyProcessOfTheContainer) {
  proc_.add(40, {.cgroup = in(kWeb)});
  proc_.add(41,
            {.executable = "/usr/sbin/sshd (deleted)", .arguments = "nginx", .cgroup = in(kWeb) + "1:cpu:/deeper\n"});
  proc_.add(42, {.executable = "/usr/bin/sleep", .arguments = "/usr/sbin/sshd", .cgroup = in(kWeb)});
  proc_.add(43, {.executable = "/usr/sbin/dropbear", .cgroup = "0::/docker/" + kDatabase + "/docker/" + kWeb + "\n"});
  proc_.add(44, {.executable = "/usr/sbin/sshd", .cgroup = "0::/system.slice/ssh.service\n"});
  container(kWeb, 40);
  ASSERT_TRUE(look());
  EXPECT_THAT(look()->ssh_daemons, ElementsAre("pid 41 /usr/sbin/sshd", "pid 43 /usr/sbin/dropbear"));
}

TEST_F(ContainerProcessesTest, BelievesNoNumberWhoseCgroupIsNotTheContainers) {
  proc_.add(40, {.cgroup = in(kDatabase)});
  container(kWeb, 40);
  ASSERT_FALSE(look());
  EXPECT_EQ(look().error().kind, Unknown::Kind::kError);
  EXPECT_THAT(look().error().reason, HasSubstr("the cgroup of process 40 does not name the container"));
}

TEST_F(ContainerProcessesTest, SaysWhyNothingIsKnownOfAProcess) {
  container(kWeb, 99);
  EXPECT_THAT(look().error().reason, HasSubstr("process 99, which is not there"));
  containers_.clear();
  container(kWeb, 0);
  EXPECT_THAT(look().error().reason, HasSubstr("does not tell its process"));
  containers_.clear();
  container(kWeb, 0, "exited");
  EXPECT_EQ(look().error().kind, Unknown::Kind::kNotApplicable);
  containers_.clear();
  proc_.add(40, {.cgroup = in(kWeb), .status = "CapEff:\tnothing"});
  container(kWeb, 40);
  EXPECT_THAT(look().error().reason, HasSubstr("40/status: CapEff"));
}

}  // namespace
}  // namespace bulkhead::audit
