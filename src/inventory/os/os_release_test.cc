#include "inventory/os/os_release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

OsFileKind kind_of(std::string_view path) {
  if (path.ends_with("os-release")) return OsFileKind::kOsRelease;
  if (path.ends_with("system-release-cpe")) return OsFileKind::kReleaseCpe;
  if (path.ends_with("SuSE-release")) return OsFileKind::kSuseRelease;
  if (path.ends_with("lsb-release")) return OsFileKind::kLsbRelease;
  if (path.ends_with("alpine-release")) return OsFileKind::kAlpineRelease;
  if (path.ends_with("debian_version")) return OsFileKind::kDebianVersion;
  if (path.ends_with("arch-release")) return OsFileKind::kArchRelease;
  if (path.ends_with("apk/repositories")) return OsFileKind::kApkRepositories;
  return OsFileKind::kReleaseLine;
}

OperatingSystem identify(std::initializer_list<std::pair<std::string_view, std::string_view>> files) {
  std::vector<OsFile> list;
  for (const auto& [path, text] : files) list.push_back({kind_of(path), path, text});
  return identify_operating_system(list);
}

// testdata/os-files.txt: real files, each after "=== <name> <path> | <id> | <version id> | <code name>"; "?" for an
// unknown id.
TEST(OperatingSystemFiles, AreReadAsTheirDistributionsMeanThem) {
  const auto corpus = read_file(testdata_path("os-files.txt"), 1 << 20);
  ASSERT_TRUE(corpus);
  std::string_view rest = *corpus;
  size_t cases = 0;
  while (rest.starts_with("=== ")) {
    std::string_view header;
    next_line(rest, header);
    const size_t end = rest.find("=== ");
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end, rest.size()));
    const auto columns = split(header.substr(4), '|');
    ASSERT_EQ(columns.size(), 4U) << header;
    const std::string_view path = trim(columns[0]).substr(columns[0].find(' ') + 1);
    const OperatingSystem os = identify({{path, text}});
    const std::string_view id = trim(columns[1]);
    EXPECT_EQ(os.id, id == "?" ? "" : id) << header;
    EXPECT_EQ(os.version_id, trim(columns[2])) << header;
    EXPECT_EQ(os.codename, trim(columns[3])) << header;
    EXPECT_EQ(os.found_in, os.known() ? path : "") << header;
    ++cases;
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(cases, 38U);
}

TEST(OsRelease, ReadsEveryFieldThatMatters) {
  const OperatingSystem os = parse_os_release(
      "# comment\n\nNAME=\"Red Hat Enterprise Linux\"\nVERSION=\"8.9 (Ootpa)\"\nID=\"rhel\"\nID_LIKE=\"fedora "
      "centos\"\n"
      "VERSION_ID=\"8.9\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 8.9 (Ootpa)\"\n"
      "CPE_NAME=\"cpe:/o:redhat:enterprise_linux:8::baseos\"\nVARIANT_ID=container\nSUPPORT_END=2029-05-31\n");
  EXPECT_EQ(os.id, "rhel");
  EXPECT_THAT(os.id_like, ElementsAre("fedora", "centos"));
  EXPECT_EQ(os.version_id, "8.9");
  EXPECT_EQ(os.codename, "");
  EXPECT_EQ(os.name, "Red Hat Enterprise Linux");
  EXPECT_EQ(os.pretty_name, "Red Hat Enterprise Linux 8.9 (Ootpa)");
  EXPECT_EQ(os.cpe_name, "cpe:/o:redhat:enterprise_linux:8::baseos");
  EXPECT_EQ(os.variant_id, "container");
  EXPECT_EQ(os.support_end, "2029-05-31");
}

TEST(OsRelease, MakesUpAPrettyNameWhereNoneIsGiven) {
  EXPECT_EQ(parse_os_release("ID=x\n").pretty_name, "x");
  EXPECT_EQ(parse_os_release("ID=x\nNAME=\"X OS\"\nVERSION_ID=3\n").pretty_name, "X OS 3");
}

