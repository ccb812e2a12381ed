#include "inventory/file_owners.h"

#include <vector>

#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

TEST(FileOwners, FindThePackageByAnyNameOfTheFile) {
  std::vector<Package> packages(2);
  packages[0].name = "dash";
  packages[0].files = {"/bin/sh", "/etc/x"};
  packages[1].name = "coreutils";
  packages[1].files = {"/usr/bin/ls", "/etc/x", "/usr/share/doc"};
  const FileOwners owners(packages);
  EXPECT_EQ(owners.owner_of("/bin/sh"), packages.data());
  EXPECT_EQ(owners.owner_of("usr/bin/sh"), packages.data());
  EXPECT_EQ(owners.owner_of("bin/ls"), &packages[1]);
  EXPECT_EQ(owners.owner_of("etc/x"), packages.data());
  EXPECT_EQ(owners.owner_of("usr/etc/x"), nullptr);
  EXPECT_EQ(owners.owner_of("share/doc"), nullptr);
  EXPECT_EQ(owners.owner_of("nowhere"), nullptr);
  EXPECT_EQ(owners.owner_of(""), nullptr);
  EXPECT_EQ(owners.size(), 4U);
}

}  // namespace
}  // namespace bulkhead::inventory
