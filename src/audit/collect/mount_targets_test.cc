#include "audit/collect/mount_targets.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MountTargets : public ::testing::Test {
 protected:
  MountTargets()
      : engine_((machine_.write("run/docker/x", ""), machine_ / "run/docker/docker.sock"),
                [](const net::testing::SeenRequest&) { return net::testing::reply(404, ""); }),
        root_(RootedFolder::open(machine_.path()).value()) {
    machine_.write("srv/machine/etc/x", "");
    machine_.write("home/ann/x", "");
    // A link stands for what a bind mount would be: another name of the same folder.
    std::filesystem::create_directory_symlink("/run", machine_ / "srv/machine/run");
    sockets_.add(root_, "/run/docker/docker.sock");
  }
  std::vector<std::string> through(std::string_view path) const {
    const auto found = root_.find(path);
    return found ? sockets_.reachable_through(*found) : std::vector<std::string>{found.error().to_string()};
  }

  TemporaryFolder machine_;
  net::testing::ScriptedServer engine_;
  RootedFolder root_;
  KnownSockets sockets_;
};

TEST_F(MountTargets, ReachASocketFromEveryFolderAboveIt) {
  for (const char* path : {"/", "/run", "/run/docker", "/run/docker/docker.sock", "/srv/machine/run"}) {
    EXPECT_THAT(through(path), ElementsAre("/run/docker/docker.sock")) << path;
  }
  EXPECT_THAT(through("/run/docker/x"), IsEmpty());
  EXPECT_THAT(through("/home/ann"), IsEmpty());
}

TEST_F(MountTargets, ReachASocketWhoseFolderIsMountedBelow) {
  sockets_.add_mounts(root_, {{.mount_point = "/srv/machine/run", .file_system = "nfs4"}});
  EXPECT_THAT(through("/srv"), IsEmpty()) << "another machine's folder is not waited for";
  sockets_.add_mounts(root_, {{.mount_point = "/"},
                              {.mount_point = "/srv/machine/run"},
                              {.mount_point = "/home/ann"},
                              {.mount_point = "/absent"}});
  EXPECT_THAT(through("/srv"), ElementsAre("/run/docker/docker.sock"));
  EXPECT_THAT(through("/srv/machine"), ElementsAre("/run/docker/docker.sock"));
  EXPECT_THAT(through("/srv/machine/etc"), IsEmpty());
  EXPECT_THAT(through("/home"), IsEmpty());
}

TEST_F(MountTargets, AreNoSocketsWhereThereAreNone) {
  KnownSockets none;
  none.add(root_, "/absent");
  none.add(root_, "/run/docker/x");
  EXPECT_THAT(none.reachable_through(root_.find("/").value()), IsEmpty());
}

TEST(BoundFolder, IsWhatALocalVolumeBinds) {
  EXPECT_EQ(bound_folder({{"type", "none"}, {"o", "bind"}, {"device", "/etc"}}), "/etc");
  EXPECT_EQ(bound_folder({{"o", "ro, rbind"}, {"device", "/etc"}}), "/etc");
  EXPECT_EQ(bound_folder({{"type", "nfs"}, {"o", "addr=10.0.0.1,nobind"}, {"device", ":/x"}}), "");
  EXPECT_EQ(bound_folder({{"o", "bind"}}), "");
  EXPECT_EQ(bound_folder({{"device", "/etc"}}), "");
  EXPECT_EQ(bound_folder({}), "");
}

}  // namespace
}  // namespace bulkhead::audit
