#include "advisory/ecosystem.h"

#include <string>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

using inventory::OperatingSystem;

struct OsCase {
  std::string_view id;
  std::string_view version_id;
  std::string_view codename;
  std::string_view key;  // empty: none
};

class OsCases : public testing::TestWithParam<OsCase> {};

TEST_P(OsCases, GiveTheKeyThatFeedsFileUnder) {
  OperatingSystem system;
  system.id = GetParam().id;
  system.version_id = GetParam().version_id;
  system.codename = GetParam().codename;
  EXPECT_EQ(ecosystem_key(system).value_or(""), GetParam().key);
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, OsCases,
    testing::Values(OsCase{"debian", "12", "bookworm", "debian:12"}, OsCase{"debian", "", "trixie", "debian:13"},
                    OsCase{"debian", "", "sid", "debian:sid"}, OsCase{"debian", "3.1", "", "debian:3.1"},
                    OsCase{"debian", "11.9", "", "debian:11"}, OsCase{"debian", "", "", ""},
                    OsCase{"raspbian", "12", "bookworm", "debian:12"},
                    OsCase{"ubuntu", "18.04", "bionic", "ubuntu:18.04"}, OsCase{"alpine", "3.19.1", "", "alpine:3.19"},
                    OsCase{"alpine", "3.22_alpha20250108", "", "alpine:edge"}, OsCase{"wolfi", "20230201", "", "wolfi"},
                    OsCase{"chainguard", "20230214", "", "chainguard"}, OsCase{"almalinux", "8.9", "", "almalinux:8"},
                    OsCase{"rocky", "9.3", "", "rocky:9"}, OsCase{"rhel", "8.10", "", "rhel:8"},
                    OsCase{"centos", "7", "", "rhel:7"}, OsCase{"ol", "8.7", "", "oracle:8"},
                    OsCase{"amzn", "2023", "", "amazon:2023"}, OsCase{"amzn", "2018.03", "", "amazon:1"},
                    OsCase{"amzn", "2016.09", "", "amazon:1"}, OsCase{"amzn", "2022", "", "amazon:2022"},
                    OsCase{"amzn", "2", "", "amazon:2"}, OsCase{"sles", "15.5", "", "suse:sles:15.5"},
                    OsCase{"sles", "12", "", "suse:sles:12"}, OsCase{"opensuse-leap", "15.3", "", "opensuse:leap:15.3"},
                    OsCase{"opensuse-tumbleweed", "20240101", "", "opensuse:tumbleweed"},
                    OsCase{"photon", "3.0", "", "photon:3"}, OsCase{"azurelinux", "3.0", "", "azurelinux:3"},
                    OsCase{"mariner", "2.0", "", "mariner:2"}, OsCase{"fedora", "40", "", "fedora:40"},
                    OsCase{"arch", "", "", "arch"}, OsCase{"npm", "1", "", ""}, OsCase{"nixos", "24.05", "", ""},
                    OsCase{"", "", "", ""}));

TEST(Ecosystem, TellsTheLinesOfAnOpenEulerReleaseApartByItsTitle) {
  const auto key = [](std::string version, std::string title) {
    inventory::OperatingSystem system;
    system.id = "openeuler";
    system.version_id = std::move(version);
    system.pretty_name = std::move(title);
    return ecosystem_key(system).value_or("");
  };
  EXPECT_EQ(key("22.03", "openEuler 22.03 (LTS-SP3)"), "openeuler:22.03-LTS-SP3");
  EXPECT_EQ(key("22.03", "openEuler 22.03 LTS"), "openeuler:22.03-LTS");
  EXPECT_EQ(key("23.09", "openEuler 23.09"), "openeuler:23.09");
  EXPECT_EQ(key("22.03", "something else"), "openeuler:22.03");
  EXPECT_EQ(ecosystem_key("openeuler", "22.03-lts-sp3"), "openeuler:22.03-LTS-SP3");
}

struct OsvCase {
  std::string_view osv;
  std::string_view key;
};

class OsvCases : public testing::TestWithParam<OsvCase> {};

TEST_P(OsvCases, GiveTheSameKeys) {
  EXPECT_EQ(ecosystem_key_of_osv(GetParam().osv).value_or(""), GetParam().key);
}

