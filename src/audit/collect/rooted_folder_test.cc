#include "audit/collect/rooted_folder.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temporary_folder.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;

class RootedFolderTest : public ::testing::Test {
 protected:
  void link(const std::string& target, const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(root_ / name).parent_path());
    ASSERT_EQ(::symlink(target.c_str(), (root_ / name).c_str()), 0);
  }
  RootedFolder open() const { return RootedFolder::open(root_.path()).value(); }
  std::string path_of(std::string_view path) const {
    const auto found = open().find(path);
    return found ? found->path : found.error().to_string();
  }

  TemporaryFolder root_;
};

TEST_F(RootedFolderTest, FollowsLinksAsAProcessWithThatRootWould) {
  root_.write("run/docker.sock.d/file", "inside");
  link("/run", "var/run");
  link("../../../../../../run/docker.sock.d/file", "etc/deep");
  link("/var/run/docker.sock.d", "etc/chain");
  EXPECT_EQ(path_of("/var/run/docker.sock.d/file"), "/run/docker.sock.d/file");
  EXPECT_EQ(path_of("/etc/deep"), "/run/docker.sock.d/file") << "no more dots than there are folders lead out";
  EXPECT_EQ(path_of("etc//./chain/file"), "/run/docker.sock.d/file");
  EXPECT_EQ(path_of("/../.."), "/");
  EXPECT_EQ(path_of("/etc/chain/.."), "/run");
  const RootedFolder folder = open();
  EXPECT_EQ(folder.read(folder.find("/etc/deep").value(), 100).value(), "inside");
}

TEST_F(RootedFolderTest, KeepsTheLastNameAsItWasAskedFor) {
  root_.write("usr/lib/unit", "");
  link("usr/lib", "lib");
  link("/usr/lib/unit", "etc/alias");
  const RootedFolder folder = open();
  EXPECT_EQ(folder.find("/lib/unit").value().named, "/usr/lib/unit");
  EXPECT_EQ(folder.find("/etc/alias").value().named, "/etc/alias");
  EXPECT_EQ(folder.find("/etc/alias").value().path, "/usr/lib/unit");
  EXPECT_EQ(folder.find("/").value().named, "/");
  EXPECT_EQ(folder.named("/lib/absent"), "/usr/lib/absent");
  EXPECT_EQ(folder.named("/nowhere/absent"), "/nowhere/absent");
}

TEST_F(RootedFolderTest, EndsWhereLinksLeadInCircles) {
  link("b", "a");
  link("a", "b");
  link("self/x", "self");
  EXPECT_EQ(open().find("/a").error().code(), Code::kIo);
  EXPECT_EQ(open().find("/self").error().code(), Code::kIo);
  std::string long_path;
  for (int i = 0; i < 5000; ++i) long_path += "/..";
  EXPECT_FALSE(open().find(long_path));
}

TEST_F(RootedFolderTest, TellsWhatIsNotThere) {
  root_.write("file", "");
  link("/absent", "dangling");
  EXPECT_EQ(open().find("/absent").error().code(), Code::kNotFound);
  EXPECT_EQ(open().find("/dangling").error().code(), Code::kNotFound);
  EXPECT_EQ(open().find("/file/below").error().code(), Code::kNotFound);
}

TEST_F(RootedFolderTest, ReadsFilesOnlyAndNoMoreThanItMay) {
  root_.write("folder/large", std::string(1000, 'x'));
  ASSERT_EQ(::mkfifo((root_ / "folder/fifo").c_str(), 0600), 0);
  const RootedFolder folder = open();
  EXPECT_EQ(folder.read(folder.find("/folder/large").value(), 999).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(folder.read(folder.find("/folder").value(), 999).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(folder.read(folder.find("/folder/fifo").value(), 999).error().code(), Code::kInvalidArgument);
  EXPECT_THAT(folder.list("/folder").value(), ElementsAre("fifo", "large"));
  EXPECT_EQ(folder.list("/absent").error().code(), Code::kNotFound);
}

TEST_F(RootedFolderTest, KnowsAFolderUnderAnotherName) {
  root_.write("run/x", "");
  link("run", "other");
  const RootedFolder folder = open();
  const auto x = folder.find("/run/x").value();
  ASSERT_EQ(x.trail.size(), 3U);
  EXPECT_EQ(folder.find("/other").value().identity(), x.trail[1]);
  EXPECT_EQ(folder.find("/").value().identity(), x.trail[0]);
}

}  // namespace
}  // namespace bulkhead::audit
