#include "inventory/rpm/rpm_cataloger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/rpm/test_support.h"
#include "layer/analyse.h"

namespace bulkhead::inventory {
namespace {

using rpm::testing::testdata;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Files = std::map<std::string, std::string>;

// The inventory of an image whose layers, bottom first, hold these files.
Result<Inventory> inventory_of(const std::vector<Files>& layers) {
  const Cataloger& cataloger = rpm_cataloger();
  TRY_ASSIGN(const layer::AnalyserSet analysers, layer::AnalyserSet::create(cataloger.analysers()));
  std::vector<std::shared_ptr<const layer::LayerFacts>> facts;
  static int roots = 0;
  for (const Files& files : layers) {
    const std::string root = fmt::format("{}rpm-cataloger-{}", ::testing::TempDir(), roots++);
    TRY(make_directories(root));
    for (const auto& [path, content] : files) TRY(write_file_atomically(root + "/" + path, content));
    TRY_ASSIGN(layer::LayerFacts walked, layer::analyse_directory(root, analysers, {}));
    facts.push_back(std::make_shared<const layer::LayerFacts>(std::move(walked)));
  }
  TRY_ASSIGN(const layer::MergedImage image, layer::MergedImage::merge(facts, analysers));
  Inventory inventory;
  TRY(cataloger.collect(image, inventory));
  TRY(cataloger.collect_files(image, inventory));
  return inventory;
}

std::vector<std::string> names_of(const Inventory& inventory) {
  std::vector<std::string> names;
  for (const Package& package : inventory.packages) names.push_back(package.name);
  return names;
}

TEST(RpmCataloger, FindsDatabasesInEveryFolderThatDistributionsUse) {
  for (const char* folder : {"var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"}) {
    for (const auto& [file, data] : std::map<std::string, std::string>{
             {"rpmdb.sqlite", "rpmdb.sqlite"}, {"Packages.db", "Packages.db"}, {"Packages", "Packages-1234"}}) {
      const std::string path = fmt::format("{}/{}", folder, file);
      const auto inventory = inventory_of({{{path, testdata(data)}}});
      ASSERT_TRUE(inventory) << path << ": " << inventory.error().to_string();
      EXPECT_THAT(names_of(*inventory),
                  UnorderedElementsAre("many-files", "modular", "plain", "tilde-caret", "with-epoch", "zero-epoch"))
          << path;
      for (const Package& package : inventory->packages) EXPECT_THAT(package.locations, ElementsAre(path));
    }
  }
}

TEST(RpmCataloger, GivesEachPackageItsFiles) {
  const auto inventory = inventory_of({{{"var/lib/rpm/rpmdb.sqlite", testdata("rpmdb.sqlite")}}});
  ASSERT_TRUE(inventory);
  for (const Package& package : inventory->packages) {
    EXPECT_THAT(package.files, Contains("/usr/bin/" + package.name)) << package.name;
  }
}

TEST(RpmCataloger, ReadsTheManifestOfImagesWithoutADatabase) {
  const auto inventory =
      inventory_of({{{"var/lib/rpmmanifest/container-manifest-2",
                      "glibc\t2.35-1.cm2\t1\t2\tMicrosoft\t(none)\t5\tx86_64\t0\tglibc-2.35-1.cm2.src.rpm\n"}}});
  ASSERT_TRUE(inventory) << inventory.error().to_string();
  EXPECT_THAT(names_of(*inventory), ElementsAre("glibc"));
}

TEST(RpmCataloger, PrefersTheDatabaseThatRpmWouldRead) {
  const auto inventory = inventory_of(
      {{{"var/lib/rpm/Packages", "left behind, and broken"}, {"var/lib/rpm/rpmdb.sqlite", testdata("rpmdb.sqlite")}}});
  ASSERT_TRUE(inventory) << inventory.error().to_string();
  EXPECT_THAT(inventory->packages, SizeIs(6));
}

TEST(RpmCataloger, FailsOnADamagedDatabaseAndSaysWhatToDo) {
  std::string damaged = testdata("Packages.db");
  damaged[4200] = static_cast<char>(~damaged[4200]);
  const auto inventory = inventory_of({{{"var/lib/rpm/Packages.db", damaged}}});
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().code(), Code::kMalformed);
  EXPECT_THAT(inventory.error().to_string(), HasSubstr("var/lib/rpm/Packages.db"));
  EXPECT_THAT(inventory.error().remedy(), HasSubstr("rpm --rebuilddb"));
}

TEST(RpmCataloger, PassesOverADamagedDatabaseThatALayerAboveReplaces) {
  const auto inventory = inventory_of(
      {{{"var/lib/rpm/rpmdb.sqlite", "broken"}}, {{"var/lib/rpm/rpmdb.sqlite", testdata("rpmdb.sqlite")}}});
  ASSERT_TRUE(inventory) << inventory.error().to_string();
  EXPECT_THAT(inventory->packages, SizeIs(6));
}

TEST(RpmCataloger, WarnsOfChangesThatAreOnlyInTheLog) {
  using rpm::testing::HeaderBuilder;
  const std::string log = HeaderBuilder::big_endian(0x377f0682) + HeaderBuilder::big_endian(3007000) +
                          HeaderBuilder::big_endian(512) + std::string(20, '\0') + HeaderBuilder::big_endian(1) +
                          HeaderBuilder::big_endian(1) + std::string(16 + 512, '\0');
  const Files database = {{"var/lib/rpm/rpmdb.sqlite", testdata("rpmdb.sqlite")}};
  Files with_log = database;
  with_log["var/lib/rpm/rpmdb.sqlite-wal"] = log;
  const auto warned = inventory_of({with_log});
  ASSERT_TRUE(warned) << warned.error().to_string();
  ASSERT_THAT(warned->diagnostics, SizeIs(1));
  EXPECT_EQ(warned->diagnostics[0].path, "var/lib/rpm/rpmdb.sqlite-wal");
  EXPECT_THAT(warned->diagnostics[0].message, HasSubstr("holds 1 pages"));
  Files with_empty_log = database;
  with_empty_log["var/lib/rpm/rpmdb.sqlite-wal"] = "";
  const auto quiet = inventory_of({with_empty_log});
  ASSERT_TRUE(quiet);
  EXPECT_THAT(quiet->diagnostics, IsEmpty());
}

}  // namespace
}  // namespace bulkhead::inventory
