// The whole way: tar layers, analysers, merge, inventory.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_builder.h"
#include "base/fs.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "inventory/cataloger.h"
#include "layer/analyse.h"
#include "layer/test_layers.h"

namespace bulkhead::inventory {
namespace {

using archive::TarBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<layer::MergedImage> merged(const std::vector<TarBuilder>& layers) {
  std::vector<std::string> archives;
  for (const TarBuilder& builder : layers) archives.push_back(builder.finish());
  const auto analysers = inventory_analysers();
  return layer::analyse_image(layer::image_of(archives), *layer::AnalyserSet::create(analysers), {});
}

Result<Inventory> inventory_of(const std::vector<TarBuilder>& layers) {
  TRY_ASSIGN(const layer::MergedImage image, merged(layers));
  TRY_ASSIGN(Inventory inventory, take_inventory(image));
  TRY(load_files(image, inventory));
  return inventory;
}

// "name version @layer" of each package.
std::vector<std::string> lines(const Result<Inventory>& inventory) {
  if (!inventory) return {inventory.error().to_string()};
  std::vector<std::string> all;
  for (const Package& package : inventory->packages) {
    all.push_back(package.name + " " + package.version + " @" + std::to_string(package.layer));
  }
  return all;
}

std::string testdata(std::string_view name) {
  auto text = read_file(testdata_path(name), 4 << 20);
  EXPECT_TRUE(text) << name;
  return text ? *text : std::string();
}

std::string deb(std::string_view name, std::string_view version) {
  return "Package: " + std::string(name) +
         "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + std::string(version) + "\n\n";
}

constexpr std::string_view kBookworm = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";

TEST(Inventory, OfADebianImageHasSystemPackagesFilesLicencesAndLayers) {
  const auto inventory = inventory_of(
      {TarBuilder()
           .symlink("etc/os-release", "../usr/lib/os-release")
           .file("usr/lib/os-release", kBookworm)
           .file("var/lib/dpkg/status", deb("bash", "5.2") + deb("libgcc-s1", "12"))
           .file("var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n")
           .file("var/lib/dpkg/info/libgcc-s1:amd64.list", "/lib/x86_64-linux-gnu/libgcc_s.so.1\n")
           .file("usr/share/doc/bash/copyright", "Format: 1.0\n\nFiles: *\nCopyright: FSF\nLicense: GPL-3+\n"),
       TarBuilder().file("var/lib/dpkg/status", deb("bash", "5.2") + deb("curl", "7.88") + deb("libgcc-s1", "12")),
       TarBuilder().file("tmp/unrelated")});
  ASSERT_TRUE(inventory) << inventory.error().to_string();
  EXPECT_EQ(inventory->os.id, "debian");
  EXPECT_EQ(inventory->os.version_id, "12");
  EXPECT_EQ(inventory->os.found_in, "usr/lib/os-release");
  EXPECT_THAT(lines(inventory), ElementsAre("bash 5.2 @0", "curl 7.88 @1", "libgcc-s1 12 @0"));
  const Package& bash = inventory->packages[0];
  EXPECT_THAT(bash.files, ElementsAre("/bin", "/bin/bash"));
  EXPECT_THAT(bash.licenses, ElementsAre("GPL-3.0-or-later"));
  EXPECT_THAT(bash.locations, ElementsAre("var/lib/dpkg/status"));
  EXPECT_THAT(inventory->packages[2].files, ElementsAre("/lib/x86_64-linux-gnu/libgcc_s.so.1"));
  EXPECT_THAT(inventory->diagnostics, IsEmpty());
}

TEST(Inventory, OfADistrolessImageReadsOneFilePerPackage) {
  const auto inventory = inventory_of(
      {TarBuilder()
           .file("etc/os-release", kBookworm)
           .file("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n")
           .file("var/lib/dpkg/status.d/base.md5sums", "e11d70c96979a1328ae4e7e50542782b  etc/debian_version\n"),
       TarBuilder().file("var/lib/dpkg/status.d/libssl3",
                         "Package: libssl3\nVersion: 3.0.11-1\nArchitecture: amd64\n")});
  EXPECT_THAT(lines(inventory), ElementsAre("base-files 12.4 @0", "libssl3 3.0.11-1 @1"));
}

TEST(Inventory, OfARealAlpine) {
  const auto inventory =
      inventory_of({TarBuilder()
                        .file("etc/os-release", "ID=alpine\nVERSION_ID=3.9.4\n")
                        .file("etc/apk/repositories", "http://dl-cdn.alpinelinux.org/alpine/v3.9/main\n")
                        .file("lib/apk/db/installed", testdata("apk/alpine-3.9"))});
  ASSERT_TRUE(inventory) << inventory.error().to_string();
  EXPECT_EQ(inventory->os.version_id, "3.9.4");
  ASSERT_EQ(inventory->packages.size(), 14U);
  const auto busybox = std::find_if(inventory->packages.begin(), inventory->packages.end(),
                                    [](const Package& package) { return package.name == "busybox"; });
  EXPECT_THAT(busybox->files, testing::Contains("/bin/busybox"));
}

TEST(Inventory, InfersAlpineFromItsRepositoriesAndSaysSo) {
  constexpr std::string_view kRepositories = "http://dl-cdn.alpinelinux.org/alpine/v3.9/main\n";
  const auto inferred = inventory_of({TarBuilder().file("etc/apk/repositories", kRepositories)});
  ASSERT_TRUE(inferred);
  EXPECT_EQ(inferred->os.id + inferred->os.version_id, "alpine3.9");
  ASSERT_EQ(inferred->diagnostics.size(), 1U);
  EXPECT_EQ(inferred->diagnostics[0].path, "etc/apk/repositories");
  EXPECT_THAT(inferred->diagnostics[0].message, HasSubstr("Alpine Linux 3.9 is inferred"));
  const auto told = inventory_of({TarBuilder()
                                      .file("etc/apk/repositories", kRepositories)
                                      .file("etc/os-release", "ID=alpine\nVERSION_ID=3.8.1\n")});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->os.version_id, "3.9");
  EXPECT_THAT(told->diagnostics, IsEmpty());
}

TEST(Inventory, FollowsApksDatabaseThroughUsrMerge) {
  const auto inventory = inventory_of(
      {TarBuilder().symlink("lib", "usr/lib").file("usr/lib/apk/db/installed", "P:musl\nV:1.2-r0\nA:x86_64\n\n"),
       TarBuilder().file("lib/apk/db/installed", "P:musl\nV:1.2-r0\nA:x86_64\n\nP:curl\nV:8-r0\nA:x86_64\n\n")});
  EXPECT_THAT(lines(inventory), testing::Contains("musl 1.2-r0 @0"));
}

// Each is what a longer file leaves when it is cut at the end of a line.
TEST(Inventory, IsRefusedWhenADatabaseWasCutOff) {
  constexpr std::string_view kStatus = "Package: a\nStatus: install ok installed\nVersion: 1\nDescription: d";
  for (const auto& [path, text] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"lib/apk/db/installed", "C:Q1\nP:libssl1.1\nV:1.1.1a-r0\nA:x86_64\n"},
           {"usr/lib/apk/db/installed", "C:Q1\nP:libssl1.1\nV:1.1.1a-r0\nA:x86_64\n"},
           {"var/lib/dpkg/status", kStatus},
           {"var/lib/opkg/status", kStatus},
           {"usr/lib/opkg/status", kStatus},
           {"var/lib/dpkg/status.d/a", "Package: a\nArchitecture: amd64\n"}}) {
    const auto inventory = inventory_of({TarBuilder().file(path, text)});
    ASSERT_FALSE(inventory) << path;
    EXPECT_EQ(inventory.error().code(), Code::kMalformed);
    EXPECT_THAT(inventory.error().to_string(), HasSubstr(path));
    EXPECT_FALSE(inventory.error().remedy().empty()) << inventory.error().to_string();
  }
}

