#include "audit/checks/mount_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/collect/mount_table.h"

namespace bulkhead::audit {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Of a machine whose root is one of several folders of a disk, as with btrfs and ostree.
constexpr std::string_view kMounts =
    "1 0 8:1 /@ / rw - ext4 /dev/sda1 rw\n"
    "2 1 8:1 /@home /home rw - ext4 /dev/sda1 rw\n"
    "3 1 8:1 / /mnt/disk rw - ext4 /dev/sda1 rw\n"
    "4 1 8:1 /@/etc /srv/x rw - ext4 /dev/sda1 rw\n"
    "5 1 0:5 / /srv/deep/dev rw - devtmpfs devtmpfs rw\n"
    "6 5 0:6 / /srv/deep/dev/pts rw - devpts devpts rw\n"
    "7 1 0:7 / /hidden/below rw - tmpfs tmpfs rw\n"
    "8 1 0:8 / /hidden rw - tmpfs tmpfs rw\n"
    "9 8 8:1 /@/srv /hidden rw - ext4 /dev/sda1 rw\n"
    "10 1 0:10 / /srv/deeper rw - tmpfs tmpfs rw\n";

class MountTreeOfAMachine : public ::testing::Test {
 protected:
  std::string at(std::string_view path) const {
    const auto place = tree_.find(path);
    return place ? place->mount->device + " " + place->inside : "nowhere";
  }
  std::vector<std::string> names(std::string_view path) const { return tree_.names_of(*tree_.find(path)); }
  std::vector<std::string> below(std::string_view path) const {
    std::vector<std::string> points;
    for (const MountEntry* mount : tree_.below(path)) points.push_back(mount->mount_point);
    return points;
  }

  std::vector<MountEntry> mounts_ = *parse_mountinfo(kMounts);
  MountTree tree_{mounts_};
};

TEST_F(MountTreeOfAMachine, FindsWhatAPathIsOn) {
  EXPECT_EQ(at("/"), "8:1 /@");
  EXPECT_EQ(at("/etc/ssh"), "8:1 /@/etc/ssh");
  EXPECT_EQ(at("/home"), "8:1 /@home");
  EXPECT_EQ(at("/home/ann"), "8:1 /@home/ann");
  EXPECT_EQ(at("/homes"), "8:1 /@/homes");
  EXPECT_EQ(at("/mnt/disk"), "8:1 /");
  EXPECT_EQ(at("/mnt/disk/x"), "8:1 /x");
  EXPECT_EQ(at("/srv/deep/dev/pts/0"), "0:6 /0");
}

TEST_F(MountTreeOfAMachine, SeesTheUppermostMountAndNothingThatItHides) {
  EXPECT_EQ(at("/hidden"), "8:1 /@/srv");
  EXPECT_EQ(at("/hidden/below"), "8:1 /@/srv/below");
}

TEST_F(MountTreeOfAMachine, KnowsWhatLiesBelow) {
  EXPECT_THAT(below("/srv/deep"), UnorderedElementsAre("/srv/deep/dev", "/srv/deep/dev/pts"));
  EXPECT_THAT(below("/srv/deep/dev"), UnorderedElementsAre("/srv/deep/dev/pts"));
  EXPECT_THAT(below("/srv/deep/dev/pts"), IsEmpty());
  EXPECT_THAT(below("/srv/x"), IsEmpty());
  EXPECT_EQ(below("/").size(), 9U);
}

TEST_F(MountTreeOfAMachine, KnowsTheOtherNamesOfAPlace) {
  EXPECT_THAT(names("/srv/x"), UnorderedElementsAre("/srv/x", "/etc", "/mnt/disk/@/etc"));
  EXPECT_THAT(names("/srv/x/ssh"), UnorderedElementsAre("/srv/x/ssh", "/etc/ssh", "/mnt/disk/@/etc/ssh"));
  EXPECT_THAT(names("/home/ann"), UnorderedElementsAre("/home/ann", "/mnt/disk/@home/ann"));
  EXPECT_THAT(names("/mnt/disk/@home/ann"), UnorderedElementsAre("/home/ann", "/mnt/disk/@home/ann"));
}

TEST_F(MountTreeOfAMachine, KnowsWhereThePartsOfAPlaceAre) {
  EXPECT_THAT(names("/mnt/disk"), UnorderedElementsAre("/mnt/disk", "/", "/home", "/srv/x", "/hidden"));
  // Files of the same names on another disk are others.
  EXPECT_THAT(names("/srv/deeper"), UnorderedElementsAre("/srv/deeper"));
}

TEST(MountTree, EndsWithTablesThatMakeNoSense) {
  for (const std::string_view text :
       {"", "1 2 8:1 / /a rw - ext4 x rw\n", "1 2 8:1 / / rw - ext4 x rw\n2 1 8:1 / / rw - ext4 x rw\n",
        "1 1 8:1 / / rw - ext4 x rw\n2 1 8:1 / /a rw - ext4 x rw\n2 2 8:1 / /a rw - ext4 x rw\n",
        "1 0 8:1 / / rw - ext4 x rw\n2 3 8:1 / / rw - ext4 x rw\n3 2 8:1 / / rw - ext4 x rw\n"}) {
    const auto mounts = parse_mountinfo(text);
    ASSERT_TRUE(mounts) << text;
    const MountTree tree(*mounts);
    const auto place = tree.find("/a/b");
    EXPECT_EQ(place.has_value(), text.contains(" 8:1 / / ") && !text.starts_with("1 2")) << text;
    if (place) EXPECT_FALSE(tree.names_of(*place).empty()) << text;
    (void)tree.below("/");
  }
}

}  // namespace
}  // namespace bulkhead::audit
