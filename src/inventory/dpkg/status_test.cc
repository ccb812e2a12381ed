#include "inventory/dpkg/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const Result<std::vector<Package>>& packages) {
  if (!packages) return {packages.error().to_string()};
  std::vector<std::string> all;
  for (const Package& package : *packages) all.push_back(package.name);
  return all;
}

std::string stanza(std::string_view status, std::string_view rest = "Version: 1\n") {
  return "Package: a\nStatus: " + std::string(status) + "\n" + std::string(rest) + "\n";
}

TEST(DpkgStatus, ReadsEveryFieldThatMatters) {
  const auto packages = parse_dpkg_status(
      "Package: libgcc-s1\n"
      "Status: install ok installed\n"
      "Priority: optional\n"
      "Maintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>\n"
      "Architecture: amd64\n"
      "Source: gcc-12 (12.2.0-14+deb12u1)\n"
      "Version: 12.2.0-14+deb12u1+b2\n"
      "Origin: Debian\n"
      "License: GPL-3.0-only\n"
      "Built-Using: binutils (= 2.40-2),\n"
      " glibc (= 2.36-9)\n"
      "X-Cargo-Built-Using: rust-libc (= 0.2.139-1)\n"
      "Static-Built-Using: zlib (= 1:1.2.13.dfsg-1), glibc (= 2.36-9)\n"
      "Description: GCC support library\n"
      " Shared version of the support library.\n"
      " .\n"
      " Version: this is text, not a field\n");
  ASSERT_TRUE(packages) << packages.error().to_string();
  ASSERT_EQ(packages->size(), 1U);
  const Package& package = packages->front();
  EXPECT_EQ(package.type, PackageType::kDeb);
  EXPECT_EQ(package.name, "libgcc-s1");
  EXPECT_EQ(package.version, "12.2.0-14+deb12u1+b2");
  EXPECT_EQ(package.architecture, "amd64");
  EXPECT_EQ(package.source_name, "gcc-12");
  EXPECT_EQ(package.source_version, "12.2.0-14+deb12u1");
  EXPECT_TRUE(package.source_epoch_known);
  EXPECT_EQ(package.maintainer, "Debian GCC Maintainers <debian-gcc@lists.debian.org>");
  EXPECT_EQ(package.vendor, "Debian");
  EXPECT_THAT(package.licenses, ElementsAre("GPL-3.0-only"));
  EXPECT_THAT(package.built_using, ElementsAre("binutils (= 2.40-2)", "glibc (= 2.36-9)", "rust-libc (= 0.2.139-1)",
                                               "zlib (= 1:1.2.13.dfsg-1)"));
}

TEST(DpkgStatus, TakesTheBinaryNameAndVersionWhereTheSourceIsNotGiven) {
  const auto packages =
      parse_dpkg_status("Package: bash\nVersion: 5.2\n\nPackage: dash\nSource: dash-src\nVersion: 1\n");
  ASSERT_TRUE(packages);
  EXPECT_EQ((*packages)[0].source_name, "bash");
  EXPECT_EQ((*packages)[0].source_version, "5.2");
  EXPECT_EQ((*packages)[1].source_name, "dash-src");
  EXPECT_EQ((*packages)[1].source_version, "1");
}

struct State {
  std::string_view status;
  bool counts;
};
class DpkgState : public testing::TestWithParam<State> {};

