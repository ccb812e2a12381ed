// The machine that the tests run on: its real /proc, and an engine that is this test.
#include "audit/collect/local_host.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "audit/collect/access_list.h"
#include "audit/collect/test_access_list.h"
#include "base/temporary_folder.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::audit {
namespace {

using net::testing::ScriptedServer;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

net::testing::ScriptedReply no_answer(const net::testing::SeenRequest&) {
  return net::testing::reply(404, "");
}

// A program with arguments that somebody else would have.
class Decoy {
 public:
  explicit Decoy(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, "/bin/sh", nullptr, nullptr, argv.data(), environ) != 0) pid_ = -1;
  }
  Decoy(const Decoy&) = delete;
  Decoy& operator=(const Decoy&) = delete;
  ~Decoy() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST(LocalHost, FindsTheProcessThatListensWhateverOthersCallThemselves) {
  const TemporaryFolder folder;
  const std::string path = folder / "docker.sock";
  const ScriptedServer engine(path, no_answer);
  const Decoy decoy(
      {"dockerd", "-c", "sleep 60; true", "--icc=false", "--userns-remap=default", "-H", "unix://" + path});
  ASSERT_GT(decoy.pid(), 0);

  Facts facts;
  facts.containers.emplace();
  look_at_local_host(path, {}, facts);

  ASSERT_TRUE(facts.host.daemon) << facts.host.daemon.error().reason;
  const DaemonProcess& daemon = *facts.host.daemon;
  EXPECT_EQ(daemon.pid, ::getpid());
  EXPECT_EQ(daemon.uid, ::geteuid());
  EXPECT_THAT(daemon.executable, HasSubstr("audit_test"));
  ASSERT_TRUE(daemon.settings) << daemon.settings.error().reason;
  EXPECT_FALSE(daemon.settings->contains("icc"));
  EXPECT_FALSE(daemon.settings->contains("userns-remap"));
}

TEST(LocalHost, TellsTheSocketWhereItIsAndWhoMayWriteToIt) {
  const TemporaryFolder folder;
  ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "link").c_str()), 0);
  const ScriptedServer engine(folder / "docker.sock", no_answer);
  ASSERT_EQ(::chmod((folder / "docker.sock").c_str(), 0660), 0);

  Facts facts;
  look_at_local_host(folder / "link/docker.sock", {}, facts);

  const auto& files = facts.host.files.at("engine-socket");
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().path, folder / "docker.sock");
  EXPECT_TRUE(files->front().is_socket);
  EXPECT_EQ(files->front().mode, 0660U);
  EXPECT_EQ(files->front().uid, ::geteuid());
  ASSERT_TRUE(facts.host.socket_grants);
  EXPECT_THAT(facts.host.socket_grants->front().to, StartsWith("group "));
}

TEST(LocalHost, TellsWhomTheAccessListOfTheSocketLetsIn) {
  const TemporaryFolder folder;
  const std::string path = folder / "docker.sock";
  const ScriptedServer engine(path, no_answer);
  const auto look = [&](std::string_view list) {
    EXPECT_EQ(::setxattr(path.c_str(), kAccessListAttribute, list.data(), list.size(), 0), 0);
    Facts facts;
    look_at_local_host(path, {}, facts);
    std::vector<std::string> told;
    for (const Grant& grant : facts.host.socket_grants.value()) {
      told.push_back(grant.to);
      for (const User& user : grant.users) told.back() += fmt::format(" {}", user.uid.value_or(0));
    }
    std::erase_if(told, [](const std::string& grant) { return grant.starts_with("owner"); });  // of another test user
    return told;
  };
  constexpr uint32_t kNameless = 4294967000;  // no account has it
  const std::string let_in = fmt::format("user:{0}:rw- of the access list {0}", kNameless);
  EXPECT_THAT(look(access_list({{1, 6}, {2, 6, kNameless}, {4, 0}, {16, 6}, {32, 0}})), ElementsAre(let_in));
  EXPECT_THAT(look(access_list({{1, 6}, {2, 6, kNameless}, {4, 6}, {16, 6}, {32, 0}})),
              ElementsAre(StartsWith("group "), let_in));
  EXPECT_THAT(look(access_list({{1, 6}, {2, 6, kNameless}, {4, 6}, {16, 4}, {32, 0}})), IsEmpty());
  EXPECT_THAT(look(access_list({{1, 6}, {4, 6}, {8, 6, kNameless}, {16, 6}, {32, 0}})),
              ElementsAre(StartsWith("group "), fmt::format("group:{}:rw- of the access list", kNameless)));
}

