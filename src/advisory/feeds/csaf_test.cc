#include "advisory/feeds/csaf.h"

#include <gmock/gmock.h>

#include "advisory/feeds/rpm_test_support.h"

namespace bulkhead::advisory::feeds {
namespace {

using ::testing::Contains;
using testing::corpus;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using testing::KeepingSink;
using ::testing::Not;
using testing::read_as;
using testing::sample;
using ::testing::UnorderedElementsAre;

TEST(CsafBuild, ComesOutOfAPackageUrl) {
  const auto module = build_of_purl(
      "pkg:rpm/redhat/"
      "ruby@2.5.9-111.module%2Bel8.9.0%2B19193%2B435404ae?arch=i686&epoch=1&rpmmod=ruby:2.5:8090020230627084142:"
      "b46abd14");
  ASSERT_TRUE(module);
  EXPECT_EQ(module->name, "ruby");
  EXPECT_EQ(module->evr, "1:2.5.9-111.module+el8.9.0+19193+435404ae");
  EXPECT_EQ(module->architecture, "i686");
  EXPECT_EQ(module->module, "ruby:2.5");
  const auto bare = build_of_purl("pkg:rpm/redhat/libcurl");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->evr, "");
  EXPECT_FALSE(build_of_purl("pkg:oci/ubi8?tag=1")) << "no package";
  EXPECT_FALSE(build_of_purl("hello"));
}

TEST(CsafBuild, ComesOutOfAName) {
  const struct {
    const char* name;
    const char* expected;
  } cases[] = {
      {"telnet-1:0.17-65.el7_6.x86_64", "telnet 1:0.17-65.el7_6 x86_64 "},
      {"bash-0:5.1.8-6.el9.src", "bash 5.1.8-6.el9 src "},
      {"bind-9.9.4P2-0.6.1.i586", "bind 9.9.4P2-0.6.1 i586 "},
      {"vim-9.0-33.oe2203sp3.src.rpm", "vim 9.0-33.oe2203sp3 src "},
      {"chromium-51.0-bp153.2.1.x86_64", "chromium 51.0-bp153.2.1 x86_64 "},
      {"ctdb", "ctdb   "},
      {"java-1_8_0-openjdk", "java-1_8_0-openjdk   "},
      {"samba-winbind-32bit", "samba-winbind-32bit   "},
      {"nodejs:16/nodejs", "nodejs   nodejs:16"},
      {"ruby-0:2.5-1.el8.noarch::ruby:2.5", "ruby 2.5-1.el8 noarch ruby:2.5"},
      {"", "   "},
      {"-1-2", "-1-2   "},
  };
  for (const auto& each : cases) {
    const CsafBuild build = build_of_name(each.name, {});
    EXPECT_EQ(fmt::format("{} {} {} {}", build.name, build.evr, build.architecture, build.module), each.expected)
        << each.name;
  }
}

// A VEX document of Red Hat's shape: platforms B (BaseOS of 9), E (an extended stream), O (a product without a
// release).
std::string vex(std::string_view products, std::string_view relationships, std::string_view vulnerability) {
  return fmt::format(
      R"({{"document": {{"category": "csaf_vex", "csaf_version": "2.0", "aggregate_severity": {{"text": "Low"}},
"publisher": {{"namespace": "https://www.redhat.com"}},
"tracking": {{"id": "CVE-2026-0001", "status": "final", "current_release_date": "2026-01-02T03:04:05+00:00"}}}},
"product_tree": {{"branches": [{{"category": "vendor", "name": "Red Hat", "branches": [
{{"category": "product_name", "name": "x", "product": {{"product_id": "B", "name": "BaseOS",
 "product_identification_helper": {{"cpe": "cpe:/o:redhat:enterprise_linux:9::baseos"}}}}}},
{{"category": "product_name", "name": "x", "product": {{"product_id": "E", "name": "BaseOS EUS",
 "product_identification_helper": {{"cpe": "cpe:/o:redhat:rhel_eus:9.2::baseos"}}}}}},
{{"category": "product_name", "name": "x", "product": {{"product_id": "O", "name": "OpenShift",
 "product_identification_helper": {{"cpe": "cpe:/a:redhat:openshift:4"}}}}}}
{}]}}], "relationships": [{}]}},
"vulnerabilities": [{{"cve": "CVE-2026-0001", {}}}]}})",
      products, relationships, vulnerability);
}