INSTANTIATE_TEST_SUITE_P(
    Names, OsvCases,
    testing::Values(
        OsvCase{"Debian:12", "debian:12"}, OsvCase{"Debian:3.0", "debian:3.0"}, OsvCase{"Debian", ""},
        OsvCase{"Alpine:v3.19", "alpine:3.19"}, OsvCase{"Ubuntu:22.04:LTS", "ubuntu:22.04"},
        OsvCase{"Ubuntu:25.10", "ubuntu:25.10"}, OsvCase{"Ubuntu:Pro:18.04:LTS", "ubuntu:18.04:esm"},
        OsvCase{"Ubuntu:Pro:FIPS-updates:18.04:LTS", "ubuntu:18.04:fips-updates"}, OsvCase{"Ubuntu:Pro:FIPS", ""},
        OsvCase{"AlmaLinux:8", "almalinux:8"}, OsvCase{"Rocky Linux:9", "rocky:9"},
        OsvCase{"SUSE:Linux Enterprise Server 15 SP5-LTSS", "suse:sles:15.5"},
        OsvCase{"SUSE:Linux Enterprise Module for Basesystem 15 SP4", "suse:sles:15.4"},
        OsvCase{"SUSE:Linux Enterprise Micro 5.5", "suse:sle-micro:5.5"},
        OsvCase{"SUSE:Linux Enterprise Server 12", "suse:sles:12"}, OsvCase{"SUSE:Manager Server 4.3", ""},
        OsvCase{"openSUSE:Leap 15.3", "opensuse:leap:15.3"}, OsvCase{"openSUSE:Tumbleweed", "opensuse:tumbleweed"},
        OsvCase{"Red Hat:enterprise_linux:8::appstream", "rhel:8"}, OsvCase{"Red Hat:rhel_eus:9.2::appstream", ""},
        OsvCase{"Azure Linux:3", "azurelinux:3"}, OsvCase{"Azure Linux:2", "mariner:2"},
        OsvCase{"Photon OS:3.0", "photon:3"}, OsvCase{"PyPI", "pypi"}, OsvCase{"crates.io", "cargo"},
        OsvCase{"Packagist:https://packages.drupal.org/8", "composer"}, OsvCase{"Wolfi", "wolfi"},
        OsvCase{"openEuler:22.03-LTS-SP3", "openeuler:22.03-LTS-SP3"}, OsvCase{"Root:Debian:12", ""},
        OsvCase{"GIT", ""}, OsvCase{"", ""}));

TEST(Ecosystem, FindsTheFamilyOfAKey) {
  EXPECT_EQ(family_of("debian:12")->name, "debian");
  EXPECT_EQ(family_of("suse:sles:15.5")->scheme, version::Scheme::kRpm);
  EXPECT_EQ(family_of("pypi")->name_kind, NameKind::kBinary);
  EXPECT_EQ(family_of("ubuntu:18.04:esm-infra")->name, "ubuntu");
  EXPECT_EQ(family_of("plan9:4"), nullptr);
  EXPECT_EQ(release_of("suse:sles:15.5"), "15.5");
  EXPECT_EQ(release_of("ubuntu:18.04:esm-infra"), "18.04");
  EXPECT_EQ(release_of("pypi"), "");
}

TEST(Ecosystem, OnlyUbuntuHasPockets) {
  EXPECT_EQ(pockets_of("ubuntu:18.04"),
            (std::vector<std::string>{"ubuntu:18.04:esm", "ubuntu:18.04:esm-infra", "ubuntu:18.04:esm-apps",
                                      "ubuntu:18.04:esm-infra-legacy"}));
  EXPECT_TRUE(pockets_of("ubuntu:18.04:esm").empty());
  EXPECT_TRUE(pockets_of("debian:12").empty());
}

