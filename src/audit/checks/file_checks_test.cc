#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_host.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;

struct FileCase {
  std::string_view slug;
  std::string_view file;
  uint32_t widest;  // mode that passes
};

constexpr std::array kCases = std::to_array<FileCase>({
    {"docker-service", host_files::kDockerService, 0644},
    {"docker-socket-unit", host_files::kDockerSocketUnit, 0644},
    {"config-directory", host_files::kConfigDirectory, 0755},
    {"registry-certificates", host_files::kRegistryCertificates, 0444},
    {"tls-ca", host_files::kTlsCa, 0444},
    {"tls-certificate", host_files::kTlsCertificate, 0444},
    {"tls-key", host_files::kTlsKey, 0400},
    {"docker-socket", host_files::kEngineSocket, 0660},
    {"daemon-json", host_files::kDaemonJson, 0644},
    {"default-docker", host_files::kDefaultDocker, 0644},
    {"sysconfig-docker", host_files::kSysconfigDocker, 0644},
    {"containerd-socket", host_files::kContainerdSocket, 0660},
});

std::string id_of(const FileCase& each, std::string_view what) {
  return "file." + std::string(each.slug) + "-" + std::string(what);
}

TEST(FileChecks, AreAllOfTheSection) {
  EXPECT_EQ(file_checks().size(), 2 * kCases.size());
}

TEST(FileChecks, JudgeTheOwner) {
  for (const FileCase& each : kCases) {
    File file = test_file("/there");
    EXPECT_EQ(status_of_only_row(id_of(each, "owner"), facts_of(each.file, {file})), "pass") << each.slug;
    file.uid = 1000;
    file.owner = "alice";
    EXPECT_EQ(status_of_only_row(id_of(each, "owner"), facts_of(each.file, {file})), "fail") << each.slug;
    file.uid = 0;
    file.gid = 100;
    file.group = "users";
    EXPECT_EQ(status_of_only_row(id_of(each, "owner"), facts_of(each.file, {file})), "fail") << each.slug;
  }
}

TEST(FileChecks, JudgeTheBitsOfAMode) {
  for (const FileCase& each : kCases) {
    const auto status = [&](uint32_t mode) {
      return status_of_only_row(id_of(each, "mode"), facts_of(each.file, {test_file("/there", mode)}));
    };
    EXPECT_EQ(status(each.widest), "pass") << each.slug;
    EXPECT_EQ(status(0), "pass") << each.slug;
    EXPECT_EQ(status(each.widest | 0002U), "fail") << each.slug;
    EXPECT_EQ(status(each.widest | 04000U), "fail") << each.slug;
  }
}

TEST(FileChecks, DoNotTakeModesForDecimalNumbers) {
  EXPECT_EQ(status_of_only_row("file.docker-socket-mode",
                               facts_of(host_files::kEngineSocket, {test_file("/run/docker.sock", 0607)})),
            "fail");
  EXPECT_EQ(
      told_by("file.docker-socket-mode", facts_of(host_files::kEngineSocket, {test_file("/run/docker.sock", 0607)})),
      "/run/docker.sock: 0607 (no bits but those of 0660); \n");
}

TEST(FileChecks, SaySoWhereThereIsNoSuchFile) {
  for (const FileCase& each : kCases) {
    for (const std::string_view what : {"owner", "mode"}) {
      const Facts absent = facts_of(each.file, {absent_file("/etc/x")});
      EXPECT_EQ(told_by(id_of(each, what), absent), "there is no /etc/x\n");
      EXPECT_EQ(statuses_of(id_of(each, what), absent), "/etc/x not_applicable");
      EXPECT_EQ(status_of_only_row(id_of(each, what), facts_of(each.file, {})), "not_applicable");
      // What nobody looked at is not taken for absent.
      EXPECT_EQ(status_of_only_row(id_of(each, what), facts_with_daemon()), "error");
      // A remote engine: why its host cannot be looked at is told.
      EXPECT_EQ(told_by(id_of(each, what), test_facts()), "not looked at\n");
      Facts refused = facts_with_daemon();
      refused.host.files.emplace(std::string(each.file), not_known("/etc/x: permission denied"));
      EXPECT_EQ(status_of_only_row(id_of(each, what), refused), "error");
    }
  }
}

TEST(FileChecks, HaveARowForEachFile) {
  EXPECT_EQ(statuses_of("file.registry-certificates-mode",
                        facts_of(host_files::kRegistryCertificates, {test_file("/etc/docker/certs.d/b/ca.crt", 0666),
                                                                     test_file("/etc/docker/certs.d/a/ca.crt", 0444)})),
            "/etc/docker/certs.d/a/ca.crt pass, /etc/docker/certs.d/b/ca.crt fail");
}

TEST(FileChecks, LetTheSocketBelongToTheEnginesGroup) {
  File socket = test_file("/run/docker.sock", 0660);
  socket.gid = 998;
  socket.group = "docker";
  EXPECT_EQ(status_of_only_row("file.docker-socket-owner", facts_of(host_files::kEngineSocket, {socket})), "pass");
  socket.group = "users";
  Facts facts = facts_of(host_files::kEngineSocket, {socket});
  EXPECT_EQ(status_of_only_row("file.docker-socket-owner", facts), "fail");
  facts.host.daemon->settings->emplace("group", in_daemon_json("group", {"users"}));
  EXPECT_EQ(status_of_only_row("file.docker-socket-owner", facts), "pass");
  // No other file of the engine belongs to that group.
  EXPECT_EQ(status_of_only_row("file.containerd-socket-owner", facts_of(host_files::kContainerdSocket, {socket})),
            "fail");
}

TEST(FileChecks, LetARootlessEngineOwnItsFiles) {
  File file = test_file("/home/alice/.config/docker/daemon.json");
  file.uid = 1000;
  file.gid = 1000;
  file.owner = file.group = "alice";
  Facts facts = facts_of(host_files::kDaemonJson, {file});
  facts.host.daemon->uid = 1000;
  EXPECT_EQ(status_of_only_row("file.daemon-json-owner", facts), "pass");
  EXPECT_THAT(told_by("file.daemon-json-owner", facts), HasSubstr("without root's rights"));
  facts.host.daemon->uid = 1001;
  EXPECT_EQ(status_of_only_row("file.daemon-json-owner", facts), "fail");
}

}  // namespace
}  // namespace bulkhead::audit