TEST(OsRelease, TakesTheCodeNameFromWhereverItStands) {
  EXPECT_EQ(parse_os_release("ID=ubuntu\nUBUNTU_CODENAME=xenial\n").codename, "xenial");
  EXPECT_EQ(parse_os_release("ID=debian\nVERSION=\"7 (wheezy)\"\n").codename, "wheezy");
  EXPECT_EQ(parse_os_release("ID=raspbian\nID_LIKE=debian\nVERSION=\"9 (stretch)\"\n").codename, "stretch");
  EXPECT_EQ(parse_os_release("ID=fedora\nVERSION=\"30 (container)\"\n").codename, "");
  EXPECT_EQ(parse_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nUBUNTU_CODENAME=jammy\nVERSION_CODENAME=vera\n")
                .codename,
            "vera");
}

TEST(OsRelease, RefusesAnIdThatNoDistributionHas) {
  EXPECT_FALSE(parse_os_release("ID=\"../../etc\"\n").known());
  EXPECT_FALSE(parse_os_release("ID=\"a b\"\n").known());
  EXPECT_FALSE(parse_os_release("ID=\n").known());
  EXPECT_FALSE(parse_os_release("NAME=x\n").known());
  EXPECT_EQ(parse_os_release("ID=OpenWrt\n").id, "openwrt");
}

struct Quoted {
  std::string_view text;
  std::string_view value;
};
class ShellValue : public testing::TestWithParam<Quoted> {};

TEST_P(ShellValue, IsUnquotedAsAShellWould) {
  const std::string text = "A=" + std::string(GetParam().text);
  EXPECT_THAT(parse_shell_assignments(text), ElementsAre(Pair("A", std::string(GetParam().value))));
}

INSTANTIATE_TEST_SUITE_P(Cases, ShellValue,
                         testing::Values(Quoted{"", ""}, Quoted{"x", "x"}, Quoted{"\"x y\"", "x y"},
                                         Quoted{"'x y'", "x y"}, Quoted{"\"a\\\"b\\$c\\\\d\\`e\"", "a\"b$c\\d`e"},
                                         Quoted{"\"a\\nb\"", "a\\nb"}, Quoted{"'a\\nb\"'", "a\\nb\""},
                                         Quoted{"a\\ b", "a b"}, Quoted{"a b", "a"}, Quoted{"a # comment", "a"},
                                         Quoted{"\"a\"'b'c", "abc"}, Quoted{"\"open", "open"}, Quoted{"\"\"", ""},
                                         Quoted{"a\\", "a\\"}, Quoted{"x\r", "x"}, Quoted{"$HOME", "$HOME"}));

TEST(ShellAssignments, PassOverWhatIsNone) {
  EXPECT_THAT(parse_shell_assignments("#A=1\nA\n=1\n1A=2\nA B=3\n  B=4\n"), ElementsAre(Pair("B", "4")));
  EXPECT_THAT(parse_shell_assignments(std::string(1000, '\0')), IsEmpty());
}

TEST(OperatingSystem, IsToldByEtcBeforeUsrLib) {
  const OperatingSystem os =
      identify({{"usr/lib/os-release", "ID=fedora\nVERSION_ID=39\n"}, {"etc/os-release", "ID=mine\n"}});
  EXPECT_EQ(os.id, "mine");
  EXPECT_EQ(os.found_in, "etc/os-release");
}

TEST(OperatingSystem, IsToldByTheNextFileWhenOneSaysNothing) {
  EXPECT_EQ(identify({{"etc/os-release", ""}, {"usr/lib/os-release", "ID=fedora\n"}}).id, "fedora");
  EXPECT_EQ(
      identify({{"etc/os-release", "NAME=\"\"\n"}, {"etc/redhat-release", "CentOS release 6.10 (Final)\n"}}).version_id,
      "6.10");
  EXPECT_FALSE(identify({}).known());
  EXPECT_FALSE(identify({{"etc/redhat-release", "Some Other Linux 4\n"}}).known());
}