TEST(Inventory, OfAnEmptyImageIsEmpty) {
  const auto inventory = inventory_of({TarBuilder().file("hello")});
  ASSERT_TRUE(inventory);
  EXPECT_FALSE(inventory->os.known());
  EXPECT_THAT(inventory->packages, IsEmpty());
}

TEST(Inventory, IsRefusedWhenADatabaseIsDamaged) {
  for (const std::string_view path : {"var/lib/dpkg/status", "var/lib/dpkg/status.d/x", "lib/apk/db/installed"}) {
    const auto inventory = inventory_of({TarBuilder().file(path, "\x7f garbage\n")});
    ASSERT_FALSE(inventory) << path;
    EXPECT_EQ(inventory.error().code(), Code::kMalformed);
    EXPECT_THAT(inventory.error().to_string(), HasSubstr(path));
    EXPECT_THAT(inventory.error().to_string(), HasSubstr("line 1"));
    EXPECT_FALSE(inventory.error().remedy().empty()) << inventory.error().to_string();
  }
}

TEST(Inventory, LeavesTheSizeOfDatabasesToTheLimitThatHasAnOption) {
  int databases = 0;
  for (const layer::Analyser* analyser : inventory_analysers()) {
    if (!analyser->name().ends_with("-packages")) continue;
    ++databases;
    for (const layer::WantedPath& wanted : analyser->wants()) EXPECT_EQ(wanted.max_bytes, UINT64_MAX) << wanted.pattern;
  }
  EXPECT_EQ(databases, 3);
}