TEST(LocalHost, SaysOfASocketWithoutAnEngineWhyNothingIsKnown) {
  const TemporaryFolder folder;
  Facts facts;
  look_at_local_host(folder / "absent.sock", {}, facts);
  ASSERT_FALSE(facts.host.daemon);
  EXPECT_EQ(facts.host.daemon.error().kind, Unknown::Kind::kError);
  EXPECT_THAT(facts.host.daemon.error().reason, HasSubstr("absent.sock"));
  EXPECT_FALSE(facts.host.root_mount);
  EXPECT_FALSE(facts.host.files.at("daemon.json"));
  EXPECT_FALSE(facts.host.files.at("engine-socket"));
}

TEST(LocalHost, SeesTheEnginesSocketThroughFoldersAboveItAndThroughLinks) {
  const TemporaryFolder folder;
  const ScriptedServer engine(folder / "docker.sock", no_answer);
  const std::string path = folder / "docker.sock";
  ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "harmless").c_str()), 0);
  folder.write("other/file", "");

  Facts facts;
  ContainerDetails details;
  for (const std::string& source :
       {path, folder.path(), folder / "harmless", std::string("/"), folder / "other", folder / "absent"}) {
    details.mounts.push_back({.type = "bind", .source = source});
  }
  details.mounts.push_back({.type = "volume", .volume = "plain", .source = "/var/lib/docker/volumes/plain/_data"});
  details.mounts.push_back({.type = "volume",
                            .volume = "binds",
                            .source = "/var/lib/docker/volumes/binds/_data",
                            .device = folder / "harmless"});
  facts.containers.emplace().push_back({.id = "c", .state = "exited", .details = details});
  look_at_local_host(path, {}, facts);

  const std::vector<Mount>& mounts = facts.containers->front().details->mounts;
  ASSERT_TRUE(mounts[0].resolved) << mounts[0].resolved.error().reason;
  for (const size_t i : {0U, 1U, 2U, 3U, 7U}) EXPECT_THAT(mounts[i].sockets, Contains(path)) << i;
  EXPECT_EQ(mounts[0].resolved, path);
  EXPECT_EQ(mounts[2].resolved, folder.path());
  EXPECT_EQ(mounts[4].resolved, folder / "other");
  EXPECT_THAT(mounts[4].sockets, IsEmpty());
  EXPECT_EQ(mounts[5].resolved, folder / "absent");
  ASSERT_FALSE(mounts[6].resolved);
  EXPECT_EQ(mounts[6].resolved.error().kind, Unknown::Kind::kNotApplicable);
  EXPECT_EQ(mounts[7].resolved, folder.path());
}

TEST(LocalHost, KnowsWhereWhatIsNotThereWouldBeUnlessAContainerHasIt) {
  const TemporaryFolder folder;
  const ScriptedServer engine(folder / "docker.sock", no_answer);
  folder.write("real/file", "");
  ASSERT_EQ(::symlink((folder / "real").c_str(), (folder / "link").c_str()), 0);
  ASSERT_EQ(::symlink((folder / "absent").c_str(), (folder / "dangling").c_str()), 0);
  const auto look = [&](const std::string& source, const char* state) {
    Facts facts;
    ContainerDetails details;
    details.mounts.push_back({.type = "bind", .source = source});
    facts.containers.emplace().push_back({.id = "c", .state = state, .details = details});
    look_at_local_host(folder / "docker.sock", {}, facts);
    const Fact<std::string>& resolved = facts.containers->front().details->mounts.front().resolved;
    return resolved ? *resolved : resolved.error().reason;
  };
  EXPECT_EQ(look(folder / "gone", "exited"), folder / "gone");
  EXPECT_EQ(look(folder / "link/gone/deep/", "created"), folder / "real/gone/deep");
  EXPECT_THAT(look(folder / "gone", "running"), HasSubstr("gone does not exist"));
  // A link that leads nowhere, and what is below it or below a file: who knows where that will be.
  EXPECT_THAT(look(folder / "dangling", "exited"), HasSubstr("dangling does not exist"));
  EXPECT_THAT(look(folder / "dangling/x", "exited"), HasSubstr("does not exist"));
  EXPECT_THAT(look(folder / "real/file/x", "exited"), HasSubstr("real/file"));
}