std::string package(std::string_view id, std::string_view purl) {
  return fmt::format(
      R"(,{{"category": "product_version", "name": "{0}", "product": {{"product_id": "{0}", "name": "{0}",
"product_identification_helper": {{"purl": "{1}"}}}}}})",
      id, purl);
}

std::string related(std::string_view platform, std::string_view component, std::string_view separator = ",") {
  return fmt::format(
      R"({2}{{"category": "default_component_of", "full_product_name": {{"product_id": "{0}:{1}", "name": "x"}},
"product_reference": "{1}", "relates_to_product_reference": "{0}"}})",
      platform, component, separator);
}

std::vector<std::string> lines_of(const std::string& text) {
  KeepingSink sink;
  const auto info = read_as("redhat-vex", "cve-2026-0001.json", text, sink);
  EXPECT_TRUE(info) << info.error().to_string();
  return sink.lines();
}

TEST(RedhatVex, JoinsArchitecturesAndNamesTheAdvisoryOfTheFix) {
  const std::string text =
      vex(package("curl-0:8-1.el9.x86_64", "pkg:rpm/redhat/curl@8-1.el9?arch=x86_64") +
              package("curl-0:8-1.el9.aarch64", "pkg:rpm/redhat/curl@8-1.el9?arch=aarch64") +
              package("curl-0:8-1.el9.src", "pkg:rpm/redhat/curl@8-1.el9?arch=src") +
              package("curl-debuginfo-0:8-1.el9.x86_64", "pkg:rpm/redhat/curl-debuginfo@8-1.el9?arch=x86_64") +
              package("curl-0:8-0.el9_2.x86_64", "pkg:rpm/redhat/curl@8-0.el9_2?arch=x86_64"),
          related("B", "curl-0:8-1.el9.x86_64", "") + related("B", "curl-0:8-1.el9.aarch64") +
              related("B", "curl-0:8-1.el9.src") + related("B", "curl-debuginfo-0:8-1.el9.x86_64") +
              related("E", "curl-0:8-0.el9_2.x86_64"),
          R"("product_status": {"fixed": ["B:curl-0:8-1.el9.x86_64", "B:curl-0:8-1.el9.aarch64", "B:curl-0:8-1.el9.src",
"B:curl-debuginfo-0:8-1.el9.x86_64", "E:curl-0:8-0.el9_2.x86_64", "Text-Only"]},
"remediations": [{"category": "vendor_fix", "url": "https://access.redhat.com/errata/RHSA-2026:7",
 "product_ids": ["B:curl-0:8-1.el9.x86_64", "B:curl-0:8-1.el9.aarch64"]},
 {"category": "workaround", "details": "none", "product_ids": ["E:curl-0:8-0.el9_2.x86_64"]}],
"threats": [{"category": "impact", "details": "Important", "product_ids": ["B:curl-0:8-1.el9.x86_64"]}])");
  EXPECT_THAT(
      lines_of(text),
      UnorderedElementsAre(
          "rhel:9 CVE-2026-0001 curl fixed <8-1.el9 [aarch64 x86_64] cpe:/o:redhat:enterprise_linux:9::baseos high "
          "RHSA-2026:7",
          "rhel:9 CVE-2026-0001 curl fixed <8-0.el9_2 [x86_64] cpe:/o:redhat:rhel_eus:9.2::baseos high CVE-2026-0001"));
}

