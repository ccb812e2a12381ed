#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "layer/analyse.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

namespace fs = std::filesystem;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() { fs::create_directory(root_); }

  void file(const fs::path& path, std::string_view content) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
  }
  void symlink(const fs::path& path, const fs::path& target) {
    fs::create_directories((root_ / path).parent_path());
    fs::create_symlink(target, root_ / path);
  }

  std::string visible(std::vector<std::string> patterns) {
    const EchoAnalyser analyser("echo", std::move(patterns));
    const Analyser* const all[] = {&analyser};
    oci::Image image;
    image.layers.emplace_back();
    image.layers[0].kind = oci::Layer::Kind::kDirectory;
    image.layers[0].directory = root_;
    const auto merged = analyse_image(image, *AnalyserSet::create(all), {});
    if (!merged) return merged.error().to_string();
    EXPECT_TRUE(merged->missing().empty());
    denied_.clear();
    std::vector<const FileFact*> facts = merged->visible("echo");
    std::erase_if(facts, [&](const FileFact* fact) {
      if (!fact->error.contains("Permission denied (scan as a user who may read it")) return false;
      denied_ += fact->path + ' ';
      return true;
    });
    return listing_of(facts);
  }

  const TemporaryFolder outer_;
  const fs::path outside_ = outer_.path();
  fs::path root_ = outside_ / "root";
  std::string denied_;
};

TEST_F(DirectoryTest, FindsWantedFiles) {
  file("var/lib/dpkg/status", "s");
  file("var/lib/dpkg/status.d/base", "b");
  file("var/lib/dpkg/status.d/tz", "t");
  file("app/a.json", "1");
  file("app/deep/er/b.json", "2");
  file("app/c.txt", "3");
  EXPECT_EQ(visible({"var/lib/dpkg/status", "var/lib/dpkg/status.d/*", "etc/missing"}),
            "var/lib/dpkg/status@0=s var/lib/dpkg/status.d/base@0=b var/lib/dpkg/status.d/tz@0=t");
  EXPECT_EQ(visible({"*/*.json"}), "app/a.json@0=1");
  EXPECT_EQ(visible({"*/deep/*/*.json", "app/*"}), "app/a.json@0=1 app/c.txt@0=3 app/deep/er/b.json@0=2");
}

TEST_F(DirectoryTest, FollowsLinksBelowTheRootOnly) {
  file("usr/lib/os-release", "os");
  symlink("etc/os-release", "../usr/lib/os-release");
  symlink("lib", "usr/lib");
  EXPECT_EQ(visible({"etc/os-release", "lib/os-release"}), "usr/lib/os-release@0=os");

  std::ofstream(outside_ / "secret") << "outside";
  symlink("relative", "../secret");
  symlink("absolute", outside_ / "secret");
  symlink("folder", "..");
  symlink("real", "/usr/lib/os-release");
  EXPECT_EQ(visible({"relative", "absolute", "folder/secret", "*/secret"}), "");
  EXPECT_EQ(visible({"real"}), "usr/lib/os-release@0=os");
  file("secret", "inside");
  EXPECT_EQ(visible({"relative", "folder/secret"}), "secret@0=inside");
}

TEST_F(DirectoryTest, FollowsLinksInTheFoldersOfPatterns) {
  file("store/1/package.json", "1");
  file("store/blob", "2");
  symlink("app/node_modules/one", "../../store/1");
  symlink("app/two/package.json", "../../store/blob");
  EXPECT_EQ(visible({"*/node_modules/*/package.json"}), "store/1/package.json@0=1");
  EXPECT_EQ(visible({"*/*/package.json"}), "store/1/package.json@0=1 store/blob@0=2");
}

TEST_F(DirectoryTest, SurvivesLinksInCircles) {
  symlink("a", "b");
  symlink("b", "a");
  symlink("c/c", "../c");
  EXPECT_EQ(visible({"a", "a/x", "c/c/c/c/x", "*/*/x"}), "");
}

