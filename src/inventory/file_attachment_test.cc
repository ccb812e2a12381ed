#include "inventory/file_attachment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

using layer::FileFact;
using testing::ElementsAre;
using testing::IsEmpty;

Package deb(std::string name, std::string version, std::string architecture) {
  Package package;
  package.type = PackageType::kDeb;
  package.name = std::move(name);
  package.version = std::move(version);
  package.architecture = std::move(architecture);
  return package;
}

FileFact lists(std::string path, std::vector<FileList> all) {
  return {.path = std::move(path), .layer = 0, .value = encode_file_lists(all), .error = {}};
}

TEST(FileAttachment, FindsThePackageByWhatTheListSays) {
  Inventory inventory;
  inventory.packages = {deb("bash", "5", "amd64"), deb("libc6", "2", "amd64"), deb("libc6", "2", "i386"),
                        deb("zlib1g", "1", "amd64")};
  const FileFact fact = lists("db", {{"libc6", "", "i386", {"/lib32"}},
                                     {"libc6", "2", "amd64", {"/lib"}},
                                     {"bash", "", "", {"/bin/bash"}},
                                     {"bash", "4", "", {"/old"}},
                                     {"gone", "", "", {"/x"}}});
  attach_files(std::vector<const FileFact*>{&fact}, PackageType::kDeb, inventory);
  EXPECT_THAT(inventory.packages[0].files, ElementsAre("/bin/bash"));
  EXPECT_THAT(inventory.packages[1].files, ElementsAre("/lib"));
  EXPECT_THAT(inventory.packages[2].files, ElementsAre("/lib32"));
  EXPECT_THAT(inventory.packages[3].files, IsEmpty());
  EXPECT_THAT(inventory.diagnostics, IsEmpty());
}

TEST(FileAttachment, LeavesPackagesOfAnotherTypeAlone) {
  Inventory inventory;
  inventory.packages = {deb("bash", "5", "amd64")};
  const FileFact fact = lists("db", {{"bash", "5", "amd64", {"/bin/bash"}}});
  attach_files(std::vector<const FileFact*>{&fact}, PackageType::kApk, inventory);
  EXPECT_THAT(inventory.packages[0].files, IsEmpty());
}

TEST(FileAttachment, NamesListsAfterTheirFiles) {
  Inventory inventory;
  inventory.packages = {deb("bash", "5", "amd64")};
  const FileFact fact = lists("info/bash", {{"", "", "", {"/bin/bash"}}});
  attach_files(std::vector<const FileFact*>{&fact}, PackageType::kDeb, inventory,
               [](std::string_view path, FileList& list) { list.name = path.substr(path.find('/') + 1); });
  EXPECT_THAT(inventory.packages[0].files, ElementsAre("/bin/bash"));
}

TEST(FileAttachment, SaysWhichListsCouldNotBeRead) {
  Inventory inventory;
  const FileFact rotten{.path = "a", .layer = 0, .value = "rotten", .error = {}};
  const FileFact failed{.path = "b", .layer = 0, .value = {}, .error = "too large"};
  attach_files(std::vector<const FileFact*>{&rotten, &failed}, PackageType::kDeb, inventory);
  ASSERT_EQ(inventory.diagnostics.size(), 2U);
  EXPECT_EQ(inventory.diagnostics[0].path, "a");
  EXPECT_EQ(inventory.diagnostics[1].message, "too large");
}

}  // namespace
}  // namespace bulkhead::inventory
