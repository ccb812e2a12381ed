// Real package databases against what the tools that own them say of them.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/process.h"
#include "base/test_data.h"
#include "base/text.h"
#include "inventory/apk/installed.h"
#include "inventory/dpkg/status.h"

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;

std::string database(std::string_view name) {
  auto text = read_file(testdata_path(name), 4 << 20);
  EXPECT_TRUE(text) << name;
  return text ? *text : std::string();
}

const Package* find(const std::vector<Package>& packages, std::string_view name) {
  const auto found = std::find_if(packages.begin(), packages.end(), [&](const Package& p) { return p.name == name; });
  return found == packages.end() ? nullptr : &*found;
}

struct Known {
  std::string_view name, version, architecture, source_name, source_version;
};

void expect(const std::vector<Package>& packages, const Known& known) {
  const Package* package = find(packages, known.name);
  ASSERT_NE(package, nullptr) << known.name;
  EXPECT_EQ(package->version, known.version);
  EXPECT_EQ(package->architecture, known.architecture);
  EXPECT_EQ(package->source_name, known.source_name);
  EXPECT_EQ(package->source_version, known.source_version);
}

TEST(RealDpkgStatus, OfADebianBullseyeMinbase) {
  const auto packages = parse_dpkg_status(database("dpkg/bullseye-minbase.status"), {.must_end_with_newline = true});
  ASSERT_TRUE(packages) << packages.error().to_string();
  EXPECT_EQ(packages->size(), 96U);
  expect(*packages, {"adduser", "3.118+deb11u1", "all", "adduser", "3.118+deb11u1"});
  expect(*packages, {"bash", "5.1-2+deb11u1", "amd64", "bash", "5.1-2+deb11u1"});
  expect(*packages, {"libc6", "2.31-13+deb11u11", "amd64", "glibc", "2.31-13+deb11u11"});
  expect(*packages, {"zlib1g", "1:1.2.11.dfsg-2+deb11u2", "amd64", "zlib", "1:1.2.11.dfsg-2+deb11u2"});
}

TEST(RealDpkgStatus, OfAnUbuntuBionicMinbase) {
  const auto packages = parse_dpkg_status(database("dpkg/bionic-minbase.status"), {.must_end_with_newline = true});
  ASSERT_TRUE(packages) << packages.error().to_string();
  EXPECT_EQ(packages->size(), 88U);
  expect(*packages, {"libc-bin", "2.27-3ubuntu1", "amd64", "glibc", "2.27-3ubuntu1"});
}

// dpkg-query lists what it takes for present in any way; what is gone but for its configuration is left out here.
TEST(RealDpkgStatus, IsReadAsDpkgReadsIt) {
  constexpr std::string_view kStates =
      "Package: a\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\nMaintainer: m\nDescription: d\n\n"
      "Package: b\nStatus: install ok half-configured\nArchitecture: all\nSource: x (3)\nVersion: 1\nMaintainer: m\n"
      "Description: d\n\n"
      "Package: c\nStatus: hold ok unpacked\nArchitecture: all\nSource: x\nVersion: 1:2-3\nMaintainer: m\nDescription: "
      "d\n\n";
  const std::string folder = testing::TempDir() + "/bulkhead-dpkg";
  for (const std::string& status :
       {database("dpkg/bullseye-minbase.status"), database("dpkg/bionic-minbase.status"), std::string(kStates)}) {
    ASSERT_TRUE(make_directories(folder + "/updates"));
    ASSERT_TRUE(make_directories(folder + "/info"));
    ASSERT_TRUE(write_file_atomically(folder + "/status", status));
    const auto listed = run_process(
        {.arguments = {
             "dpkg-query", "--admindir=" + folder, "-W", "-f",
             "${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n"}});
    BULKHEAD_NEED(listed || listed.error().code() != Code::kNotFound, "dpkg-query is not installed here");
    ASSERT_TRUE(listed) << listed.error().to_string();
    std::vector<std::string> theirs;
    std::string_view rest = listed->output;
    std::string_view line;
    while (next_line(rest, line)) {
      const size_t space = line.find(' ');
      if (line.substr(0, space) != "config-files") theirs.emplace_back(line.substr(space + 1));
    }
    std::vector<std::string> ours;
    const auto packages = parse_dpkg_status(status, {.must_end_with_newline = true});
    ASSERT_TRUE(packages) << packages.error().to_string();
    for (const Package& p : *packages) {
      ours.push_back(p.name + " " + p.version + " " + p.architecture + " " + p.source_name + " " + p.source_version);
    }
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    EXPECT_EQ(ours, theirs);
    EXPECT_FALSE(ours.empty());
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

TEST(RealApkInstalled, OfAlpine39) {
  const std::string text = database("apk/alpine-3.9");
  const auto packages = parse_apk_installed(text);
  ASSERT_TRUE(packages) << packages.error().to_string();
  EXPECT_EQ(packages->size(), 14U);
  expect(*packages, {"libcrypto1.1", "1.1.1b-r1", "x86_64", "openssl", "1.1.1b-r1"});
  expect(*packages, {"ssl_client", "1.29.3-r10", "x86_64", "busybox", "1.29.3-r10"});
  const auto lists = parse_apk_files(text);
  ASSERT_TRUE(lists);
  const auto busybox =
      std::find_if(lists->begin(), lists->end(), [](const FileList& list) { return list.name == "busybox"; });
  ASSERT_NE(busybox, lists->end());
  EXPECT_NE(std::find(busybox->files.begin(), busybox->files.end(), "/bin/busybox"), busybox->files.end());
}

// Their copies have lost the end that apk writes, and one has a package that apk itself would refuse.
TEST(RealApkInstalled, OfOtherScannersTests) {
  EXPECT_FALSE(parse_apk_installed(database("apk/installed-scalibr")));
  EXPECT_FALSE(parse_apk_installed(database("apk/installed-trivy")));
  const auto scalibr = parse_apk_installed(database("apk/installed-scalibr") + "\n");
  ASSERT_TRUE(scalibr) << scalibr.error().to_string();
  EXPECT_EQ(scalibr->size(), 15U);
  EXPECT_THAT(find(*scalibr, "alpine-baselayout")->licenses, ElementsAre("GPL-2.0-only"));
  std::string text = database("apk/installed-trivy") + "\n\n";
  constexpr std::string_view kInvalid = "P:invalidPackageWithoutAVersion\n";
  const size_t invalid = text.find(kInvalid);
  ASSERT_NE(invalid, std::string::npos);
  text.erase(invalid, kInvalid.size());
  const auto trivy = parse_apk_installed(text);
  ASSERT_TRUE(trivy) << trivy.error().to_string();
  EXPECT_EQ(trivy->size(), 15U);
  EXPECT_THAT(find(*trivy, "busybox")->licenses, ElementsAre("GPL-2.0-only"));
}

}  // namespace
}  // namespace bulkhead::inventory
