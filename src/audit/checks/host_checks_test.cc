#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_host.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

Facts mounted(Host::RootMount mount) {
  Facts facts = facts_with_daemon();
  facts.host.root_mount = std::move(mount);
  return facts;
}

TEST(SeparatePartition, IsAFileSystemOfItsOwnOnADisk) {
  constexpr std::string_view kCheck = "host.separate-partition";
  EXPECT_EQ(
      status_of_only_row(
          kCheck,
          mounted({.mount_point = "/var/lib/docker", .file_system = "ext4", .source = "/dev/sdb1", .separate = true})),
      "pass");
  EXPECT_EQ(status_of_only_row(
                kCheck, mounted({.mount_point = "/", .file_system = "ext4", .source = "/dev/sda1", .separate = false})),
            "fail");
  EXPECT_EQ(status_of_only_row(kCheck, test_facts()), "not_applicable");
}

TEST(SeparatePartition, IsNoMountOfMemoryOrOfAnOverlay) {
  for (const std::string file_system : {"tmpfs", "overlay"}) {
    const Facts facts = mounted(
        {.mount_point = "/var/lib/docker", .file_system = file_system, .source = file_system, .separate = true});
    EXPECT_EQ(status_of_only_row("host.separate-partition", facts), "fail");
    EXPECT_THAT(told_by("host.separate-partition", facts), HasSubstr(file_system + " is no disk of its own"));
  }
}

TEST(DockerGroup, NamesWhoCanBecomeRoot) {
  Facts facts = facts_with_daemon();
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "not_applicable");
  facts.host.socket_grants.emplace();
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "pass");
  facts.host.socket_grants = {{.to = "group docker", .users = {{.name = "root", .uid = 0}}}};
  EXPECT_EQ(told_by("host.docker-group", facts), "group docker: nobody (only those who may be root); \n");
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "pass");
  facts.host.socket_grants->front().users.push_back({.name = "alice", .uid = 1000});
  facts.host.socket_grants->front().users.push_back({.name = "gone", .uid = {}});
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "manual");
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("group docker: alice (1000), gone (no such user)"));
}

TEST(DockerGroup, NamesWhomTheAccessListLetsIn) {
  Facts facts = facts_with_daemon();
  facts.host.socket_grants = {{.to = "group docker", .users = {}},
                              {.to = "user:ci:rw- of the access list", .users = {{.name = "ci", .uid = 65534}}}};
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "manual");
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("user:ci:rw- of the access list: ci (65534)"));
  facts.host.socket_grants = not_known("access list of /run/docker.sock: I/O error");
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "error");
}

TEST(DockerGroup, IsEverybodyWhereOthersMayWrite) {
  Facts facts = facts_of(host_files::kEngineSocket, {test_file("/run/docker.sock", 0662)});
  facts.host.socket_grants.emplace();
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "fail");
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("/run/docker.sock: everybody (mode 0662)"));
  facts.host.files.at("engine-socket")->front().mode = 0664;  // to connect is to write
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "pass");
}

TEST(DockerGroup, OfWhichADirectoryServiceMayKnowMoreIsForAPerson) {
  Facts facts = facts_with_daemon();
  facts.host.socket_grants = {{.to = "group docker", .users = {}}};
  facts.host.accounts_incomplete = "/etc/nsswitch.conf asks sss about users and groups, too";
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "manual");
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("group docker: nobody"));
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("there may be more: /etc/nsswitch.conf asks sss"));
}

TEST(DockerGroup, DoesNotBlameARootlessEngineForItsOwnUser) {
  Facts facts = facts_with_daemon();
  facts.host.socket_grants = {{.to = "owner", .users = {{.name = "alice", .uid = 1000}}}};
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "manual");
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("root of this host"));
  facts.engine->security_options.emplace_back("name=rootless");
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "manual");
  EXPECT_THAT(told_by("host.docker-group", facts), HasSubstr("what the engine's user can"));
  facts.host.daemon->uid = 1000;
  EXPECT_EQ(status_of_only_row("host.docker-group", facts), "pass");
}

TEST(Hardening, ShowsWhatHelpsAPersonToJudge) {
  Facts facts = test_facts();
  facts.host.apparmor = true;
  facts.host.selinux = not_known("/sys: permission denied");
  EXPECT_EQ(status_of_only_row("host.hardening", facts), "manual");
  const std::string told = told_by("host.hardening", facts);
  EXPECT_THAT(told, HasSubstr("/info#/KernelVersion: 6.1.0-32-amd64"));
  EXPECT_THAT(told, HasSubstr("AppArmor enforced by the kernel: yes"));
  EXPECT_THAT(told, HasSubstr("SELinux enforced by the kernel: /sys: permission denied"));
  facts.engine = not_known("no answer");
  EXPECT_EQ(status_of_only_row("host.hardening", facts), "error");
}

TEST(KernelVersion, IsForAPersonToCompare) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("host.kernel-version", facts), "manual");
  EXPECT_THAT(told_by("host.kernel-version", facts), HasSubstr("6.1.0-32-amd64"));
  facts.engine = not_known("no answer");
  EXPECT_EQ(status_of_only_row("host.kernel-version", facts), "error");
}

TEST(MandatoryAccessControl, IsWhatTheEngineUses) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("host.mandatory-access-control", facts), "fail");
  EXPECT_THAT(told_by("host.mandatory-access-control", facts), Not(HasSubstr("SELinux")));
  facts.host.selinux = true;
  EXPECT_THAT(told_by("host.mandatory-access-control", facts), HasSubstr("the engine does not use it"));
  facts.engine->security_options.emplace_back("name=selinux");
  EXPECT_EQ(status_of_only_row("host.mandatory-access-control", facts), "pass");
  facts.engine->security_options = {"name=apparmor"};
  EXPECT_EQ(status_of_only_row("host.mandatory-access-control", facts), "pass");
  facts.engine = not_known("no answer");
  EXPECT_EQ(status_of_only_row("host.mandatory-access-control", facts), "error");
}

TEST(CgroupV2, IsWantedWhereTheEngineTells) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("host.cgroup-v2", facts), "pass");
  facts.engine->cgroup_version = "1";
  EXPECT_EQ(status_of_only_row("host.cgroup-v2", facts), "fail");
  facts.engine->cgroup_version = "";
  EXPECT_EQ(status_of_only_row("host.cgroup-v2", facts), "not_applicable");
}

}  // namespace
}  // namespace bulkhead::audit
