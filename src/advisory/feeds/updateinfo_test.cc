#include <gmock/gmock.h>

#include "advisory/feeds/rpm_test_support.h"

namespace bulkhead::advisory::feeds {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::KeepingSink;
using testing::read_as;
using testing::sample;
using ::testing::SizeIs;

std::string updates(std::string_view id, std::string_view type, std::string_view more, std::string_view collection) {
  return fmt::format(
      "<?xml version='1.0'?><updates><update type='{1}'><id>{0}</id><title>{0}</title><issued date='2026-01-02 03:04'/>"
      "<severity>Important</severity>{2}<pkglist>{3}</pkglist></update></updates>",
      id, type, more, collection);
}

std::string package(std::string_view name, std::string_view architecture, std::string_view version = "1",
                    std::string_view epoch = "0") {
  return fmt::format("<package name='{}' arch='{}' version='{}' release='2' epoch='{}'/>", name, architecture, version,
                     epoch);
}

constexpr std::string_view kReferences =
    "<references><reference type='cve' id='CVE-2026-0001' href='https://example.test/1'/>"
    "<reference type='bugzilla' id='7' title='CVE-2026-0002 x: y'/><reference type='rhsa' id='RHSA-1' title='fixes "
    "CVE-2020-0001'/>"
    "</references>";

TEST(Updateinfo, MakesOneRecordOfEachVersionAndVulnerability) {
  KeepingSink sink;
  const auto info =
      read_as("amazon-updateinfo", "x",
              updates("ALAS2-2026-1", "security", kReferences,
                      "<collection short='amazon-linux-2---core'>" + package("a", "x86_64") + package("a", "aarch64") +
                          package("a", "src") + package("a-debuginfo", "x86_64") + package("b", "noarch", "3", "4") +
                          "</collection>"),
              sink);
  ASSERT_TRUE(info) << info.error().to_string();
  EXPECT_EQ(info->date, "2026-01-02");
  EXPECT_THAT(sink.lines(), ElementsAre("amazon:2 CVE-2026-0001 a fixed <1-2 [aarch64 x86_64] high ALAS2-2026-1",
                                        "amazon:2 CVE-2026-0002 a fixed <1-2 [aarch64 x86_64] high ALAS2-2026-1",
                                        "amazon:2 CVE-2026-0001 b fixed <4:3-2 [noarch] high ALAS2-2026-1",
                                        "amazon:2 CVE-2026-0002 b fixed <4:3-2 [noarch] high ALAS2-2026-1"));
  ASSERT_THAT(sink.vulnerabilities, SizeIs(2)) << "an erratum's title names the vulnerabilities of others";
  EXPECT_THAT(sink.vulnerabilities[0].references, ElementsAre("https://example.test/1"));
}

TEST(Updateinfo, FindsTheReleaseOfEachPublisher) {
  const struct {
    const char* feed;
    const char* id;
    const char* release;
    const char* collection;
    const char* key;
  } cases[] = {
      {"amazon-updateinfo", "ALAS-2011-1", "", "amazon-linux-ami", "amazon:1"},
      {"amazon-updateinfo", "ALAS2023-2023-001", "", "amazon-linux-2023", "amazon:2023"},
      {"amazon-updateinfo", "ALAS2KERNEL-5.15-2022-001", "", "amazon-linux-2---kernel-5.15", "amazon:2:kernel-5.15"},
      {"amazon-updateinfo", "ALAS2023LIVEPATCH-2023-001", "", "x", "amazon:2023:livepatch"},
      {"rocky-updateinfo", "RLSA-2022:7513", "Rocky Linux 9", "x", "rocky:9"},
      {"almalinux-updateinfo", "ALSA-2022:4940", "0", "almalinux-9-for-x86_64-baseos-rpms__9_1_default", "almalinux:9"},
      {"fedora-updateinfo", "FEDORA-2025-1", "Fedora 43", "F43", "fedora:43"},
      {"oracle-updateinfo", "ELSA-2022-1", "Oracle Linux 8", "x", "oracle:8"},
      {"oracle-updateinfo", "ELSA-2022-1", "", "ol9_baseos_latest", "oracle:9"},
      {"fedora-updateinfo", "FEDORA-EPEL-2018-1", "Fedora EPEL 6", "EL-6", nullptr},
  };
  for (const auto& each : cases) {
    KeepingSink sink;
    const std::string release = each.release[0] == '\0' ? "" : fmt::format("<release>{}</release>", each.release);
    const auto info =
        read_as(each.feed, "x",
                updates(each.id, "security", release,
                        fmt::format("<collection short='{}'>{}</collection>", each.collection, package("a", "noarch"))),
                sink);
    ASSERT_TRUE(info) << each.id;
    if (each.key == nullptr) {
      EXPECT_THAT(sink.records, IsEmpty()) << each.id;
      continue;
    }
    ASSERT_THAT(sink.records, SizeIs(1)) << each.id;
    EXPECT_EQ(sink.records[0].ecosystem, each.key);
    EXPECT_EQ(sink.records[0].id, each.id) << "the advisory itself, where it names no CVE";
  }
}

TEST(Updateinfo, PassesOverUpdatesThatAreNotAboutVulnerabilities) {
  KeepingSink sink;
  const std::string collection = "<collection short='x'>" + package("a", "noarch") + "</collection>";
  ASSERT_TRUE(read_as("rocky-updateinfo", "x",
                      updates("RLBA-1", "bugfix", "<release>Rocky Linux 9</release>", collection), sink));
  EXPECT_THAT(sink.records, IsEmpty());
  ASSERT_TRUE(read_as("rocky-updateinfo", "x",
                      updates("RLBA-1", "bugfix",
                              std::string("<release>Rocky Linux 9</release>") + std::string(kReferences), collection),
                      sink));
  EXPECT_THAT(sink.records, SizeIs(2)) << "but a bug fix may name some";
}

TEST(Updateinfo, CarriesTheModuleOfACollection) {
  KeepingSink sink;
  ASSERT_TRUE(read_as(
      "fedora-updateinfo", "x",
      updates("FEDORA-MODULAR-1", "security", "<release>Fedora 38 Modular</release>",
              "<collection short='F38M'><module name='nginx' stream='mainline' version='1' context='c' arch='x'/>" +
                  package("nginx", "x86_64") + "</collection>"),
      sink));
  EXPECT_THAT(sink.lines(),
              ElementsAre("fedora:38 FEDORA-MODULAR-1 nginx fixed <1-2 [x86_64] nginx:mainline high FEDORA-MODULAR-1"));
}

TEST(Updateinfo, RefusesPackagesWithoutNameOrVersion) {
  KeepingSink sink;
  const auto info = read_as(
      "amazon-updateinfo", "x",
      updates("ALAS2-2026-1", "security", "", "<collection short='x'><package arch='noarch'/></collection>"), sink);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Code::kMalformed);
  EXPECT_THAT(info.error().message(), ::testing::HasSubstr("ALAS2-2026-1"));
}

