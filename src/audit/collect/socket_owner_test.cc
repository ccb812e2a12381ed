#include "audit/collect/socket_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/collect/made_up_proc.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

// What a process sees below its root is this machine's own in these tests, so that both find the same socket.
class SocketOwner : public ::testing::Test {
 protected:
  SocketOwner() { socket_ = machine_.write("run/docker.sock", ""); }

  std::string listening(int inode, const std::string& path) const {
    return fmt::format("0000000000000000: 00000002 00000000 00010000 0001 01 {} {}\n", inode, path);
  }
  void add(int pid, MadeUpProc::Process process) {
    if (process.unix_sockets.empty()) process.unix_sockets = listening(77, socket_);
    proc_.add(pid, process);
    proc_.link("/", pid, "root");
  }
  Fact<int32_t> owner(int32_t peer) const {
    ProcessTable processes(proc_.path());
    return find_socket_owner(processes, socket_, peer);
  }
  std::string reason(int32_t peer) const {
    const auto found = owner(peer);
    return found ? fmt::format("process {}", *found) : found.error().reason;
  }

  MadeUpProc proc_;
  TemporaryFolder machine_;
  std::string socket_;
};

TEST_F(SocketOwner, IsWhoListens) {
  add(812, {.executable = "/usr/bin/dockerd"});
  proc_.hold(812, 3, 77);
  EXPECT_EQ(owner(812), 812);
}

TEST_F(SocketOwner, IsTheServiceThatSystemdHoldsItFor) {
  add(1, {.executable = "/usr/lib/systemd/systemd"});
  proc_.hold(1, 40, 77);
  add(500, {.executable = "/usr/bin/dockerd", .arguments = std::string("dockerd\0-H\0fd://", 16)});
  add(812, {.executable = "/opt/engine (deleted)"});
  proc_.hold(812, 3, 77);
  EXPECT_EQ(owner(1), 812) << "whatever 500 calls itself";
}

TEST_F(SocketOwner, IsNobodyAsLongAsOnlySystemdHoldsIt) {
  add(1, {.executable = "/usr/lib/systemd/systemd"});
  proc_.hold(1, 40, 77);
  add(812, {.cgroup = "0::/system.slice/docker.service\n"});
  proc_.hold(812, 3, 78);
  EXPECT_THAT(reason(1), HasSubstr("no engine has taken it"));
}

// Anybody may bind a socket to a name with a line break, and make the table look as if another process listened.
TEST_F(SocketOwner, IsNotWhoForgesALineOfTheTable) {
  const std::string table = listening(77, socket_) + listening(66, "/home/eve/x") + listening(66, socket_);
  add(1, {.executable = "/usr/lib/systemd/systemd", .unix_sockets = table});
  proc_.hold(1, 40, 77);
  add(300, {.executable = "/home/eve/dockerd", .cgroup = "0::/user.slice/docker.service\n"});
  proc_.hold(300, 3, 66);
  add(812, {.executable = "/usr/bin/dockerd"});
  proc_.hold(812, 3, 77);
  EXPECT_EQ(owner(1), 812);
}

TEST_F(SocketOwner, IsUnknownWhenTheNumberIsAnotherProcessesByNow) {
  add(812, {.executable = "/usr/bin/other"});
  proc_.hold(812, 3, 78);
  EXPECT_THAT(reason(812), HasSubstr("does not hold that socket any more"));
  EXPECT_THAT(reason(813), HasSubstr("/813"));
}

TEST_F(SocketOwner, IsFoundByTheFileThatANameLeadsTo) {
  std::filesystem::create_directory_symlink("run", machine_ / "var");
  add(812, {.executable = "/usr/bin/dockerd", .unix_sockets = listening(77, machine_ / "var/docker.sock")});
  proc_.hold(812, 3, 77);
  EXPECT_EQ(owner(812), 812);
  add(813, {.executable = "/usr/bin/dockerd", .unix_sockets = listening(77, "/elsewhere/docker.sock")});
  proc_.hold(813, 3, 77);
  EXPECT_THAT(reason(813), HasSubstr("does not hold"));
}

TEST(SocketPeer, SaysWhyThereIsNone) {
  const TemporaryFolder folder;
  EXPECT_EQ(socket_peer(folder / "absent").error().code(), Code::kNotFound);
  EXPECT_EQ(socket_peer(folder / std::string(200, 'x')).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(socket_peer(folder.write("file", "")).error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace bulkhead::audit