TEST_F(DirectoryTest, OpensOnlyRegularFiles) {
  file("d/file", "x");
  ASSERT_EQ(::mkfifo((root_ / "d/fifo").c_str(), 0600), 0);
  fs::create_directory(root_ / "d/folder");
  if (::mknod((root_ / "d/device").c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0) EXPECT_NE(::geteuid(), 0U);
  EXPECT_EQ(visible({"d/*", "d/fifo", "d/device"}), "d/file@0=x");
  EXPECT_EQ(visible({"*/*"}), "d/file@0=x");
}

TEST_F(DirectoryTest, ReadsAWholeMachinesRoot) {
  root_ = "/";
  const std::string found = visible({"etc/hostname", "etc/passwd", "proc/self/status"});
  EXPECT_NE(found.find("etc/passwd@0=root:"), std::string::npos) << found;
}

TEST_F(DirectoryTest, ReportsLargeFilesAndErrorsOfAnalysers) {
  file("bad", "bad");
  file("large", std::string(100, 'x'));
  const EchoAnalyser analyser("echo", std::vector<WantedPath>{{.pattern = "*", .max_bytes = 99}});
  const Analyser* const all[] = {&analyser};
  const auto facts = analyse_directory(root_, *AnalyserSet::create(all), {});
  ASSERT_TRUE(facts);
  ASSERT_EQ(facts->facts.size(), 2U);
  EXPECT_EQ(facts->facts[0].error, "bad content");
  EXPECT_EQ(facts->facts[1].error, "file of 100 bytes was not read: larger than 99 bytes");
}

TEST_F(DirectoryTest, NamesTheFoldersAndFilesThatItMayNotRead) {
  BULKHEAD_NEED(::geteuid() == 0, "needs root to take rights away from somebody else");
  // As somebody else, in a child: root may read everything.
  ASSERT_EQ(::chmod(outside_.c_str(), 0755), 0);
  file("etc/db", "x");
  file("etc/open", "o");
  file("etc/locked/db", "y");
  file("usr/unlisted/db", "z");
  ASSERT_EQ(::chmod((root_ / "etc/db").c_str(), 0600), 0);
  ASSERT_EQ(::chmod((root_ / "etc/locked").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((root_ / "usr/unlisted").c_str(), 0711), 0);
  const struct {
    std::vector<std::string> patterns;
    std::string_view visible;
    std::string_view denied;
  } kCases[] = {
      {{"etc/open", "etc/none"}, "etc/open@0=o", ""}, {{"etc/db"}, "", "etc/db "},
      {{"etc/locked/db"}, "", "etc/locked/db "},      {{"etc/locked/*"}, "", "etc/locked "},
      {{"usr/*/db"}, "usr/unlisted/db@0=z", ""},      {{"usr/unlisted/*"}, "", "usr/unlisted "},
      {{"etc/*/db"}, "", "etc/locked/db "},
  };
  EXPECT_EXIT(
      {
        if (::setgid(65534) != 0 || ::setuid(65534) != 0) std::exit(2);
        int wrong = 0;
        for (const auto& c : kCases) {
          const std::string found = visible(c.patterns);
          if (found == c.visible && denied_ == c.denied) continue;
          std::fprintf(stderr, "%s: '%s' | '%s'\n", c.patterns[0].c_str(), found.c_str(), denied_.c_str());
          ++wrong;
        }
        std::exit(wrong == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(DirectoryTest, SaysWhenThereIsNoSuchDirectory) {
  root_ /= "missing";
  EXPECT_NE(visible({"x"}).find("No such file or directory"), std::string::npos);
}

TEST_F(DirectoryTest, BoundsHowMuchItLooksAt) {
  for (int i = 0; i < 50; ++i) file("many/" + std::to_string(i), "");
  const EchoAnalyser analyser("echo", {"many/*"});
  const Analyser* const all[] = {&analyser};
  const auto facts = analyse_directory(root_, *AnalyserSet::create(all), {.limits = {.max_entries = 20}});
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::layer