TEST(LocalHost, KnowsTheMountsAndVolumesOfTheEngine) {
  const TemporaryFolder folder;
  const ScriptedServer engine(folder / "docker.sock", no_answer);
  ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "link").c_str()), 0);
  Facts facts;
  facts.containers.emplace();
  facts.volumes.emplace().emplace("data", Mount{.type = "volume", .volume = "data", .device = folder / "link"});
  look_at_local_host(folder / "docker.sock", {}, facts);
  ASSERT_TRUE(facts.host.mounts) << facts.host.mounts.error().reason;
  EXPECT_THAT(*facts.host.mounts, Contains(testing::Field(&MountEntry::mount_point, "/")));
  EXPECT_EQ(facts.volumes->at("data").resolved, folder.path());
  EXPECT_THAT(facts.volumes->at("data").sockets, Contains(folder / "docker.sock"));

  look_at_local_host(folder / "absent.sock", {}, facts);
  EXPECT_FALSE(facts.host.mounts);
  EXPECT_THAT(facts.volumes->at("data").resolved.error().reason, HasSubstr("absent.sock"));
}

TEST(LocalHost, ReadsTheSwarmsDataPathFromTheEnginesOwnState) {
  const TemporaryFolder folder;
  const ScriptedServer engine(folder / "docker.sock", no_answer);
  const auto look = [&] {
    Facts facts;
    facts.engine = Engine{.root_dir = folder.path()};
    facts.swarm = Swarm{};
    look_at_local_host(folder / "docker.sock", {}, facts);
    return facts.swarm->data_path_address;
  };
  EXPECT_EQ(look().error().kind, Unknown::Kind::kError) << "there is no such file";
  folder.write("swarm/docker-state.json", R"({"LocalAddr": "", "DataPathAddr": "10.0.0.7"})");
  EXPECT_EQ(look().value(), "10.0.0.7");
  folder.write("swarm/docker-state.json", "{}");
  EXPECT_EQ(look().value(), "");
  for (const char* broken : {"", "[]", R"({"DataPathAddr": 7})"}) {
    folder.write("swarm/docker-state.json", broken);
    EXPECT_FALSE(look()) << broken;
  }
}

TEST(LocalHost, SaysOfMountsWhyItCannotBeSeenWhereTheyLead) {
  const TemporaryFolder folder;
  Facts facts;
  ContainerDetails details;
  details.mounts.push_back({.type = "bind", .source = "/etc"});
  details.mounts.push_back(
      {.type = "volume", .volume = "binds", .source = "/var/lib/docker/volumes/binds/_data", .device = "/etc"});
  details.mounts.push_back({.type = "volume", .volume = "plain", .source = "/var/lib/docker/volumes/plain/_data"});
  facts.containers.emplace().push_back({.id = "c", .state = "exited", .details = details});
  look_at_local_host(folder / "absent.sock", {}, facts);
  const std::vector<Mount>& mounts = facts.containers->front().details->mounts;
  EXPECT_THAT(mounts[0].resolved.error().reason, HasSubstr("absent.sock"));
  EXPECT_THAT(mounts[1].resolved.error().reason, HasSubstr("absent.sock"));
  EXPECT_EQ(mounts[2].resolved.error().kind, Unknown::Kind::kNotApplicable);
}

TEST(LocalHost, ReadsWhetherTheKernelEnforcesAppArmorAndSelinux) {
  const TemporaryFolder folder;
  Facts facts;
  look_at_local_host(folder / "absent.sock", {.sys = folder.path()}, facts);
  EXPECT_EQ(facts.host.apparmor, false);
  EXPECT_EQ(facts.host.selinux, false);
  folder.write("module/apparmor/parameters/enabled", "Y\n");
  folder.write("fs/selinux/enforce", "1");
  look_at_local_host(folder / "absent.sock", {.sys = folder.path()}, facts);
  EXPECT_EQ(facts.host.apparmor, true);
  EXPECT_EQ(facts.host.selinux, true);
  folder.write("fs/selinux/enforce", "0");
  look_at_local_host(folder / "absent.sock", {.sys = folder.path()}, facts);
  EXPECT_EQ(facts.host.selinux, false);
}

}  // namespace
}  // namespace bulkhead::audit