TEST_P(DpkgState, CountsWhenFilesAreOnTheDisk) {
  const auto packages = parse_dpkg_status(stanza(GetParam().status));
  ASSERT_TRUE(packages) << packages.error().to_string();
  EXPECT_EQ(packages->size(), GetParam().counts ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DpkgState,
    testing::Values(State{"install ok installed", true}, State{"hold ok installed", true},
                    State{"deinstall ok installed", true}, State{"purge ok installed", true},
                    State{"install reinstreq half-installed", true}, State{"install ok unpacked", true},
                    State{"install ok half-configured", true}, State{"install ok triggers-awaited", true},
                    State{"install ok triggers-pending", true}, State{"install user installed", true},
                    State{"install  ok\tinstalled", true}, State{"deinstall ok config-files", false},
                    State{"purge ok config-files", false}, State{"install ok not-installed", false},
                    State{"unknown ok not-installed", false}));

TEST(DpkgStatus, NeedsNoVersionOfWhatIsNotThere) {
  EXPECT_THAT(names(parse_dpkg_status(stanza("purge ok not-installed", ""))), IsEmpty());
  EXPECT_THAT(names(parse_dpkg_status(stanza("install reinstreq half-installed", ""))), IsEmpty());
  EXPECT_THAT(names(parse_dpkg_status("Package: virtual\n")), IsEmpty());
}

TEST(DpkgStatus, ReadsADistrolessStanzaWithoutStatus) {
  EXPECT_THAT(names(parse_dpkg_status("Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64")),
              ElementsAre("base-files"));
}

// Checked against dpkg 1.21 (dpkg --admindir=… -l).
TEST(DpkgStatus, AcceptsALastPackageThatDoesNotCountWithoutAnEmptyLineAfterIt) {
  const std::string installed = stanza("install ok installed");
  for (const std::string_view last :
       {"Package: b\nStatus: deinstall ok config-files\nVersion: 1\n", "Package: b\nStatus: unknown ok not-installed\n",
        "Package: b\nStatus: install reinstreq half-installed\n", "Package: b\n\n"}) {
    EXPECT_THAT(names(parse_dpkg_status(installed + std::string(last), {.must_end_with_newline = true})),
                ElementsAre("a"))
        << last;
  }
}

TEST(DpkgStatus, ReadsAnEmptyDatabase) {
  EXPECT_THAT(names(parse_dpkg_status("", {.must_end_with_newline = true})), IsEmpty());
  EXPECT_THAT(names(parse_dpkg_status("\n \n\n", {.must_end_with_newline = true})), IsEmpty());
}

struct Damage {
  std::string text;
  std::string_view complaint;
};
class DamagedDpkgStatus : public testing::TestWithParam<Damage> {};

TEST_P(DamagedDpkgStatus, IsRefusedWithTheLine) {
  const auto packages = parse_dpkg_status(GetParam().text, {.must_end_with_newline = true});
  ASSERT_FALSE(packages) << GetParam().text;
  EXPECT_EQ(packages.error().code(), Code::kMalformed);
  EXPECT_THAT(packages.error().message(), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DamagedDpkgStatus,
    testing::Values(Damage{"garbage\n\n", "line 1"}, Damage{"Package: a\nVersion: 1\nrubbish\n\n", "line 3"},
                    Damage{"Package: a\nStatus: install ok installed\nVersion: 1", "cut off"},
                    Damage{"Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\nStat", "cut off"},
                    Damage{"Package: a\nStatus: install ok installed\n\n", "no Version"},
                    Damage{"Package: a\n", "no Version"},
                    Damage{"Package: a\nStatus: deinstall ok config-files\n", "no Version"},
                    Damage{"Package: a\nStatus: install ok instal\nVersion: 1\n\n", "unknown package state"},
                    Damage{"Package: a\nStatus: installed\nVersion: 1\n\n", "unknown package state"},
                    Damage{"Package: a\nStatus:\nVersion: 1\n\n", "unknown package state"},
                    Damage{"Package:\nVersion: 1\n\n", "no valid Package"},
                    Damage{"Version: 1\n\n", "no valid Package"},
                    Damage{"Package: ../etc\nVersion: 1\n\n", "no valid Package"},
                    Damage{"Package: a\nVersion: 1 2\n\n", "no valid Version"},
                    Damage{"Package: a\nVersion: 1\n .\n\n", "no valid Version"},
                    Damage{"Package: a\nVersion: 1\nVersion: 2\n\n", "second Version"}, Damage{" goes on\n", "line 1"},
                    Damage{": x\n\n", "line 1"}, Damage{"#a: x\n\n", "line 1"},
                    Damage{std::string("Package: a\nVersion: 1\nX: \0y\n\n", 29), "NUL"},
                    Damage{std::string(4096, '\0') + "\n\n", "line 1"}));

// However a file is cut, what is left is not taken for the whole, unless all that matters of its last package is there.
TEST(DpkgStatus, IsNotBelievedWhereverItIsCutOff) {
  const std::string whole = stanza("install ok installed", "Source: b (2)\nVersion: 1\nDescription: x\n y\n .\n z\n");
  const std::string two = whole + whole;
  for (size_t size = 1; size < two.size(); ++size) {
    const auto packages = parse_dpkg_status(two.substr(0, size), {.must_end_with_newline = true});
    const std::string_view last = std::string_view(two).substr(size > whole.size() ? whole.size() : 0);
    const bool has_version =
        two.substr(0, size).substr(two.size() - last.size()).find("Version: 1\n") != std::string::npos;
    EXPECT_EQ(packages.has_value(), size == whole.size() || (has_version && two[size - 1] == '\n'))
        << two.substr(0, size);
  }
}

TEST(DpkgStatus, IsDamagedWhereAFileOfOnePackageHasNoVersion) {
  const auto packages = parse_dpkg_status("Package: base-files\nArchitecture: amd64\n", {.needs_version = true});
  ASSERT_FALSE(packages);
  EXPECT_THAT(packages.error().message(), HasSubstr("package base-files has no Version"));
}

TEST(DpkgStatus, StopsAtTheLimitOfPackages) {
  std::string text;
  for (int i = 0; i < 5; ++i) text += "Package: a\nVersion: 1\n\n";
  EXPECT_TRUE(parse_dpkg_status(text, {.max_packages = 5}));
  const auto packages = parse_dpkg_status(text, {.max_packages = 4});
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().code(), Code::kLimitExceeded);
}

TEST(DpkgStatus, ReadsAHugeFieldAndMillionsOfStanzasOfNothing) {
  const std::string huge = "Package: a\nVersion: 1\nDescription: x\n" + std::string(8 << 20, ' ') + "y\n";
  EXPECT_THAT(names(parse_dpkg_status(huge)), ElementsAre("a"));
  std::string many;
  for (int i = 0; i < 1'000'000; ++i) many += "Package: a\n\n";
  EXPECT_THAT(names(parse_dpkg_status(many)), IsEmpty());
}

TEST(DpkgFileList, GivesThePathsWithoutTheRoot) {
  EXPECT_THAT(parse_dpkg_file_list("/.\n/bin\n/bin/bash\n/usr/share/a b\n"),
              ElementsAre("/bin", "/bin/bash", "/usr/share/a b"));
  EXPECT_THAT(parse_dpkg_file_list("/usr/sbin/dropbear\t0100755\nrelative\n"), ElementsAre("/usr/sbin/dropbear"));
}

TEST(DpkgMd5sums, GivesAbsolutePaths) {
  EXPECT_THAT(parse_dpkg_md5sums("e11d70c96979a1328ae4e7e50542782b  usr/lib/libsqlite3.so.0.8.6\n"
                                 "9d8facc2fa9d2df52f1c7cb4e5fa4741  ./usr/share/doc/x\nshort\n"),
              ElementsAre("/usr/lib/libsqlite3.so.0.8.6", "/usr/share/doc/x"));
}

}  // namespace
}  // namespace bulkhead::inventory
