#include <gmock/gmock.h>

#include "advisory/match_test_support.h"

namespace bulkhead::advisory {
namespace {

using inventory::OperatingSystem;
using inventory::Package;
using testing::ElementsAre;
using testing::IsEmpty;

// Red Hat and its kin

TEST(MatchRpm, ComparesEpochsOfBinaryPackages) {
  const Database database = make({Says("CVE-1").of("rhel:8", "perl").fixed("4:5.26.3-420.el8")});
  EXPECT_THAT(summary(run(database, os("rhel", "8.9"), {rpm("perl", "4:5.26.3-420.el8")})), IsEmpty());
  EXPECT_THAT(summary(run(database, os("rhel", "8.9"), {rpm("perl", "5.26.3-420.el8")})),
              ElementsAre("CVE-1 fixed 4:5.26.3-420.el8"));
}

TEST(MatchRpm, ASourceMatchLeavesEpochsOutBecauseTheSourceNameHasNone) {
  const Database database = make({Says("CVE-1").of("rhel:8", "perl").fixed("4:5.26.3-420.el8").by_source()});
  Package libs = of_source(rpm("perl-libs", "4:5.26.3-420.el8"), "perl", "5.26.3-420.el8");
  libs.source_epoch_known = false;
  EXPECT_THAT(summary(run(database, os("rhel", "8.9"), {libs})), IsEmpty());
  libs.source_version = "5.26.3-419.el8";
  EXPECT_THAT(summary(run(database, os("rhel", "8.9"), {libs})), ElementsAre("CVE-1 fixed 4:5.26.3-420.el8"));
}

TEST(MatchRpm, AnErratumIsForItsArchitecturesOnly) {
  const Database database = make({Says("CVE-1").of("rhel:8", "x").fixed("2-1").architectures({"x86_64", "aarch64"})});
  const auto with = [&](const char* architecture) {
    Package package = rpm("x", "1-1");
    package.architecture = architecture;
    return summary(run(database, os("rhel", "8"), {package}));
  };
  EXPECT_THAT(with("x86_64"), ElementsAre("CVE-1 fixed 2-1"));
  EXPECT_THAT(with("s390x"), IsEmpty());
  EXPECT_THAT(with("noarch"), ElementsAre("CVE-1 fixed 2-1"));
  EXPECT_THAT(with(""), ElementsAre("CVE-1 fixed 2-1"));
  // A package that became noarch replaces the one of any architecture.
  const Database noarch = make({Says("CVE-1").of("rhel:8", "x").fixed("2-1").architectures({"noarch"})});
  Package bound = rpm("x", "1-1");
  bound.architecture = "x86_64";
  EXPECT_THAT(summary(run(noarch, os("rhel", "8"), {bound})), ElementsAre("CVE-1 fixed 2-1"));
}

TEST(MatchRpm, AModuleStreamIsComparedWithItselfOnly) {
  const Database database = make({
      Says("CVE-1").of("rhel:8", "nodejs").fixed("1:16.20.1-1.module+el8.8.0+19353+1").module("nodejs:16"),
      Says("CVE-2").of("rhel:8", "nodejs").fixed("1:18.16.1-1.module+el8.8.0+19438+1").module("nodejs:18"),
      Says("CVE-3").of("rhel:8", "nodejs").fixed("1:99-1.el8"),
  });
  Package node = rpm("nodejs", "1:16.19.0-1.module+el8.7.0+1+1");
  node.module = "nodejs:16:8070020221207164159:bd1311ed";
  EXPECT_THAT(summary(run(database, os("rhel", "8.7"), {node})),
              ElementsAre("CVE-1 fixed 1:16.20.1-1.module+el8.8.0+19353+1"));
  // An empty label is no module, not any module.
  node.module = "";
  node.version = "1:10.0-1.el8";
  EXPECT_THAT(summary(run(database, os("rhel", "8.7"), {node})), ElementsAre("CVE-3 fixed 1:99-1.el8"));
}

TEST(MatchRpm, OraclesModularPackagesCarryNoLabel) {
  const Database database =
      make({Says("CVE-1").of("oracle:8", "nodejs").fixed("1:16.20-1.module+el8.8.0+1").module("nodejs:16")});
  EXPECT_THAT(summary(run(database, os("ol", "8.8"), {rpm("nodejs", "1:16.19-1.module+el8.7.0+1")})),
              ElementsAre("CVE-1 fixed 1:16.20-1.module+el8.8.0+1"));
  EXPECT_THAT(summary(run(database, os("ol", "8.8"), {rpm("nodejs", "1:10.1-1.el8")})), IsEmpty());
}

TEST(MatchRpm, AFeedThatNamesNoModuleShowsItInTheFixedVersion) {
  const Database database = make({Says("CVE-1").of("almalinux:8", "nodejs").fixed("1:16.20-1.module_el8.8.0+1")});
  EXPECT_THAT(summary(run(database, os("almalinux", "8.8"), {rpm("nodejs", "1:10.1-1.el8")})), IsEmpty());
  Package node = rpm("nodejs", "1:16.19-1.module_el8.7.0+1");
  node.module = "nodejs:16:1:2";
  EXPECT_THAT(summary(run(database, os("almalinux", "8.8"), {node})),
              ElementsAre("CVE-1 fixed 1:16.20-1.module_el8.8.0+1"));
}

// The errata of CVE-2022-27649 for podman in AlmaLinux 8.
Database podman_errata() {
  return make(
      {Says("CVE-1").of("almalinux:8", "podman").fixed("1.6.4-28.module_el8.5.0+2635").module("container-tools:2.0"),
       Says("CVE-1").of("almalinux:8", "podman").fixed("3.0.1-8.module_el8.5.0+2614").module("container-tools:3.0"),
       Says("CVE-1")
           .of("almalinux:8", "podman")
           .fixed("2:4.0.2-6.module_el8.6.0+2878")
           .module("container-tools:rhel8")});
}

TEST(MatchRpm, TheMinorOfAnotherStreamDoesNotSettleAModule) {
  const OperatingSystem alma = os("almalinux", "8.5");
  Package podman = rpm("podman", "1:3.4.2-9.module_el8.5.0+2635");
  podman.module = "container-tools:rhel8:8050020211116:1";
  EXPECT_THAT(summary(run(podman_errata(), alma, {podman})), ElementsAre("CVE-1 fixed 2:4.0.2-6.module_el8.6.0+2878"));
  podman = rpm("podman", "3.0.1-8.module_el8.5.0+2614");
  podman.module = "container-tools:3.0:8050020211116:1";
  EXPECT_THAT(summary(run(podman_errata(), alma, {podman})), IsEmpty());
}

TEST(MatchRpm, AModularPackageWithoutALabelIsOfTheStreamThatItsModulesPackageShowsOrOfAny) {
  const OperatingSystem alma = os("almalinux", "8.5");
  // The streams of container-tools have no package of that name: the nearest fix that it does not have.
  EXPECT_THAT(summary(run(podman_errata(), alma, {rpm("podman", "1:3.4.2-9.module_el8.5.0+1")})),
              ElementsAre("CVE-1 fixed 2:4.0.2-6.module_el8.6.0+2878"));
  const Database node = make({
      Says("CVE-2").of("almalinux:8", "nodejs").fixed("1:14.21.1-2.module_el8.7.0+1").module("nodejs:14"),
      Says("CVE-2").of("almalinux:8", "nodejs").fixed("1:16.18.1-3.module_el8.7.0+1").module("nodejs:16"),
      Says("CVE-2").of("almalinux:8", "npm").fixed("1:6.14.17-1.14.21.1.2.module_el8.7.0+1").module("nodejs:14"),
      Says("CVE-2").of("almalinux:8", "npm").fixed("1:8.19.2-1.16.18.1.3.module_el8.7.0+1").module("nodejs:16"),
  });
  const Package npm = rpm("npm", "1:6.14.17-1.14.21.1.2.module_el8.7.0+1");
  const Package fixed = rpm("nodejs", "1:14.21.1-2.module_el8.7.0+1");
  EXPECT_THAT(summary(run(node, alma, {fixed, npm})), IsEmpty());
  EXPECT_THAT(summary(run(node, alma, {rpm("nodejs", "1:14.20.0-2.module_el8.6.0+1")})),
              ElementsAre("CVE-2 fixed 1:14.21.1-2.module_el8.7.0+1"));
  // Alone, it can be of either.
  EXPECT_THAT(summary(run(node, alma, {npm})), ElementsAre("CVE-2 fixed 1:8.19.2-1.16.18.1.3.module_el8.7.0+1"));
}

TEST(MatchRpm, ARecordThatNamesTheStreamGoesBeforeOneThatNamesNone) {
  const Database database = make({
      Says("CVE-1").of("almalinux:8", "ruby").fixed("3.1.5-143.module_el8.9.0+1").module("ruby:3.1"),
      Says("CVE-1").of("almalinux:8", "ruby").fixed("3.3.0-1.module_el8.10.0+1"),  // "Moderate: ruby security update"
  });
  const auto with = [&](const char* version, const char* label) {
    Package ruby = rpm("ruby", version);
    ruby.module = label;
    return summary(run(database, os("almalinux", "8.9"), {ruby}));
  };
  EXPECT_THAT(with("3.1.5-143.module_el8.9.0+1", "ruby:3.1:1:2"), IsEmpty());
  EXPECT_THAT(with("3.1.4-142.module_el8.9.0+1", "ruby:3.1:1:2"),
              ElementsAre("CVE-1 fixed 3.1.5-143.module_el8.9.0+1"));
  EXPECT_THAT(with("2.5.9-111.module_el8.9.0+1", "ruby:2.5:1:2"), ElementsAre("CVE-1 fixed 3.3.0-1.module_el8.10.0+1"));
}

TEST(MatchRpm, TheErratumOfTheInstalledMinorDecidesNotTheHighest) {
  const Database database = make({Says("CVE-1").of("rhel:8", "x").fixed("1.1-2.el8_2.1").document("RHSA-EUS"),
                                  Says("CVE-1").of("rhel:8", "x").fixed("1.1-5.el8_6").document("RHSA-MAIN")});
  struct Case {
    const char* installed;
    std::vector<std::string> expected;
  };
  const std::vector<Case> cases = {
      {"1.1-2.el8_2", {"CVE-1 fixed 1.1-2.el8_2.1"}},  // its own minor's fix
      {"1.1-2.el8_2.1", {}},                           // fixed in its own minor, although below the highest
      {"1.1-3.el8_4", {"CVE-1 fixed 1.1-5.el8_6"}},    // above the old minor's fix, which is not in this branch
      {"1.1-5.el8_6", {}},
      {"1.1-6.el8_8", {}},
      {"1.1-1.el8", {"CVE-1 fixed 1.1-5.el8_6"}},  // no minor in its tag: the main stream
      {"1.1-6.el8", {}},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(summary(run(database, os("rhel", "8"), {rpm("x", each.installed)})), each.expected) << each.installed;
  }
  EXPECT_THAT(rules(run(database, os("rhel", "8"), {rpm("x", "1.1-2.el8_2")})),
              ElementsAre("version-below-fix-of-minor"));
}

TEST(MatchRedHat, RecordsCountForTheProductsThatTheImageUses) {
  const Database database = make({
      Says("CVE-1").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:enterprise_linux:8::appstream"),
      Says("CVE-2").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:rhel_eus:8.4::appstream"),
      Says("CVE-3").of("rhel:8", "x").status(AdvisoryStatus::kAffected).cpe("cpe:/o:redhat:enterprise_linux:8"),
      Says("CVE-4").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:openshift:4.12::el8"),
  });
  const std::vector<Package> packages = {rpm("x", "1-1.el8")};
  // Nothing known about its repositories: the release's main streams.
  EXPECT_THAT(summary(run(database, os("rhel", "8.4"), packages)),
              ElementsAre("CVE-1 fixed 2-1.el8", "CVE-3 affected"));
}

TEST(MatchRedHat, TheRepositoriesOfALayerSayWhichProductsItsPackagesAreOf) {
  const Database database = make(records_of_several_products());
  const auto found = [&](std::vector<std::vector<std::string>> layers, uint32_t layer) {
    Package x = rpm("x", "1-1.el8");
    x.layer = layer;
    MatchOptions options = today();
    options.layer_repositories = std::move(layers);
    std::string ids;
    const std::vector<Package> packages = {x};
    const MatchResult result = match(packages, os("rhel", "8.4"), database, options);
    for (const Finding& finding : result.findings) ids += finding.id.substr(4);
    for (const MatchNote& note : result.notes) ids += " " + note.text;
    return ids;
  };
  const std::vector<std::string> baseos = {"rhel-8-for-x86_64-baseos-rpms"};
  const std::vector<std::string> main = {"rhel-8-for-x86_64-appstream-rpms", "rhel-8-for-x86_64-baseos-rpms"};
  const std::vector<std::string> eus = {"rhel-8-for-x86_64-appstream-eus-rpms__8_DOT_4"};
  const std::vector<std::string> openshift = {"rhocp-4.12-for-rhel-8-x86_64-rpms"};
  EXPECT_EQ(found({baseos}, 0), "3");
  EXPECT_EQ(found({main}, 0), "13");
  EXPECT_EQ(found({eus}, 0), "2");
  // Each layer has its own; one of which nothing is known, or that lies past the list, may use any main stream.
  EXPECT_EQ(found({eus, openshift}, 1), "4");
  EXPECT_EQ(found({eus, {}}, 1), "13");
  EXPECT_EQ(found({eus}, 1), "13");
  // A release behind the name is no part of it, a minor is.
  EXPECT_EQ(found({{"rhel-8-for-x86_64-baseos-rpms__8"}}, 0), "3");
  // What the database does not know is passed over where something is left, and told where nothing is.
  EXPECT_EQ(found({{"elsewhere-rpms", "rhel-8-for-x86_64-baseos-rpms"}}, 0), "3");
  EXPECT_EQ(found({{"rhel-8-for-x86_64-baseos-rpms__8_DOT_4", "elsewhere-rpms"}}, 0),
            "13 the database does not know the Red Hat repositories that packages are from "
            "(rhel-8-for-x86_64-baseos-rpms__8_DOT_4 and 1 more): they are judged by the release's main streams; get "
            "the list with `bulkhead db update`");
}

TEST(MatchRedHat, AListOfRepositoriesIsNoVulnerability) {
  const Database database = make(records_of_several_products());
  const MatchResult result = run(database, os("rhel", "8.4"), {rpm("rhocp-4.12-for-rhel-8-x86_64-rpms", "1-1")});
  EXPECT_THAT(summary(result), IsEmpty());
  EXPECT_THAT(result.suppressed, IsEmpty());
}

TEST(MatchRedHat, OthersRepositoriesTellNothing) {
  const Database database = make(records_of_several_products());
  MatchOptions options = today();
  options.layer_repositories = {{"rhel-8-for-x86_64-baseos-rpms"}};
  const std::vector<Package> packages = {rpm("x", "1-1.el8")};
  EXPECT_THAT(match(packages, os("fedora", "40"), database, options).notes, IsEmpty());
}

TEST(MatchAlma, TakesRedHatsDisclosuresWhereItHasNoErratum) {
  const Database database = make({
      Says("CVE-1").of("almalinux:8", "x").fixed("1-2.el8").document("ALSA-1"),
      Says("CVE-1").of("rhel:8", "x").fixed("1-9.el8"),
      Says("CVE-2").of("rhel:8", "x").status(AdvisoryStatus::kWillNotFix),
      Says("CVE-3").of("rhel:8", "x-debuginfo").status(AdvisoryStatus::kAffected),
      Says("CVE-4").of("rhel:9", "x").status(AdvisoryStatus::kAffected),
  });
  const OperatingSystem alma = os("almalinux", "8.9");
  const MatchResult result = run(database, alma, {rpm("x", "1-1.el8"), rpm("x-debuginfo", "1-1.el8")});
  EXPECT_THAT(summary(result), ElementsAre("CVE-1 fixed 1-2.el8", "CVE-2 will_not_fix"));
  EXPECT_THAT(rules(result), ElementsAre("version-below-fix", "disclosed-by-upstream"));
  // Fixed by ALSA, whatever Red Hat's version.
  EXPECT_THAT(summary(run(database, alma, {rpm("x", "1-2.el8")})), ElementsAre("CVE-2 will_not_fix"));
}

TEST(MatchOracle, ComparesOnlyBuildsOfTheSameFlavour) {
  const Database database = make({
      Says("CVE-1").of("oracle:8", "openssl").fixed("1:1.1.1k-7.el8"),
      Says("CVE-2").of("oracle:8", "openssl").fixed("2:1.1.1k-7.ksplice1.el8"),
      Says("CVE-3").of("oracle:8", "openssl").fixed("10:1.1.1k-7.el8_fips"),
  });
  const auto with = [&](const char* version) {
    return summary(run(database, os("ol", "8.8"), {rpm("openssl", version)}));
  };
  EXPECT_THAT(with("1:1.1.1k-6.el8"), ElementsAre("CVE-1 fixed 1:1.1.1k-7.el8"));
  EXPECT_THAT(with("2:1.1.1k-6.ksplice1.el8"), ElementsAre("CVE-2 fixed 2:1.1.1k-7.ksplice1.el8"));
  EXPECT_THAT(with("2:1.1.1k-6.ksplice2.el8"), IsEmpty());
  EXPECT_THAT(with("10:1.1.1k-6.el8_fips"), ElementsAre("CVE-3 fixed 10:1.1.1k-7.el8_fips"));
}

TEST(MatchRpm, ReleasesAreTakenAsThePublisherNumbersThem) {
  struct Case {
    const char* id;
    const char* version;
    const char* ecosystem;
  };
  const Case cases[] = {{"amzn", "2023.4.20240401", "amazon:2023"},
                        {"amzn", "2", "amazon:2"},
                        {"amzn", "2018.03", "amazon:1"},
                        {"centos", "8", "rhel:8"},
                        {"photon", "3.0", "photon:3"},
                        {"azurelinux", "3.0", "azurelinux:3"},
                        {"mariner", "2.0", "mariner:2"},
                        {"sles", "15.5", "suse:sles:15.5"},
                        {"opensuse-leap", "15.3", "opensuse:leap:15.3"}};
  for (const Case& each : cases) {
    const Database database = make({Says("CVE-1").of(each.ecosystem, "x").fixed("2-1")});
    EXPECT_THAT(summary(run(database, os(each.id, each.version), {rpm("x", "1-1")})), ElementsAre("CVE-1 fixed 2-1"))
        << each.id;
  }
}

TEST(MatchAmazon, ATopicsAdvisoriesAreAboutTheVersionsThatItIsNamedAfter) {
  const Database database = make({
      Says("CVE-1").of("amazon:2", "kernel").fixed("4.14.320-1.amzn2"),
      Says("CVE-1").of("amazon:2:kernel-5.15", "kernel").fixed("5.15.117-1.amzn2"),
      Says("CVE-2").of("amazon:2:kernel-5.10", "kernel").fixed("5.10.180-1.amzn2"),
      Says("CVE-3").of("amazon:2:docker", "containerd").fixed("1.6.19-1.amzn2"),
      Says("CVE-4").of("amazon:2", "php").fixed("5.4.16-46.amzn2"),
      Says("CVE-5").of("amazon:2:php8.1", "php").fixed("8.1.16-1.amzn2"),
      Says("CVE-6").of("amazon:2023:nvidia", "kmod").fixed("9-1"),
  });
  const auto with = [&](const char* name, const char* version) {
    return summary(run(database, os("amzn", "2"), {rpm(name, version)}));
  };
  EXPECT_THAT(with("kernel", "5.15.100-1.amzn2"), ElementsAre("CVE-1 fixed 5.15.117-1.amzn2"));
  EXPECT_THAT(with("kernel", "5.15.117-1.amzn2"), IsEmpty());
  EXPECT_THAT(with("kernel", "4.14.1-1.amzn2"), ElementsAre("CVE-1 fixed 4.14.320-1.amzn2"));
  // A package that the release's own advisories never name.
  EXPECT_THAT(with("containerd", "1.4.1-1.amzn2"), ElementsAre("CVE-3 fixed 1.6.19-1.amzn2"));
  EXPECT_THAT(with("php", "5.4.16-40.amzn2"), ElementsAre("CVE-4 fixed 5.4.16-46.amzn2"));
  EXPECT_THAT(with("php", "8.1.2-1.amzn2"), ElementsAre("CVE-5 fixed 8.1.16-1.amzn2"));
  EXPECT_THAT(with("kmod", "1-1"), IsEmpty());
}

TEST(MatchSuse, ModulesAndExtensionsCountForTheReleasesThatTheyInstallOnto) {
  const auto of = [](const char* product, const char* id) {
    AdvisoryRecord record = Says(id).of(ecosystem_key_of_osv(product).value_or("suse:sles:none"), "php74").fixed("2-1");
    return record;
  };
  const Database database = make({of("SUSE:Linux Enterprise Module for Web and Scripting 12", "CVE-1"),
                                  of("SUSE:Linux Enterprise Software Development Kit 12 SP5", "CVE-2"),
                                  of("SUSE:Linux Enterprise Server 12", "CVE-3"),
                                  of("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "CVE-4"),
                                  of("SUSE:Linux Enterprise Workstation Extension 15 SP5", "CVE-5")});
  const auto with = [&](const char* id, const char* version) {
    return summary(run(database, os(id, version), {rpm("php74", "1-1")}));
  };
  EXPECT_THAT(with("sles", "12.5"), ElementsAre("CVE-1 fixed 2-1", "CVE-2 fixed 2-1"));
  EXPECT_THAT(with("sles", "12"), ElementsAre("CVE-1 fixed 2-1", "CVE-3 fixed 2-1"));
  EXPECT_THAT(with("sled", "15.5"), ElementsAre("CVE-4 fixed 2-1", "CVE-5 fixed 2-1"));
  EXPECT_THAT(with("sles", "15.4"), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::advisory