TEST(Inventory, IsRefusedWhenTheFolderOfADatabaseMayNotBeRead) {
  BULKHEAD_NEED(::geteuid() == 0, "needs root to take rights away from somebody else");
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const fs::path root = folder.path();
  ASSERT_EQ(::chmod(root.c_str(), 0755), 0);
  const auto put = [&](const fs::path& path, std::string_view content) {
    fs::create_directories((root / path).parent_path());
    ASSERT_TRUE(write_file_atomically((root / path).string(), content));
    ASSERT_EQ(::chmod((root / path).c_str(), 0644), 0);
  };
  put("etc/os-release", kBookworm);
  put("var/lib/dpkg/status", deb("bash", "5"));
  put("var/lib/rpm/none", "");
  put("usr/share/doc/bash/copyright", "Format: 1.0\n");
  put("lib/apk/db/none", "");
  const auto as_nobody = [&] {
    oci::Image image;
    image.layers.emplace_back();
    image.layers[0].kind = oci::Layer::Kind::kDirectory;
    image.layers[0].directory = root;
    const auto analysers = inventory_analysers();
    const auto merged = layer::analyse_image(image, *layer::AnalyserSet::create(analysers), {});
    if (!merged) return std::string("merge failed");
    const auto inventory = take_inventory(*merged);
    if (!inventory) {
      const std::string text = inventory.error().to_string();
      const bool is_named = !text.contains(": :") && !text.contains("/: P") && text.contains("Permission denied");
      return fmt::format(
          "{}{}", is_named ? code_name(inventory.error().code()) : text,
          inventory.error().remedy().contains("scan as") && !inventory.error().remedy().contains("repair") ? "!" : "");
    }
    return fmt::format("{} packages, {} diagnostics", inventory->packages.size(), inventory->diagnostics.size());
  };
  const struct {
    std::string_view locked;
    std::string_view answer;
  } kCases[] = {
      {"tmp", "1 packages, 0 diagnostics"},
      {"usr/share/doc/bash", "1 packages, 1 diagnostics"},
      {"var/lib/dpkg", "malformed!"},
      {"var/lib/dpkg/status", "malformed!"},
      {"var/lib/rpm", "malformed!"},
      {"lib/apk/db", "malformed!"},
      {"etc", "malformed!"},
      {"", "malformed!"},
  };
  fs::create_directories(root / "tmp");
  EXPECT_EXIT(
      {
        int wrong = 0;
        for (const auto& c : kCases) {
          (void)::chmod((root / c.locked).c_str(), 0);
          const bool dropped = ::setegid(65534) == 0 && ::seteuid(65534) == 0;
          const std::string answer = dropped ? as_nobody() : "still root";
          (void)(::seteuid(0) == 0 && ::setegid(0) == 0);
          (void)::chmod((root / c.locked).c_str(), 0755);
          if (answer == c.answer) continue;
          std::fprintf(stderr, "%s: %s\n", std::string(c.locked).c_str(), answer.c_str());
          ++wrong;
        }
        std::exit(wrong == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Inventory, DoesNotMindADamagedDatabaseThatAnUpperLayerReplaced) {
  EXPECT_THAT(lines(inventory_of({TarBuilder().file("var/lib/dpkg/status", "garbage\n"),
                                  TarBuilder().file("var/lib/dpkg/status", deb("bash", "5"))})),
              ElementsAre("bash 5 @1"));
}

TEST(Inventory, SeesNoPackagesOfARemovedDatabase) {
  EXPECT_THAT(lines(inventory_of({TarBuilder().file("var/lib/dpkg/status", deb("bash", "5")),
                                  TarBuilder().file("var/lib/dpkg/.wh.status")})),
              IsEmpty());
}

TEST(Inventory, ListsFilesWhereTheyTellWhoInstalledALanguagesPackage) {
  const auto image = merged({TarBuilder()
                                 .file("var/lib/dpkg/status", deb("python3-six", "1.16-4"))
                                 .file("var/lib/dpkg/info/python3-six.list", "/usr/lib/python3/six.egg-info\n")});
  ASSERT_TRUE(image);
  auto inventory = take_inventory(*image);
  ASSERT_TRUE(inventory) << inventory.error().to_string();
  ASSERT_TRUE(load_files_of_owners(*image, *inventory));
  ASSERT_EQ(inventory->packages.size(), 1U);
  EXPECT_TRUE(inventory->packages[0].files.empty());
  inventory->packages.push_back({.type = PackageType::kPypi, .name = "six", .version = "1.16"});
  ASSERT_TRUE(load_files_of_owners(*image, *inventory));
  EXPECT_EQ(inventory->packages[0].files, std::vector<std::string>{"/usr/lib/python3/six.egg-info"});
}

}  // namespace
}  // namespace bulkhead::inventory
