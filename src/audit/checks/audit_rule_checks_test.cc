#include "audit/checks/audit_rule_checks.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_host.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;

const std::map<std::string_view, std::string_view> kFiles = {
    {"host.audit-dockerd", host_files::kDockerd},
    {"host.audit-containerd-state", host_files::kContainerdState},
    {"host.audit-data-root", host_files::kDataRoot},
    {"host.audit-config-directory", host_files::kConfigDirectory},
    {"host.audit-docker-service", host_files::kDockerService},
    {"host.audit-containerd-socket", host_files::kContainerdSocket},
    {"host.audit-docker-socket-unit", host_files::kDockerSocketUnit},
    {"host.audit-default-docker", host_files::kDefaultDocker},
    {"host.audit-daemon-json", host_files::kDaemonJson},
    {"host.audit-containerd-config", host_files::kContainerdConfig},
    {"host.audit-sysconfig-docker", host_files::kSysconfigDocker},
    {"host.audit-containerd", host_files::kContainerd},
    {"host.audit-containerd-shim", host_files::kShim},
    {"host.audit-containerd-shim-runc-v1", host_files::kShimRuncV1},
    {"host.audit-containerd-shim-runc-v2", host_files::kShimRuncV2},
    {"host.audit-runc", host_files::kRunc},
};

Facts watched(std::string_view file, File what, std::vector<AuditWatch> watches) {
  Facts facts = facts_of(file, {std::move(what)});
  facts.host.audit_watches = std::move(watches);
  return facts;
}

std::string status(const File& what, std::vector<AuditWatch> watches) {
  return status_of_only_row("host.audit-daemon-json", watched(host_files::kDaemonJson, what, std::move(watches)));
}

TEST(AuditRuleChecks, LookForAWatchOfEachFile) {
  EXPECT_EQ(audit_rule_checks().size(), kFiles.size());
  for (const auto& [check, file] : kFiles) {
    const File there = test_file("/there");
    EXPECT_EQ(status_of_only_row(check, watched(file, there, {{.path = "/there", .permissions = "wa"}})), "pass")
        << check;
    EXPECT_EQ(status_of_only_row(check, watched(file, there, {{.path = "/other", .permissions = "rwxa"}})), "fail")
        << check;
    EXPECT_EQ(status_of_only_row(check, watched(file, absent_file("/there"), {})), "not_applicable") << check;
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
  }
}

TEST(AuditRuleChecks, TakeATreeWatchOfAnAncestor) {
  const File file = test_file("/etc/docker/daemon.json");
  EXPECT_EQ(status(file, {{.path = "/etc", .tree = true, .permissions = "wa"}}), "pass");
  EXPECT_EQ(status(file, {{.path = "/", .tree = true, .permissions = "wa"}}), "pass");
  EXPECT_EQ(status(file, {{.path = "/etc/dock", .tree = true, .permissions = "wa"}}), "fail");
  EXPECT_EQ(status(file, {{.path = "/etc/docker", .tree = false, .permissions = "wa"}}), "fail");
}

TEST(AuditRuleChecks, WantATreeWatchOfAFolder) {
  File folder = test_file("/etc/docker", 0755);
  folder.is_directory = true;
  EXPECT_EQ(status(folder, {{.path = "/etc/docker", .tree = false, .permissions = "wa"}}), "fail");
  EXPECT_EQ(status(folder, {{.path = "/etc/docker", .tree = true, .permissions = "wa"}}), "pass");
}

TEST(AuditRuleChecks, WantWritesAndAttributesOfEveryone) {
  const File file = test_file("/etc/docker/daemon.json");
  const std::string path = file.path;
  EXPECT_EQ(status(file, {{.path = path, .permissions = "rwxa"}}), "pass");
  EXPECT_EQ(status(file, {{.path = path, .permissions = "w"}}), "fail");
  EXPECT_EQ(status(file, {{.path = path, .permissions = "rx"}}), "fail");
  EXPECT_EQ(status(file, {{.path = path, .permissions = "w"}, {.path = path, .permissions = "a"}}), "pass");
  EXPECT_EQ(status(file, {{.path = path, .permissions = "wa", .condition = "auid>=1000"}}), "fail");
  EXPECT_THAT(
      told_by("host.audit-daemon-json",
              watched(host_files::kDaemonJson, file, {{.path = path, .permissions = "wa", .condition = "auid>=1000"}})),
      HasSubstr("/etc/docker/daemon.json (wa, only auid>=1000)"));
}

TEST(AuditRuleChecks, SayWhyTheKernelsRulesAreNotKnown) {
  Facts facts = facts_of(host_files::kDaemonJson, {test_file("/etc/docker/daemon.json")});
  facts.host.audit_watches = not_applicable("the kernel has no audit");
  EXPECT_EQ(told_by("host.audit-daemon-json", facts), "the kernel has no audit\n");
  facts.host.audit_watches = not_known("permission denied");
  EXPECT_EQ(status_of_only_row("host.audit-daemon-json", facts), "error");
  facts.host.audit_watches.emplace();
  facts.host.audit_off = "auditing is switched off (auditctl -e 1 switches it on)";
  EXPECT_EQ(status_of_only_row("host.audit-daemon-json", facts), "fail");
  EXPECT_THAT(told_by("host.audit-daemon-json", facts), HasSubstr("none that is in effect"));
  EXPECT_THAT(told_by("host.audit-daemon-json", facts), HasSubstr("auditing is switched off"));
}

}  // namespace
}  // namespace bulkhead::audit