TEST(RedhatVex, MapsEveryStateOfWhatHasNoFix) {
  const struct {
    const char* category;
    const char* details;
    const char* expected;
  } cases[] = {
      {"no_fix_planned", "Will not fix", "will_not_fix"},
      {"no_fix_planned", "Out of support scope", "end_of_life"},
      {"none_available", "Fix deferred", "fix_deferred"},
      {"none_available", "Affected", "affected"},
  };
  for (const auto& each : cases) {
    const std::string text =
        vex(package("curl", "pkg:rpm/redhat/curl"), related("B", "curl", "") + related("O", "curl"),
            fmt::format(R"("product_status": {{"known_affected": ["B:curl", "O:curl"]}},
"remediations": [{{"category": "{}", "details": "{}", "product_ids": ["B:curl"]}}])",
                        each.category, each.details));
    EXPECT_THAT(lines_of(text),
                ElementsAre(fmt::format("rhel:9 CVE-2026-0001 curl {} cpe:/o:redhat:enterprise_linux:9::baseos low "
                                        "CVE-2026-0001 ({})",
                                        each.expected, each.details)));
  }
  const std::string investigated = vex(package("curl", "pkg:rpm/redhat/curl"), related("B", "curl", ""),
                                       R"("product_status": {"under_investigation": ["B:curl"]})");
  EXPECT_THAT(
      lines_of(investigated),
      ElementsAre(
          "rhel:9 CVE-2026-0001 curl under_investigation cpe:/o:redhat:enterprise_linux:9::baseos low CVE-2026-0001"));
}

TEST(RedhatVex, TakesSourcePackagesOnlyWhereNoBinaryIsNamed) {
  const std::string products =
      package("curl", "pkg:rpm/redhat/curl?arch=src") + package("libcurl", "pkg:rpm/redhat/libcurl");
  const std::string relationships = related("B", "curl", "") + related("B", "libcurl");
  const std::string cpe = "cpe:/o:redhat:enterprise_linux:9::baseos low CVE-2026-0001";
  EXPECT_THAT(lines_of(vex(products, relationships, R"("product_status": {"known_affected": ["B:curl"]})")),
              ElementsAre("rhel:9 CVE-2026-0001 curl(src) affected " + cpe));
  EXPECT_THAT(
      lines_of(vex(products, relationships, R"("product_status": {"known_affected": ["B:curl", "B:libcurl"]})")),
      ElementsAre("rhel:9 CVE-2026-0001 libcurl affected " + cpe));
}

TEST(RedhatVex, SaysNotAffectedOnlyOfReleasesAndOfNothingElse) {
  const std::string products = package("curl", "pkg:rpm/redhat/curl") + package("libcurl", "pkg:rpm/redhat/libcurl");
  const std::string relationships = related("B", "curl", "") + related("E", "curl") + related("B", "libcurl");
  EXPECT_THAT(
      lines_of(vex(products, relationships,
                   R"("product_status": {"known_not_affected": ["B:curl", "E:curl", "B:libcurl"],
"known_affected": ["B:libcurl"]})")),
      ElementsAre("rhel:9 CVE-2026-0001 libcurl affected cpe:/o:redhat:enterprise_linux:9::baseos low CVE-2026-0001",
                  "rhel:9 CVE-2026-0001 curl not_affected cpe:/o:redhat:enterprise_linux:9::baseos low CVE-2026-0001"));
}

TEST(RedhatVex, FollowsComponentsOfModules) {
  const std::string text = vex(
      package("node.x86_64", "pkg:rpm/redhat/nodejs@1:18-1.module?arch=x86_64") +
          R"(,{"category": "product_version", "name": "m", "product": {"product_id": "nodejs:18:8100:489", "name": "m"}})",
      related("B", "nodejs:18:8100:489", "") + related("B:nodejs:18:8100:489", "node.x86_64"),
      R"("product_status": {"fixed": ["B:nodejs:18:8100:489:node.x86_64"]})");
  EXPECT_THAT(lines_of(text), ElementsAre("rhel:9 CVE-2026-0001 nodejs fixed <1:18-1.module [x86_64] nodejs:18 "
                                          "cpe:/o:redhat:enterprise_linux:9::baseos low CVE-2026-0001"));
}