TEST(OperatingSystem, IsTheRebuildNotWhatItRebuilds) {
  const OperatingSystem os =
      identify({{"etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n"},
                {"etc/oracle-release", "Oracle Linux Server release 6.10\n"}});
  EXPECT_EQ(os.id, "ol");
  EXPECT_EQ(os.version_id, "6.10");
  EXPECT_EQ(os.name, "Oracle Linux Server");
}

struct OldFile {
  std::string_view path, text, id, version_id, codename;
};
class OldReleaseFile : public testing::TestWithParam<OldFile> {};

TEST_P(OldReleaseFile, TellsTheSystem) {
  const OperatingSystem os = identify({{GetParam().path, GetParam().text}});
  EXPECT_EQ(os.id, GetParam().id) << GetParam().text;
  EXPECT_EQ(os.version_id, GetParam().version_id) << GetParam().text;
  EXPECT_EQ(os.codename, GetParam().codename) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, OldReleaseFile,
    testing::Values(
        OldFile{"etc/alpine-release", "3.19.1\n", "alpine", "3.19.1", ""},
        OldFile{"etc/alpine-release", "3.21.0_alpha20240923\n", "alpine", "3.21.0_alpha20240923", ""},
        OldFile{"etc/alpine-release", "junk\n", "", "", ""},
        OldFile{"etc/redhat-release", "Red Hat Enterprise Linux Server release 7.9 (Maipo)\n", "rhel", "7.9", ""},
        OldFile{"etc/redhat-release", "CentOS Stream release 9\n", "centos", "9", ""},
        OldFile{"etc/fedora-release", "Fedora release 35 (Thirty Five)\n", "fedora", "35", ""},
        OldFile{"etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn", "2018.03", ""},
        OldFile{"etc/system-release", "Amazon Linux release 2 (Karoo)\n", "amzn", "2", ""},
        OldFile{"etc/photon-release", "VMware Photon Linux 3.0\nPHOTON_BUILD_NUMBER=49d932d\n", "photon", "3.0", ""},
        OldFile{"etc/mariner-release", "CBL-Mariner 2.0.20230407\nMARINER_BUILD_NUMBER=1\n", "mariner", "2.0.20230407",
                ""},
        OldFile{"etc/openEuler-release", "openEuler release 22.03 LTS\n", "openeuler", "22.03", ""},
        OldFile{"etc/system-release-cpe", "cpe:/o:redhat:enterprise_linux:6server:ga:server\n", "rhel", "6", ""},
        OldFile{"etc/system-release-cpe", "cpe:/o:amazon:linux:2018.03:ga\n", "amzn", "2018.03", ""},
        OldFile{"etc/system-release-cpe", "cpe:2.3:o:amazon:amazon_linux:2\n", "amzn", "2", ""},
        OldFile{"etc/system-release-cpe", "cpe:/o:fedoraproject:fedora\n", "fedora", "", ""},
        OldFile{"etc/system-release-cpe", "cpe:/a:redhat:enterprise_linux:6\n", "", "", ""},
        OldFile{"etc/system-release-cpe", "cpe:/o:centos:linuxes:6\n", "", "", ""},
        OldFile{"etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n", "sles",
                "11.4", ""},
        OldFile{"etc/SuSE-release", "SUSE Linux Enterprise Desktop 12 (x86_64)\nVERSION = 12\nPATCHLEVEL = 0\n", "sled",
                "12.0", ""},
        OldFile{"etc/SuSE-release", "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n", "opensuse", "13.1",
                ""},
        OldFile{"etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\n", "ubuntu",
                "10.04", "lucid"},
        OldFile{"etc/debian_version", "12.5\n", "debian", "12", ""},
        OldFile{"etc/debian_version", "6.0.10\n", "debian", "6.0", ""},
        OldFile{"etc/debian_version", "bookworm/sid\n", "debian", "", "bookworm"},
        OldFile{"etc/debian_version", "<script>\n", "", "", ""}, OldFile{"etc/arch-release", "", "arch", "", ""}));