TEST(Updateinfo, ReadsTheSamplesOfItsPublishers) {
  BULKHEAD_NEED_TEST_DATA();
  const struct {
    const char* feed;
    const char* member;
    const char* inflater;
    const char* line;
  } cases[] = {
      {"amazon-updateinfo", "amazon/testdata/fixtures/updateinfo_1.xml.gz", "gzip",
       "amazon:1 CVE-2011-3192 httpd-devel fixed <2.2.21-1.18.amzn1 [i686] medium ALAS-2011-1"},
      {"amazon-updateinfo", "amazon/testdata/fixtures/updateinfo_2023.xml.gz", "gzip",
       "amazon:2023 CVE-2014-3634 rsyslog fixed <8.2204.0-3.amzn2023.0.2 [aarch64 i686 x86_64] high ALAS2023-2023-001"},
      {"rocky-updateinfo",
       "rocky/updateinfo/testdata/fixtures/happy/pub/rocky/9/AppStream/x86_64/os/repodata/"
       "bbbb125de8ddb7f66ac6a9850f48af285670c3ace1e29f2b0ce002ab69b88ee5-updateinfo.xml.gz",
       "gzip",
       "rocky:9 CVE-2022-47015 mariadb fixed <3:10.5.16-2.module+el9.1.0+13358+56c3b6a3 [x86_64] medium "
       "RLSA-2023:3820"},
      {"almalinux-updateinfo",
       "alma/updateinfo/testdata/fixtures/happy/almalinux/9/AppStream/x86_64/os/repodata/"
       "cccc125de8ddb7f66ac6a9850f48af285670c3ace1e29f2b0ce002ab69b88ee5-updateinfo.xml.gz",
       "gzip", "almalinux:9 CVE-2023-44487 nodejs fixed <1:18.18.2-1.el9 [x86_64] medium ALSA-2023:7549"},
  };
  for (const auto& each : cases) {
    KeepingSink sink;
    const auto info = read_as(each.feed, each.member, sample(each.member, each.inflater), sink);
    ASSERT_TRUE(info) << each.member << ": " << info.error().to_string();
    EXPECT_THAT(sink.lines(), Contains(each.line)) << each.member;
  }
}