TEST(RedhatVex, SurvivesComponentsThatLoop) {
  const std::string text = vex("", related("B:x", "x", "") + R"(,{"full_product_name": {"product_id": "B:x"},
"product_reference": "x", "relates_to_product_reference": "B:x:x"})",
                               R"("product_status": {"fixed": ["B:x", "B:x:x", 7]})");
  EXPECT_THAT(lines_of(text), IsEmpty());
}

TEST(RedhatVex, HasNothingToSayOnceDeleted) {
  std::string text = vex(package("curl", "pkg:rpm/redhat/curl"), related("B", "curl", ""),
                         R"("product_status": {"known_affected": ["B:curl"]})");
  text.replace(text.find("\"final\""), 7, "\"deleted\"");
  EXPECT_THAT(lines_of(text), IsEmpty());
}

TEST(Csaf, NamesWhatIsMissing) {
  KeepingSink sink;
  const auto info = read_as("redhat-vex", "x", R"({"document": {"csaf_version": "2.0", "category": "csaf_vex",
"publisher": {"namespace": "https://www.redhat.com"}}})",
                            sink);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Code::kMalformed);
  EXPECT_THAT(info.error().message(), ::testing::HasSubstr("tracking"));
}

TEST(RedhatVex, ReadsRealDocuments) {
  BULKHEAD_NEED_TEST_DATA();
  KeepingSink curl;
  ASSERT_TRUE(read_as("redhat-vex", "cve-2023-38545.json", corpus("feeds/redhat/vex/cve-2023-38545.json.zst"), curl));
  EXPECT_THAT(
      curl.lines_about("CVE-2023-38545", "libcurl-minimal"),
      IsSupersetOf(
          {"rhel:9 CVE-2023-38545 libcurl-minimal fixed <7.76.1-23.el9_2.4 [aarch64 i686 ppc64le s390x x86_64] "
           "cpe:/o:redhat:enterprise_linux:9::baseos high RHSA-2023:5763",
           "rhel:9 CVE-2023-38545 libcurl-minimal fixed <7.76.1-26.el9_3.2 [aarch64 i686 ppc64le s390x x86_64] "
           "cpe:/o:redhat:enterprise_linux:9::baseos high RHSA-2023:6745",
           "rhel:9 CVE-2023-38545 libcurl-minimal fixed <7.76.1-14.el9_0.9 [aarch64 i686 ppc64le s390x x86_64] "
           "cpe:/o:redhat:rhel_eus:9.0::baseos high RHSA-2023:5700",
           "rhel:8 CVE-2023-38545 libcurl-minimal not_affected cpe:/o:redhat:enterprise_linux:8 high CVE-2023-38545"}))
      << "each minor release keeps its own fix";
  ASSERT_NE(curl.about("CVE-2023-38545"), nullptr);
  EXPECT_EQ(curl.about("CVE-2023-38545")->published, "2023-10-11");
  EXPECT_EQ(curl.about("CVE-2023-38545")->cvss.front().score, 8.1);

  KeepingSink openssl;
  ASSERT_TRUE(read_as("redhat-vex", "x.json", corpus("feeds/redhat/vex/cve-2024-0727-openssl.json.zst"), openssl));
  EXPECT_THAT(
      openssl.lines_about("CVE-2024-0727", "compat-openssl10"),
      Contains("rhel:8 CVE-2024-0727 compat-openssl10 fix_deferred cpe:/o:redhat:enterprise_linux:8 low CVE-2024-0727 "
               "(Fix deferred)"));
  EXPECT_THAT(
      openssl.lines_about("CVE-2024-0727", "edk2-aarch64"),
      Contains("rhel:8 CVE-2024-0727 edk2-aarch64 will_not_fix cpe:/o:redhat:enterprise_linux:8 low CVE-2024-0727 "
               "(Will not fix)"));
  EXPECT_THAT(
      openssl.lines_about("CVE-2024-0727", "openssl-static"),
      Contains("rhel:6 CVE-2024-0727 openssl-static end_of_life cpe:/o:redhat:enterprise_linux:6 low CVE-2024-0727 "
               "(Out of support scope)"));

  KeepingSink samba;
  ASSERT_TRUE(read_as("redhat-vex", "x.json", corpus("feeds/redhat/vex/cve-2023-4154.json.zst"), samba));
  EXPECT_THAT(samba.records, Not(IsEmpty()));
  for (const AdvisoryRecord& record : samba.records) EXPECT_EQ(record.status, AdvisoryStatus::kNotAffected);

  KeepingSink ruby;
  ASSERT_TRUE(read_as("redhat-csaf", "x.json", corpus("feeds/redhat/csaf/rhsa-2023_7025.json.zst"), ruby));
  EXPECT_THAT(
      ruby.lines_about("CVE-2021-33621", "ruby-devel"),
      ElementsAre(
          "rhel:8 CVE-2021-33621 ruby-devel fixed <2.5.9-111.module+el8.9.0+19193+435404ae [aarch64 i686 ppc64le "
          "s390x x86_64] ruby:2.5 cpe:/a:redhat:enterprise_linux:8::appstream medium RHSA-2023:7025"));
}