TEST(OperatingSystem, PrefersUbuntusOwnFileToDebianVersion) {
  EXPECT_EQ(identify({{"etc/debian_version", "squeeze/sid\n"},
                      {"etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n"}})
                .id,
            "ubuntu");
}

struct Repositories {
  std::string_view text, release;
};
class ApkRepositories : public testing::TestWithParam<Repositories> {};

TEST_P(ApkRepositories, NameTheRelease) {
  EXPECT_EQ(alpine_release_of_repositories(GetParam().text), GetParam().release);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ApkRepositories,
    testing::Values(
        Repositories{
            "https://dl-cdn.alpinelinux.org/alpine/v3.19/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.19/community\n",
            "3.19"},
        Repositories{"http://dl-4.alpinelinux.org/alpine/edge/main/\n", "edge"},
        Repositories{"/media/cdrom/apks\n#http://x/alpine/v3.1/main\nhttp://x/alpine/v3.10/main", "3.10"},
        Repositories{"http://x/alpine/v3.9/main\nhttp://x/alpine/v3.10/main\n", "3.10"},
        Repositories{"http://x/alpine/v3.19/main\n@edge http://x/alpine/edge/testing\n", "3.19"},
        Repositories{"http://x/alpine/v3.19/main\nhttp://x/alpine/edge/testing\n", "3.19"},
        Repositories{"http://x/alpine/v3.19/main\nhttp://x/alpine/edge/main\n", "edge"},
        Repositories{"http://x/alpine/v3.19/community\n", "3.19"},
        Repositories{"http://x/alpine/v3.22 main community\n", "3.22"},
        Repositories{"http://x/alpine/latest-stable/main\n", ""}, Repositories{"https://packages.wolfi.dev/os\n", ""},
        Repositories{"", ""}, Repositories{"http://x/v3/v3.x/main\n", ""}));

TEST(OperatingSystem, PassesOverAByteOrderMark) {
  EXPECT_EQ(identify({{"etc/os-release", "\xEF\xBB\xBFID=debian\nVERSION_ID=\"11\"\n"}}).id, "debian");
  EXPECT_EQ(identify({{"etc/alpine-release",
                       "\xEF\xBB\xBF"
                       "3.9.2\n"}})
                .version_id,
            "3.9.2");
  EXPECT_EQ(identify({{"etc/apk/repositories", "\xEF\xBB\xBFhttp://x/alpine/v3.9/main\n"}}).version_id, "3.9");
}

TEST(OperatingSystem, TakesAMissingReleaseFromTheNextFileOfTheSameDistribution) {
  constexpr std::string_view kDebian = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux\"\n";
  const OperatingSystem point = identify({{"etc/os-release", kDebian}, {"etc/debian_version", "12.11\n"}});
  EXPECT_EQ(point.version_id, "12");
  EXPECT_EQ(point.pretty_name, "Debian GNU/Linux");
  EXPECT_EQ(point.found_in, "etc/debian_version");
  const OperatingSystem testing = identify({{"etc/os-release", kDebian}, {"etc/debian_version", "trixie/sid\n"}});
  EXPECT_EQ(testing.version_id, "");
  EXPECT_EQ(testing.codename, "trixie");
  // What os-release says itself is believed, and another distribution's file is not asked.
  const OperatingSystem named =
      identify({{"etc/os-release", "ID=debian\nVERSION_CODENAME=bullseye\n"}, {"etc/debian_version", "12.11\n"}});
  EXPECT_EQ(named.version_id, "");
  EXPECT_EQ(named.codename, "bullseye");
  EXPECT_EQ(identify({{"etc/os-release", "ID=kali\nID_LIKE=debian\n"}, {"etc/debian_version", "12.11\n"}}).version_id,
            "");
  EXPECT_EQ(identify({{"etc/os-release", "ID=alpine\n"}, {"etc/alpine-release", "3.9.2\n"}}).version_id, "3.9.2");
  EXPECT_EQ(
      identify({{"etc/os-release", "ID=centos\n"}, {"etc/redhat-release", "CentOS release 6.10 (Final)\n"}}).version_id,
      "6.10");
}

