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

TEST(MovedPlaces, AreThoseThatLinksLeadElsewhere) {
  const TemporaryFolder machine;
  machine.write("var/home/ann/x", "");
  machine.write("var/roothome/x", "");
  machine.write("usr/lib/x", "");
  machine.write("etc/x", "");
  for (const auto& [link, target] : {std::pair("home", "var/home"), {"root", "/var/roothome"}, {"lib", "usr/lib"}}) {
    std::filesystem::create_directory_symlink(target, machine / link);
  }
  EXPECT_THAT(find_moved_places(RootedFolder::open(machine.path()).value()),
              ElementsAre(std::pair("/home", "/var/home"), std::pair("/root", "/var/roothome")));
}

TEST_F(MountTargets, AreNoSocketsWhereThereAreNone) {
  KnownSockets none;
  none.add(root_, "/absent");
  none.add(root_, "/run/docker/x");
  EXPECT_THAT(none.reachable_through(root_.find("/").value()), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::audit