TEST(Csaf, ReadsTheSamplesOfSuseAndOpenEuler) {
  BULKHEAD_NEED_TEST_DATA();
  KeepingSink suse;
  const std::string vex_archive = sample("suse/csaf_vex/testdata/fixtures/csaf-vex.tar.bz2", "bzip2");
  ASSERT_TRUE(read_as("suse-vex", "x.json",
                      testing::run({"tar", "-xOf", "-", "csaf-vex/cve-2023-5568.json"}, vex_archive), suse));
  EXPECT_THAT(
      suse.lines_about("CVE-2023-5568", "ctdb"),
      Contains("opensuse:tumbleweed CVE-2023-5568 ctdb fixed <4.19.2+git.322.7e9201cef5-1.1 medium CVE-2023-5568"));
  EXPECT_THAT(suse.lines_about("CVE-2023-5568", "samba-tool"),
              Contains("suse:sles:15.5 CVE-2023-5568 samba-tool not_affected medium CVE-2023-5568"));

  KeepingSink bind;
  const std::string archive = sample("suse/csaf/testdata/fixtures/csaf.tar.bz2", "bzip2");
  ASSERT_TRUE(read_as("suse-csaf", "x.json",
                      testing::run({"tar", "-xOf", "-", "csaf/suse-su-2015_0011-2.json"}, archive), bind));
  EXPECT_THAT(
      bind.lines_about("CVE-2012-1667", "bind-devel"),
      ElementsAre(
          "suse:sles:11.2 CVE-2012-1667 bind-devel fixed <9.9.6P1-0.5.5 [i586 s390x x86_64] high SUSE-SU-2015:0011-2"));

  KeepingSink varnish;
  const std::string member = "openeuler/csaf/testdata/fixtures/happy/cve/2025/csaf-openeuler-cve-2025-30346.json";
  ASSERT_TRUE(read_as("openeuler-csaf", member, sample(member), varnish));
  EXPECT_THAT(
      varnish.lines_about("CVE-2025-30346", "varnish-devel"),
      Contains("openeuler:22.03-LTS-SP3 CVE-2025-30346 varnish-devel fixed <7.4.3-2.oe2203sp3 [aarch64 x86_64] medium "
               "openEuler-SA-2025-1333"));
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