class OnlyRepositories : public testing::TestWithParam<Repositories> {};

TEST_P(OnlyRepositories, AreAlpinesWhenTheyAgree) {
  const OperatingSystem os = identify({{"etc/os-release", ""}, {"etc/apk/repositories", GetParam().text}});
  EXPECT_EQ(os.id, GetParam().release.empty() ? "" : "alpine");
  EXPECT_EQ(os.version_id, GetParam().release);
  EXPECT_EQ(os.found_in, GetParam().release.empty() ? "" : "etc/apk/repositories");
}

INSTANTIATE_TEST_SUITE_P(
    Cases, OnlyRepositories,
    testing::Values(
        Repositories{
            "http://dl-cdn.alpinelinux.org/alpine/v3.9/main\nhttp://dl-cdn.alpinelinux.org/alpine/v3.9/community\n",
            "3.9"},
        Repositories{"https://mirror.example/Alpine/edge/main\nhttps://mirror.example/Alpine/edge/testing\n", "edge"},
        Repositories{"/media/cdrom/apks\n#http://x/alpine/v3.1/main\n@t http://x/alpine/edge/testing\n"
                     "http://x/alpine/v3.19/main\n",
                     "3.19"},
        // Two releases, another distribution, one that names no release, no "main", nobody's name.
        Repositories{"http://x/alpine/v3.19/main\nhttp://x/alpine/v3.20/community\n", ""},
        Repositories{"http://x/alpine/v3.19/main\nhttp://x/alpine/edge/main\n", ""},
        Repositories{"https://packages.wolfi.dev/os\n", ""},
        Repositories{"http://x/alpine/v3.19/main\nhttps://packages.wolfi.dev/os\n", ""},
        Repositories{"https://packages.wolfi.dev/os\nhttp://x/alpine/v3.19/main\n", ""},
        Repositories{"http://x/postmarketos/v23.06\nhttp://x/alpine/v3.18/main\n", ""},
        Repositories{"http://x/alpine/latest-stable/main\n", ""}, Repositories{"http://x/alpine/v3.19/community\n", ""},
        Repositories{"http://x/apk/v3.19/main\n", ""}, Repositories{"#http://x/alpine/v3.19/main\n", ""},
        Repositories{"/alpine/v3.19/main\n", ""}, Repositories{"", ""}));

TEST(OperatingSystem, TakesAlpinesReleaseFromItsRepositories) {
  constexpr std::string_view kOsRelease = "ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\n";
  const auto with = [&](std::string_view repositories) {
    return identify({{"etc/os-release", kOsRelease}, {"etc/apk/repositories", repositories}});
  };
  EXPECT_EQ(with("http://x/alpine/v3.19/main\n").version_id, "3.19.1");
  EXPECT_EQ(with("http://x/alpine/v3.19/main\n").found_in, "etc/os-release");
  EXPECT_EQ(with("http://x/alpine/v3.20/main\n").version_id, "3.20");
  EXPECT_EQ(with("http://x/alpine/edge/main\n").version_id, "edge");
  EXPECT_EQ(with("http://x/alpine/edge/main\n").found_in, "etc/apk/repositories");
  EXPECT_EQ(with("").version_id, "3.19.1");
  EXPECT_EQ(identify({{"etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n"},
                      {"etc/apk/repositories", "http://x/alpine/v3.9/main"}})
                .version_id,
            "20230201");
}

}  // namespace
}  // namespace bulkhead::inventory