TEST(Ecosystem, ReadsCanonicalsLabels) {
  for (const auto& [label, key] :
       {std::pair("bionic", "ubuntu:18.04"), std::pair("esm-infra/xenial", "ubuntu:16.04:esm-infra"),
        std::pair("trusty/esm", "ubuntu:14.04:esm-infra"), std::pair("devel", "ubuntu:devel"),
        std::pair("fips-updates/focal", "ubuntu:20.04:fips-updates"), std::pair("vivid/ubuntu-core", ""),
        std::pair("upstream", ""), std::pair("10.24.33.1", ""), std::pair("a/b", "")}) {
    EXPECT_EQ(ecosystem_key_of_ubuntu_label(label).value_or(""), key) << label;
  }
}

TEST(Ecosystem, NormalisesPackageNamesAsTheirIndexDoes) {
  EXPECT_EQ(package_key("pypi", "Foo._-Bar"), "foo-bar");
  EXPECT_EQ(package_key("nuget", "Newtonsoft.Json"), "newtonsoft.json");
  EXPECT_EQ(package_key("golang", "github.com/Azure/x"), "github.com/Azure/x");
}

TEST(Ecosystem, EveryLanguageOfAPackageTypeIsAFamily) {
  for (const std::string_view type : {"bitnami", "cargo", "composer", "conan", "cran", "gem", "golang", "hackage",
                                      "hex", "maven", "npm", "nuget", "pub", "pypi", "swift"}) {
    const auto key = ecosystem_key_of_purl_type(type);
    ASSERT_TRUE(key) << type;
    EXPECT_NE(family_of(*key), nullptr) << type;
  }
  EXPECT_FALSE(ecosystem_key_of_purl_type("deb"));
}

// Every release that Debian and Ubuntu know is known here under the same number.
TEST(Ecosystem, CodenamesAgreeWithDistroInfoData) {
  BULKHEAD_NEED_TEST_DATA();
  const std::string data = *test_data_dir();
  for (const std::string family : {"debian", "ubuntu"}) {
    const auto csv = read_file(data + "/feeds/eol/distro-info-" + family + ".csv", 1 << 20);
    ASSERT_TRUE(csv) << csv.error().to_string();
    std::string_view rest = *csv;
    std::string_view line;
    next_line(rest, line);
    size_t checked = 0;
    while (next_line(rest, line)) {
      const auto fields = split(line, ',');
      // Releases before woody had no security tracker; sid has no number.
      constexpr std::string_view kUntracked = " buzz rex bo hamm slink potato ";
      if (fields.size() < 3 || fields[0].empty()) continue;
      if (kUntracked.find(" " + std::string(fields[2]) + " ") != std::string_view::npos) continue;
      std::string_view number = fields[0].substr(0, fields[0].find(' '));
      if (family == "debian" && number != "3.0" && number != "3.1") number = number.substr(0, number.find('.'));
      EXPECT_EQ(version_id_of_codename(family, fields[2]).value_or(""), number) << line;
      ++checked;
    }
    EXPECT_GE(checked, 13U);
  }
}

struct TextCase {
  std::string_view text;
  std::string_view key;  // empty: none
};

TEST(Ecosystem, UnderstandsWhatPeopleWrite) {
  for (const auto& [text, key] : {TextCase{"debian:12", "debian:12"},
                                  {"Debian:bookworm", "debian:12"},
                                  {"debian:sid", "debian:sid"},
                                  {"alpine:3.19.1", "alpine:3.19"},
                                  {"alpine:edge", "alpine:edge"},
                                  {" ubuntu:jammy ", "ubuntu:22.04"},
                                  {"ol:8.7", "oracle:8"},
                                  {"amzn:2023", "amazon:2023"},
                                  {"sles:15.5", "suse:sles:15.5"},
                                  {"suse:sles:15.5", "suse:sles:15.5"},
                                  {"opensuse:tumbleweed", "opensuse:tumbleweed"},
                                  {"opensuse-tumbleweed", "opensuse:tumbleweed"},
                                  {"wolfi", "wolfi"},
                                  {"PyPI", "pypi"},
                                  {"wolfi:1", ""},
                                  {"debian", ""},
                                  {"debian:", ""},
                                  {"debian:../x", ""},
                                  {"ubuntu:18.04:esm-infra", ""},
                                  {"nixos:24.05", ""},
                                  {"", ""}}) {
    EXPECT_EQ(ecosystem_key_of_text(text).value_or(""), key) << text;
  }
}

}  // namespace
}  // namespace bulkhead::advisory
