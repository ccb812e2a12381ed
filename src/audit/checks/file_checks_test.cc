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
  // No other file of the engine belongs to that group.
  EXPECT_EQ(status_of_only_row("file.containerd-socket-owner", facts_of(host_files::kContainerdSocket, {socket})),
            "fail");
}

Facts told_group(std::string name, uint32_t gid, std::vector<User> members = {}) {
  File socket = test_file("/run/docker.sock", 0660);
  socket.gid = gid;
  socket.group = std::move(name);
  Facts facts = facts_of(host_files::kEngineSocket, {socket});
  facts.host.daemon->settings->emplace("group", in_daemon_json("group", {socket.group}));
  facts.host.socket_grants = {{.to = "group " + socket.group, .users = std::move(members)}};
  return facts;
}

TEST(FileChecks, LetTheSocketBelongToAGroupThatIsThereForTheEngine) {
  constexpr std::string_view kCheck = "file.docker-socket-owner";
  EXPECT_EQ(status_of_only_row(kCheck, told_group("engineers", 998, {{.name = "alice", .uid = 1000}})), "pass");
  EXPECT_THAT(told_by(kCheck, told_group("engineers", 998)), HasSubstr("/etc/docker/daemon.json#/group: engineers"));
  Facts facts = told_group("engineers", 998);
  facts.host.daemon->settings->at("group").values = {"998"};
  EXPECT_EQ(status_of_only_row(kCheck, facts), "pass") << "dockerd takes numbers, too";
  facts.host.daemon->settings->at("group").values = {"others"};
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail");
  facts.host.daemon->settings->clear();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail");
  // What is not known is not taken for granted.
  facts.host.daemon->settings = not_known("/etc/docker/daemon.json: permission denied");
  EXPECT_EQ(status_of_only_row(kCheck, facts), "error");
  facts = told_group("engineers", 998);
  facts.host.socket_grants = not_known("access list of /run/docker.sock: I/O error");
  EXPECT_EQ(status_of_only_row(kCheck, facts), "error");
  facts = told_group("engineers", 998);
  facts.host.accounts_incomplete = "/etc/nsswitch.conf asks sss about users and groups, too";
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
}

TEST(FileChecks, DoNotLetTheSocketBelongToAGroupOfEverybodys) {
  constexpr std::string_view kCheck = "file.docker-socket-owner";
  for (const auto& [name, gid] : std::map<std::string, uint32_t>{{"nogroup", 65534},
                                                                 {"users", 100},
                                                                 {"users", 984},
                                                                 {"www-data", 33},
                                                                 {"adm", 4},
                                                                 {"wheel", 998},
                                                                 {"site", 42}}) {
    EXPECT_EQ(status_of_only_row(kCheck, told_group(name, gid)), "fail") << name << gid;
  }
  const Facts primary = told_group("staffers", 1000, {{.name = "bob", .uid = 1001, .primary = true}});
  EXPECT_EQ(status_of_only_row(kCheck, primary), "fail");
  EXPECT_THAT(told_by(kCheck, primary), HasSubstr("staffers is the primary group of bob"));
}

File with_access(std::string path, uint32_t mode, std::vector<AccessEntry> entries) {
  File file = test_file(std::move(path), mode);
  file.access = std::move(entries);
  return file;
}

TEST(FileChecks, SeeWhomAnAccessListNames) {
  using Kind = AccessEntry::Kind;
  for (const FileCase& each : kCases) {
    const auto status = [&](AccessEntry entry) {
      return status_of_only_row(id_of(each, "mode"),
                                facts_of(each.file, {with_access("/there", each.widest, {std::move(entry)})}));
    };
    const uint32_t others = each.widest & 7U;
    const uint32_t group = each.widest >> 3U & 7U;
    EXPECT_EQ(status({.kind = Kind::kUser, .id = 65534, .name = "nobody", .rights = 7}), "fail") << each.slug;
    EXPECT_EQ(status({.kind = Kind::kUser, .id = 65534, .name = "nobody", .rights = others}), "pass") << each.slug;
    EXPECT_EQ(status({.kind = Kind::kUser, .id = 65534, .name = "nobody", .rights = others | 2U}), "fail") << each.slug;
    EXPECT_EQ(status({.kind = Kind::kGroup, .id = 998, .name = "ops", .rights = others | 2U}), "fail") << each.slug;
    EXPECT_EQ(status({.kind = Kind::kUser, .id = 0, .name = "root", .rights = 7}), "pass") << each.slug;
    EXPECT_EQ(status({.kind = Kind::kGroup, .id = 0, .name = "root", .rights = group}), "pass") << each.slug;
    EXPECT_EQ(status({.kind = Kind::kOwningGroup, .rights = 7}), "pass") << "the mode's own bits are judged";
  }
  const Facts facts =
      facts_of(host_files::kEngineSocket,
               {with_access("/run/docker.sock", 0660, {{.kind = Kind::kUser, .id = 7, .name = "ci", .rights = 6}})});
  EXPECT_THAT(told_by("file.docker-socket-mode", facts),
              HasSubstr("access list of /run/docker.sock: user:ci:rw- (no named user or group with more"));
}

TEST(FileChecks, DoNotPassAFileWhoseAccessListIsNotKnown) {
  File file = test_file("/run/docker.sock", 0660);
  file.access = not_known("access list of /run/docker.sock: I/O error");
  EXPECT_EQ(told_by("file.docker-socket-mode", facts_of(host_files::kEngineSocket, {file})),
            "access list of /run/docker.sock: I/O error\n");
  EXPECT_EQ(status_of_only_row("file.docker-socket-mode", facts_of(host_files::kEngineSocket, {file})), "error");
  file.mode = 0666;
  EXPECT_EQ(status_of_only_row("file.docker-socket-mode", facts_of(host_files::kEngineSocket, {file})), "fail");
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
