// The rules of each distribution family, through a whole scan: release files and a package database in the layers of an
// image in, findings out. That each rule holds is src/advisory/match_*_test.cc's to show; here, that what an image
// really holds reaches it: the release's key, source names and versions, epochs, architectures, modules by dist tag,
// vendors, layers.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/match_test_support.h"
#include "archive/tar_builder.h"
#include "layer/test_layers.h"
#include "scan/scan.h"

namespace bulkhead::scan {
namespace {

using advisory::AdvisoryRecord;
using advisory::AdvisoryStatus;
using advisory::Says;
using archive::TarBuilder;

struct FamilyCase {
  std::string name;
  std::vector<TarBuilder> layers;
  std::vector<AdvisoryRecord> records;
  // "package version id status fix rule"; of what is suppressed "- package version id reason".
  std::vector<std::string> expected;
};

void PrintTo(const FamilyCase& one, std::ostream* out) {
  *out << one.name;
}

struct Rpm {
  std::string_view name;
  std::string_view version;  // with release, without epoch
  std::string_view source = {};
  int epoch = 0;
  std::string_view architecture = "x86_64";
  std::string_view vendor = "(none)";
};

// The one form of an rpm database that is text.
TarBuilder rpm_layer(std::string_view os_release, const std::vector<Rpm>& packages) {
  std::string manifest;
  for (const Rpm& each : packages) {
    manifest += fmt::format(
        "{}\t{}\t1\t2\t{}\t(none)\t3\t{}\t{}\t{}\n", each.name, each.version, each.vendor, each.architecture,
        each.epoch,
        each.source.empty() ? fmt::format("{}-{}.src.rpm", each.name, each.version) : std::string(each.source));
  }
  TarBuilder layer;
  if (!os_release.empty()) layer.file("etc/os-release", os_release);
  layer.file("var/lib/rpmmanifest/container-manifest-2", manifest);
  return layer;
}

std::string os_release(std::string_view id, std::string_view version) {
  return fmt::format("ID=\"{}\"\nVERSION_ID=\"{}\"\n", id, version);
}

class Families : public testing::TestWithParam<FamilyCase> {};

TEST_P(Families, AreScannedByTheirRules) {
  const FamilyCase& one = GetParam();
  std::vector<std::string> archives;
  for (const TarBuilder& layer : one.layers) archives.push_back(layer.finish());
  std::vector<advisory::FeedRecords> feeds = {
      {.feed = {.name = "test-feed", .date = "2026-11-20"}, .records = one.records}};
  for (const char* name : {"cve", "epss", "kev", "nvd"}) {
    feeds.push_back({.feed = {.name = name, .date = "2026-11-20", .about_ids = true}});
  }
  const advisory::Database database = advisory::make(feeds);
  Options options;
  options.database = &database;
  options.match.now = "2026-11-22T00:00:00Z";
  auto result = take_facts(layer::image_of(archives), options);
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_TRUE(assess(*result, options));

  std::vector<std::string> lines;
  const auto subject = [&](const advisory::Finding& finding) {
    const inventory::Package& package = result->packages[finding.package];
    return fmt::format("{} {} {}", package.name, package.version, finding.id);
  };
  for (const advisory::Finding& finding : result->findings) {
    lines.push_back(fmt::format("{} {} {}{} {}", subject(finding), status_name(finding.status),
                                finding.fixed_version.empty() ? "-" : finding.fixed_version,
                                finding.fixed_in.empty() ? "" : " in " + finding.fixed_in, finding.evidence.rule));
  }
  for (const advisory::Suppressed& each : result->suppressed) {
    lines.push_back(fmt::format("- {} {}", subject(each.finding), suppression_name(each.reason)));
  }
  EXPECT_THAT(lines, testing::UnorderedElementsAreArray(one.expected));
  for (const Warning& warning : result->warnings) ADD_FAILURE() << warning.subject << ": " << warning.text;
}

const std::vector<FamilyCase> kFamilies = {
    {.name = "Debian",
     .layers = {TarBuilder()
                    .file("etc/os-release", os_release("debian", "12") + "VERSION_CODENAME=bookworm\n")
                    .file("var/lib/dpkg/status",
                          "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n"
                          "Version: 3.0.11-1~deb12u1+b1\nSource: openssl (3.0.11-1~deb12u1)\n\n"
                          "Package: linux-image-6.1.0-18-amd64\nStatus: install ok installed\nArchitecture: amd64\n"
                          "Version: 6.1.76-1\nSource: linux-signed-amd64 (6.1.76+1)\n\n"
                          "Package: pdns-server\nStatus: install ok installed\nArchitecture: amd64\n"
                          "Version: 4.7.3-2\nSource: pdns\n\n"
                          "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n")},
     .records = {Says("CVE-1").of("debian:12", "openssl").fixed("3.0.11-1~deb12u2"),
                 Says("CVE-2").of("debian:12", "openssl").fixed("3.0.11-1~deb12u1"),
                 Says("CVE-3").of("debian:12", "openssl").status(AdvisoryStatus::kFixDeferred),
                 Says("CVE-4").of("debian:12", "openssl").status(AdvisoryStatus::kUnderInvestigation),
                 Says("CVE-5").of("debian:11", "openssl").fixed("99"),
                 Says("CVE-6").of("debian:12", "linux").fixed("6.1.85-1"),
                 Says("CVE-7").of("debian:12", "pdns").status(AdvisoryStatus::kAffected),
                 Says("CVE-8").of("debian:12", "gone").fixed("2"),
                 Says("debian-security-support").of("debian:12", "pdns").status(AdvisoryStatus::kEndOfLife)},
     .expected = {"libssl3 3.0.11-1~deb12u1+b1 CVE-1 fixed 3.0.11-1~deb12u2 source-version-below-fix",
                  "libssl3 3.0.11-1~deb12u1+b1 CVE-3 fix_deferred - affected-without-fix",
                  "- libssl3 3.0.11-1~deb12u1+b1 CVE-4 under_investigation",
                  "linux-image-6.1.0-18-amd64 6.1.76-1 CVE-6 fixed 6.1.85-1 source-version-below-fix",
                  "pdns-server 4.7.3-2 CVE-7 end_of_life - affected-without-fix"}},
    {.name = "Ubuntu",
     .layers = {TarBuilder()
                    .file("etc/os-release", os_release("ubuntu", "22.04"))
                    .file("var/lib/dpkg/status",
                          "Package: libcurl4\nStatus: install ok installed\nArchitecture: amd64\n"
                          "Version: 7.81.0-1ubuntu1\nSource: curl\n\n"
                          "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n"
                          "Version: 3.0.2-0ubuntu1.10+Fips1\nSource: openssl\n\n")},
     .records = {Says("CVE-1").of("ubuntu:22.04", "curl").status(AdvisoryStatus::kAffected),
                 Says("CVE-1").of("ubuntu:22.04:esm-apps", "curl").fixed("7.81.0-1ubuntu1.1~esm1"),
                 Says("CVE-2").of("ubuntu:22.04", "curl").status(AdvisoryStatus::kWillNotFix),
                 Says("CVE-3").of("ubuntu:22.04", "openssl").fixed("3.0.2-0ubuntu1.15"),
                 Says("CVE-4").of("ubuntu:22.04:fips-updates", "openssl").fixed("3.0.2-0ubuntu1.12+Fips1")},
     .expected = {"libcurl4 7.81.0-1ubuntu1 CVE-1 affected 7.81.0-1ubuntu1.1~esm1 in esm-apps affected-without-fix",
                  "- libcurl4 7.81.0-1ubuntu1 CVE-2 ignored_by_publisher",
                  "libssl3 3.0.2-0ubuntu1.10+Fips1 CVE-4 fixed 3.0.2-0ubuntu1.12+Fips1 source-version-below-fix"}},
    {.name = "Alpine",
     .layers = {TarBuilder()
                    .file("etc/os-release", os_release("alpine", "3.19.1"))
                    .file("lib/apk/db/installed", "P:libcrypto3\nV:3.1.4-r1\nA:x86_64\no:openssl\n\n")},
     .records = {Says("CVE-1").of("alpine:3.19", "openssl").fixed("3.1.4-r2"),
                 Says("CVE-2").of("alpine:3.19", "libcrypto3").fixed("3.1.4-r2"),
                 Says("CVE-3").of("alpine:edge", "openssl").fixed("3.9-r0"),
                 Says("CVE-4").of("alpine:3.19", "openssl").not_affected()},
     .expected = {"libcrypto3 3.1.4-r1 CVE-1 fixed 3.1.4-r2 source-version-below-fix"}},
    // The repositories say which release an image takes packages from.
    {.name = "AlpineEdge",
     .layers = {TarBuilder()
                    .file("etc/os-release", os_release("alpine", "3.19.1"))
                    .file("etc/apk/repositories", "https://dl-cdn.alpinelinux.org/alpine/edge/main\n")
                    .file("lib/apk/db/installed", "P:openssl\nV:3.1.4-r1\nA:x86_64\n\n")},
     .records = {Says("CVE-1").of("alpine:3.19", "openssl").fixed("9"),
                 Says("CVE-3").of("alpine:edge", "openssl").fixed("3.9-r0")},
     .expected = {"openssl 3.1.4-r1 CVE-3 fixed 3.9-r0 source-version-below-fix"}},
    {.name = "Wolfi",
     .layers = {TarBuilder()
                    .file("etc/os-release", os_release("wolfi", "20230201"))
                    .file("usr/lib/apk/db/installed", "P:libssl3\nV:3.3.0-r1\nA:x86_64\no:openssl\n\n")},
     .records = {Says("CVE-1").of("wolfi", "openssl").fixed("3.3.0-r2")},
     .expected = {"libssl3 3.3.0-r1 CVE-1 fixed 3.3.0-r2 source-version-below-fix"}},
    // An EUS build at the bottom, and a layer of OpenShift's above it: each judged by its own products.
    {.name = "RedHat",
     .layers =
         {rpm_layer(os_release("rhel", "8.4"), {{.name = "x", .version = "1-1.el8_4"}})
              .file("root/buildinfo/content_manifests/ubi8-container-8.4-1.json",
                    R"({"metadata":{"icm_version":1},"content_sets":["rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_4"]})"),
          rpm_layer({}, {{.name = "x", .version = "1-1.el8_4"}, {.name = "y", .version = "1-1.el8_4"}})
              .file("usr/share/buildinfo/content-sets.json",
                    R"({"content_sets":["rhocp-4.12-for-rhel-8-x86_64-rpms"]})")},
     .records =
         [] {
           std::vector<AdvisoryRecord> records;
           for (const char* package : {"x", "y"}) {
             records.push_back(
                 Says("CVE-1").of("rhel:8", package).fixed("2-1.el8_4").cpe("cpe:/o:redhat:rhel_eus:8.4::baseos"));
             records.push_back(
                 Says("CVE-2").of("rhel:8", package).fixed("2-1.el8").cpe("cpe:/a:redhat:openshift:4.12::el8"));
             records.push_back(Says("CVE-3")
                                   .of("rhel:8", package)
                                   .status(AdvisoryStatus::kAffected)
                                   .cpe("cpe:/o:redhat:enterprise_linux:8"));
           }
           records.push_back(advisory::repository("rhel:8", "rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_4",
                                                  "cpe:/o:redhat:rhel_eus:8.4::baseos"));
           records.push_back(advisory::repository("rhel:8", "rhocp-4.12-for-rhel-8-x86_64-rpms",
                                                  "cpe:/a:redhat:openshift:4.12::el8"));
           return records;
         }(),
     .expected = {"x 1-1.el8_4 CVE-1 fixed 2-1.el8_4 version-below-fix",
                  "y 1-1.el8_4 CVE-2 fixed 2-1.el8 version-below-fix"}},
    {.name = "RedHatWithoutManifests",
     .layers = {rpm_layer(os_release("rhel", "8.6"), {{.name = "x", .version = "1-1.el8_2", .epoch = 1},
                                                      {.name = "z", .version = "1-1.el8", .architecture = "s390x"}})},
     .records = {Says("CVE-1").of("rhel:8", "x").fixed("1:1-2.el8_2").cpe("cpe:/o:redhat:enterprise_linux:8::baseos"),
                 Says("CVE-1").of("rhel:8", "x").fixed("1:1-9.el8_6").cpe("cpe:/o:redhat:enterprise_linux:8::baseos"),
                 Says("CVE-2").of("rhel:8", "x").fixed("1-9.el8").cpe("cpe:/o:redhat:enterprise_linux:8::baseos"),
                 Says("CVE-3").of("rhel:8", "x").fixed("2:1-1.el8").cpe("cpe:/a:redhat:rhel_eus:8.4::appstream"),
                 Says("CVE-4").of("rhel:8", "z").fixed("2-1.el8").architectures({"x86_64"}),
                 Says("CVE-5").of("rhel:8", "z").fixed("2-1.el8").architectures({"s390x"})},
     .expected = {"x 1:1-1.el8_2 CVE-1 fixed 1:1-2.el8_2 version-below-fix-of-minor",
                  "z 1-1.el8 CVE-5 fixed 2-1.el8 version-below-fix"}},
    {.name = "CentOs",
     .layers = {rpm_layer(os_release("centos", "7"),
                          {{.name = "openssl-libs", .version = "1.0.2k-19.el7", .epoch = 1}})},
     .records = {Says("CVE-1").of("rhel:7", "openssl-libs").fixed("1:1.0.2k-21.el7_9"),
                 Says("CVE-2").of("rhel:8", "openssl-libs").fixed("1:3")},
     .expected = {"openssl-libs 1:1.0.2k-19.el7 CVE-1 fixed 1:1.0.2k-21.el7_9 version-below-fix"}},
    {.name = "AlmaLinux",
     .layers = {rpm_layer(os_release("almalinux", "8.9"),
                          {{.name = "x", .version = "1-1.el8"}, {.name = "x-debuginfo", .version = "1-1.el8"}})},
     .records = {Says("CVE-1").of("almalinux:8", "x").fixed("1-2.el8"),
                 Says("CVE-1").of("rhel:8", "x").fixed("1-9.el8"),
                 Says("CVE-2").of("rhel:8", "x").status(AdvisoryStatus::kWillNotFix),
                 Says("CVE-3").of("rhel:8", "x-debuginfo").status(AdvisoryStatus::kAffected)},
     .expected = {"x 1-1.el8 CVE-1 fixed 1-2.el8 version-below-fix",
                  "x 1-1.el8 CVE-2 will_not_fix - disclosed-by-upstream"}},
    {.name = "Rocky",
     .layers = {rpm_layer(os_release("rocky", "8.9"), {{.name = "ruby", .version = "2.5.9-110.module+el8.6.0+1"},
                                                       {.name = "x", .version = "1-1.el8"}})},
     .records = {Says("CVE-1").of("rocky:8", "ruby").fixed("2.5.9-111.module+el8.9.0+1").module("ruby:2.5"),
                 Says("CVE-2").of("rocky:8", "ruby").fixed("3.1.2-141.module+el8.9.0+1").module("ruby:3.1"),
                 Says("CVE-3").of("rocky:8", "ruby").fixed("9-1.el8"),
                 Says("CVE-4").of("rocky:8", "x").fixed("1-2.el8")},
     .expected = {"ruby 2.5.9-110.module+el8.6.0+1 CVE-1 fixed 2.5.9-111.module+el8.9.0+1 version-below-fix",
                  "x 1-1.el8 CVE-4 fixed 1-2.el8 version-below-fix"}},
    {.name = "Oracle",
     .layers = {rpm_layer(os_release("ol", "8.8"),
                          {{.name = "openssl", .version = "1.1.1k-6.ksplice1.el8", .epoch = 2},
                           {.name = "nodejs", .version = "16.17.1-1.module+el8.6.0+1", .epoch = 1}})},
     .records = {Says("CVE-1").of("oracle:8", "openssl").fixed("1:1.1.1k-7.el8"),
                 Says("CVE-2").of("oracle:8", "openssl").fixed("2:1.1.1k-7.ksplice1.el8"),
                 Says("CVE-3").of("oracle:8", "nodejs").fixed("1:16.19.1-1.module+el8.7.0+1").module("nodejs:16"),
                 Says("CVE-4").of("oracle:8", "nodejs").fixed("1:18.14.2-2.module+el8.7.0+1").module("nodejs:18")},
     .expected = {"openssl 2:1.1.1k-6.ksplice1.el8 CVE-2 fixed 2:1.1.1k-7.ksplice1.el8 version-below-fix",
                  "nodejs 1:16.17.1-1.module+el8.6.0+1 CVE-3 fixed 1:16.19.1-1.module+el8.7.0+1 version-below-fix"}},
    // By the source rpm's name, whose version has no epoch.
    {.name = "Fedora",
     .layers = {rpm_layer(
         os_release("fedora", "40"),
         {{.name = "perl-libs", .version = "5.26.3-416.fc40", .source = "perl-5.26.3-416.fc40.src.rpm", .epoch = 4}})},
     .records = {Says("CVE-1").of("fedora:40", "perl").fixed("4:5.26.3-417.fc40").by_source(),
                 Says("CVE-2").of("fedora:40", "perl").fixed("4:5.26.3-416.fc40").by_source(),
                 Says("CVE-3").of("fedora:40", "perl-libs").fixed("4:5.26.3-418.fc40"),
                 Says("CVE-4").of("fedora:41", "perl-libs").fixed("9:9")},
     .expected = {"perl-libs 4:5.26.3-416.fc40 CVE-1 fixed 4:5.26.3-417.fc40 source-version-below-fix",
                  "perl-libs 4:5.26.3-416.fc40 CVE-3 fixed 4:5.26.3-418.fc40 version-below-fix"}},
    {.name = "Amazon",
     .layers = {rpm_layer(os_release("amzn", "2"), {{.name = "kernel", .version = "5.15.100-1.amzn2"}})},
     .records = {Says("CVE-1").of("amazon:2", "kernel").fixed("4.14.320-1.amzn2"),
                 Says("CVE-1").of("amazon:2:kernel-5.15", "kernel").fixed("5.15.117-1.amzn2"),
                 Says("CVE-2").of("amazon:2:kernel-5.10", "kernel").fixed("5.10.180-1.amzn2")},
     .expected = {"kernel 5.15.100-1.amzn2 CVE-1 fixed 5.15.117-1.amzn2 version-below-fix"}},
    {.name = "Amazon2023",
     .layers = {rpm_layer(os_release("amzn", "2023"), {{.name = "x", .version = "1-1.amzn2023"}})},
     .records = {Says("CVE-1").of("amazon:2023", "x").fixed("1-2.amzn2023"),
                 Says("CVE-2").of("amazon:2", "x").fixed("9")},
     .expected = {"x 1-1.amzn2023 CVE-1 fixed 1-2.amzn2023 version-below-fix"}},
    {.name = "SuseDesktop",
     .layers = {rpm_layer(os_release("sled", "15.5"), {{.name = "x", .version = "1-150500.1"}})},
     .records = {Says("CVE-1").of("suse:sles:15.5", "x").fixed("1-150500.2"),
                 Says("CVE-2").of("suse:sles:15.4", "x").fixed("9"),
                 Says("CVE-3").of("suse:sled:15.5", "y").fixed("9")},
     .expected = {"x 1-150500.1 CVE-1 fixed 1-150500.2 version-below-fix"}},
    {.name = "SuseServer12",
     .layers = {rpm_layer(os_release("sles", "12.5"), {{.name = "x", .version = "1-1"}})},
     .records = {Says("CVE-1").of("suse:sles:12:modules", "x").fixed("2-1"),
                 Says("CVE-2").of("suse:sles:12.5", "x").fixed("1-1")},
     .expected = {"x 1-1 CVE-1 fixed 2-1 version-below-fix"}},
    {.name = "OpenSuse",
     .layers = {rpm_layer(os_release("opensuse-leap", "15.3"), {{.name = "x", .version = "1-1"}})},
     .records = {Says("CVE-1").of("opensuse:leap:15.3", "x").fixed("2-1")},
     .expected = {"x 1-1 CVE-1 fixed 2-1 version-below-fix"}},
    {.name = "Photon",
     .layers = {rpm_layer(os_release("photon", "3.0"), {{.name = "x", .version = "1-1.ph3"}})},
     .records = {Says("CVE-1").of("photon:3", "x").fixed("1-2.ph3")},
     .expected = {"x 1-1.ph3 CVE-1 fixed 1-2.ph3 version-below-fix"}},
    {.name = "AzureLinux",
     .layers = {rpm_layer(os_release("azurelinux", "3.0"), {{.name = "x", .version = "1-1.azl3"}})},
     .records = {Says("CVE-1").of("azurelinux:3", "x").fixed("1-2.azl3"),
                 Says("CVE-2").of("mariner:2", "x").fixed("9")},
     .expected = {"x 1-1.azl3 CVE-1 fixed 1-2.azl3 version-below-fix"}},
    {.name = "Mariner",
     .layers = {rpm_layer(os_release("mariner", "2.0.20240123"), {{.name = "x", .version = "1-1.cm2"}})},
     .records = {Says("CVE-1").of("mariner:2", "x").fixed("1-2.cm2")},
     .expected = {"x 1-1.cm2 CVE-1 fixed 1-2.cm2 version-below-fix"}},
    {.name = "Mageia",
     .layers = {rpm_layer(os_release("mageia", "9"), {{.name = "x", .version = "1-1.mga9"}})},
     .records = {Says("CVE-1").of("mageia:9", "x").fixed("1-2.mga9")},
     .expected = {"x 1-1.mga9 CVE-1 fixed 1-2.mga9 version-below-fix"}},
};

INSTANTIATE_TEST_SUITE_P(, Families, testing::ValuesIn(kFamilies), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace bulkhead::scan
