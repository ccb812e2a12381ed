#include "audit/collect/device_nodes.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kDrivers =
    "Character devices:\n  1 mem\n 21 sg\n\nBlock devices:\n  8 sd\n259 blkext\nx y\n";

Device looked_at(const RootedFolder& root, std::string path) {
  TemporaryFolder proc;
  proc.write("devices", std::string(kDrivers));
  Container container;
  container.details = ContainerDetails{};
  container.details->devices.push_back({.host_path = std::move(path), .container_path = {}, .permissions = {}});
  std::vector<Container> containers{std::move(container)};
  look_at_devices(root, proc.path(), containers);
  return containers[0].details->devices[0];
}

TEST(Drivers, AreThoseOfTheKernel) {
  const Drivers drivers = parse_drivers(kDrivers);
  EXPECT_EQ(drivers.size(), 4U);
  EXPECT_EQ(drivers.at({false, 21}), "sg");
  EXPECT_EQ(drivers.at({true, 8}), "sd");
}

TEST(DeviceNodes, AreWhatTheFileIsWhateverItIsCalled) {
  TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/null", folder / "harmless");
  const RootedFolder root = RootedFolder::open("/").value();
  const Device device = looked_at(root, folder / "harmless");
  ASSERT_TRUE(device.nodes) << device.nodes.error().reason;
  ASSERT_EQ(device.nodes->size(), 1U);
  const DeviceNode& node = device.nodes->front();
  EXPECT_EQ(node.path, "/dev/null");
  EXPECT_FALSE(node.block);
  EXPECT_EQ(node.major, 1U);
  EXPECT_EQ(node.minor, 3U);
  EXPECT_EQ(node.driver, "mem");
}

TEST(DeviceNodes, OfAFolderAreThoseInIt) {
  TemporaryFolder folder;
  folder.write("below/file", "");
  std::filesystem::create_symlink("/dev/zero", folder / "below/zero");
  std::filesystem::create_symlink("/absent", folder / "below/dangling");
  std::filesystem::create_directory_symlink("..", folder / "below/up");
  const Device device = looked_at(RootedFolder::open("/").value(), folder.path());
  ASSERT_TRUE(device.nodes) << device.nodes.error().reason;
  std::vector<std::string> paths;
  for (const DeviceNode& node : *device.nodes) paths.push_back(node.path);
  EXPECT_THAT(paths, testing::ElementsAre("/dev/zero"));
}

TEST(DeviceNodes, SayWhatIsNotThere) {
  TemporaryFolder machine;
  machine.write("srv/file", "");
  const RootedFolder root = RootedFolder::open(machine.path()).value();
  const Device absent = looked_at(root, "/dev/absent");
  ASSERT_FALSE(absent.nodes);
  EXPECT_THAT(absent.nodes.error().reason, HasSubstr("/dev/absent does not exist"));
  const Device file = looked_at(root, "/srv/file");
  ASSERT_TRUE(file.nodes);
  EXPECT_TRUE(file.nodes->empty()) << "no device";
}

}  // namespace
}  // namespace bulkhead::audit