TEST(PhotonCves, ReadsFixesAndDenials) {
  const auto lines = [](std::string_view path, std::string_view entries) {
    KeepingSink sink;
    const auto info = read_as("photon-cves", path, fmt::format("[{}]", entries), sink);
    EXPECT_TRUE(info) << info.error().to_string();
    return sink.lines();
  };
  EXPECT_THAT(
      lines(
          "x.json",
          R"({"cve_id":"CVE-2025-9086","pkg":"curl","cve_score":7.5,"aff_ver":"all versions before 8.16.0-1.ph4 are vulnerable","res_ver":"8.16.0-1.ph4","status":"Fixed"})"),
      ElementsAre("photon:4 CVE-2025-9086 curl fixed <8.16.0-1.ph4 unknown CVE-2025-9086"));
  EXPECT_THAT(
      lines(
          "a/cve_data_photon5.0.json",
          R"({"cve_id":"CVE-2025-0001","pkg":"linux","cve_score":5.0,"aff_ver":"NA","res_ver":"NA","status":"Not Affected"},
{"cve_id":"CVE-2025-0002","pkg":"linux","cve_score":5.0,"aff_ver":"all versions are vulnerable","res_ver":"NA","status":"Open"},
{"cve_id":"UNK-1","pkg":"linux","cve_score":5.0,"aff_ver":"NA","res_ver":"NA","status":"Not Affected"}, {"cve_id":"Re","pkg":"linux","aff_ver":"NA","res_ver":"NA"})"),
      ElementsAre("photon:5 CVE-2025-0001 linux not_affected unknown CVE-2025-0001",
                  "photon:5 CVE-2025-0002 linux affected unknown CVE-2025-0002 (Open)"));
  KeepingSink sink;
  EXPECT_FALSE(read_as("photon-cves", "x.json",
                       R"([{"cve_id":"CVE-2025-0001","pkg":"linux","aff_ver":"NA","res_ver":"NA"}])", sink))
      << "of which release?";
}

TEST(Bodhi, ReadsSecurityUpdatesOfFedoraItself) {
  const auto update = [](std::string_view type, std::string_view prefix, std::string_view builds,
                         std::string_view status = "stable") {
    return fmt::format(
        R"({{"updates": [{{"alias": "FEDORA-2026-1", "type": "{}", "status": "{}", "severity": "urgent", "title": "x",
"date_pushed": "2026-01-02 03:04:05", "release": {{"id_prefix": "{}", "version": "43"}},
"bugs": [{{"title": "CVE-2026-0001 curl: x [fedora-all]"}}, {{"title": "CVE-2026-0001 curl: x"}}], "builds": [{}]}}]}})",
        type, status, prefix, builds);
  };
  const auto lines = [](std::string text) {
    KeepingSink sink;
    const auto info = read_as("fedora-bodhi", "x", std::move(text), sink);
    EXPECT_TRUE(info) << info.error().to_string();
    return sink.lines();
  };
  const std::string build = R"({"nvr": "rust-curl-1.2-3.fc43", "type": "rpm", "epoch": 4})";
  EXPECT_THAT(lines(update("security", "FEDORA", build)),
              ElementsAre("fedora:43 CVE-2026-0001 rust-curl(src) fixed <4:1.2-3.fc43 critical FEDORA-2026-1"));
  EXPECT_THAT(
      lines(update("security", "FEDORA", build, "testing")),
      ElementsAre(
          "fedora:43 CVE-2026-0001 rust-curl(src) affected <4:1.2-3.fc43 critical FEDORA-2026-1 (testing in Bodhi)"));
  EXPECT_THAT(lines(update("bugfix", "FEDORA", build)), IsEmpty());
  EXPECT_THAT(lines(update("security", "FEDORA-EPEL", build)), IsEmpty());
  EXPECT_THAT(lines(update("security", "FEDORA", R"({"nvr": "m-1-2", "type": "module"})")), IsEmpty());
  EXPECT_THAT(lines(update("security", "FEDORA", build, "obsolete")), IsEmpty());
  KeepingSink sink;
  EXPECT_FALSE(read_as("fedora-bodhi", "x", update("security", "FEDORA", R"({"nvr": "curl", "type": "rpm"})"), sink));
}

TEST(Bodhi, ReadsAPageOfTheCorpus) {
  BULKHEAD_NEED_TEST_DATA();
  KeepingSink sink;
  const auto info =
      read_as("fedora-bodhi", "updates.json", testing::corpus("feeds/fedora/bodhi-F36-page1.json.zst"), sink);
  ASSERT_TRUE(info) << info.error().to_string();
  EXPECT_EQ(info->date, "2022-07-01");
  EXPECT_THAT(sink.lines(),
              Contains("fedora:36 CVE-2022-32205 curl(src) fixed <7.82.0-6.fc36 medium FEDORA-2022-8bd3bf5b40"));
  EXPECT_THAT(sink.lines(),
              Contains("fedora:36 CVE-2022-24050 mariadb(src) fixed <3:10.5.15-1.fc36 medium FEDORA-2022-263f7cc483"));
  EXPECT_THAT(
      sink.lines(),
      Contains("fedora:36 FEDORA-2022-59e474cd5c firefox(src) fixed <102.0-1.fc36 critical FEDORA-2022-59e474cd5c"));
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
