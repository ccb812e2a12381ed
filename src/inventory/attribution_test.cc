#include "inventory/attribution.h"

#include <gtest/gtest.h>

#include "inventory/package_codec.h"

namespace bulkhead::inventory {
namespace {

using layer::FileFact;

FileFact database(std::string path, uint32_t layer, std::initializer_list<std::string_view> packages) {
  std::vector<Package> list;
  for (const std::string_view name_and_version : packages) {
    const size_t space = name_and_version.find(' ');
    Package package;
    package.name = name_and_version.substr(0, space);
    package.version = name_and_version.substr(space + 1);
    list.push_back(package);
  }
  return {.path = std::move(path), .layer = layer, .value = encode_packages(list), .error = {}};
}

// "name version @layer" per package; facts in history order; the last one of each path is visible unless it is named in
// hidden.
std::vector<std::string> attribute(const std::vector<FileFact>& facts, std::string_view hidden = {}) {
  std::vector<const FileFact*> history;
  std::vector<const FileFact*> visible;
  for (size_t i = 0; i < facts.size(); ++i) {
    history.push_back(&facts[i]);
    if ((i + 1 == facts.size() || facts[i + 1].path != facts[i].path) && facts[i].path != hidden)
      visible.push_back(&facts[i]);
  }
  const auto packages = attribute_packages(visible, history);
  if (!packages) return {packages.error().to_string()};
  std::vector<std::string> lines;
  for (const Package& package : *packages) {
    lines.push_back(package.name + " " + package.version + " @" + std::to_string(package.layer));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Attribution, GivesAPackageToTheLayerThatFirstNamedIt) {
  EXPECT_EQ(attribute({database("status", 0, {"bash 5"}), database("status", 2, {"bash 5", "curl 7"}),
                       database("status", 5, {"bash 5", "curl 7", "vim 9"})}),
            (Lines{"bash 5 @0", "curl 7 @2", "vim 9 @5"}));
}

TEST(Attribution, GivesAnUpgradedPackageToTheLayerThatUpgradedIt) {
  EXPECT_EQ(attribute({database("status", 0, {"bash 5"}), database("status", 2, {"bash 6"})}), (Lines{"bash 6 @2"}));
}

TEST(Attribution, GivesAReinstalledPackageToTheLayerThatBroughtItBack) {
  EXPECT_EQ(attribute({database("status", 0, {"bash 5", "curl 7"}), database("status", 1, {"bash 5"}),
                       database("status", 4, {"bash 5", "curl 7"})}),
            (Lines{"bash 5 @0", "curl 7 @4"}));
}

TEST(Attribution, FollowsADatabaseThatMovedToAnotherPath) {
  EXPECT_EQ(attribute({database("lib/apk/db/installed", 0, {"musl 1"}),
                       database("usr/lib/apk/db/installed", 3, {"musl 1", "curl 8"})},
                      "lib/apk/db/installed"),
            (Lines{"musl 1 @0", "curl 8 @3"}));
}

TEST(Attribution, JoinsDatabasesOfOneFilePerPackage) {
  EXPECT_EQ(attribute({database("status.d/base", 0, {"base-files 12"}), database("status.d/libc6", 0, {"libc6 2"}),
                       database("status.d/libc6", 1, {"libc6 3"})}),
            (Lines{"base-files 12 @0", "libc6 3 @1"}));
}

TEST(Attribution, NamesAPackageOfTwoDatabasesOnceWithBothPlaces) {
  const std::vector<FileFact> facts = {database("a", 0, {"bash 5"}), database("b", 1, {"bash 5"})};
  const std::vector<const FileFact*> all = {facts.data(), &facts[1]};
  const auto packages = attribute_packages(all, all);
  ASSERT_TRUE(packages);
  ASSERT_EQ(packages->size(), 1U);
  EXPECT_EQ(packages->front().locations, (Lines{"a", "b"}));
  EXPECT_EQ(packages->front().layer, 0U);
}

TEST(Attribution, FailsWhenTheVisibleDatabaseCannotBeRead) {
  FileFact broken{.path = "var/lib/dpkg/status", .layer = 1, .value = {}, .error = "line 3: no colon"};
  const std::vector<const FileFact*> all = {&broken};
  const auto packages = attribute_packages(all, all);
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().code(), Code::kMalformed);
  EXPECT_NE(packages.error().message().find("var/lib/dpkg/status: line 3: no colon"), std::string::npos);
  EXPECT_NE(packages.error().remedy().find("repair"), std::string::npos);

  // Nothing is known of what it holds: there is nothing to repair.
  broken.denied = true;
  broken.error = "Permission denied";
  const std::string remedy = attribute_packages(all, all).error().remedy();
  EXPECT_NE(remedy.find("scan as a user who may read it"), std::string::npos);
  EXPECT_EQ(remedy.find("repair"), std::string::npos);

  broken.error.clear();
  broken.value = "rotten";
  EXPECT_FALSE(attribute_packages(all, all));
}

TEST(Attribution, PassesOverAHiddenDatabaseThatCannotBeRead) {
  FileFact broken{.path = "status", .layer = 0, .value = {}, .error = "truncated"};
  EXPECT_EQ(attribute({broken, database("status", 1, {"bash 5"})}), (Lines{"bash 5 @1"}));
}

}  // namespace
}  // namespace bulkhead::inventory
