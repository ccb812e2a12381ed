#include "advisory/feeds/oval.h"

#include <gmock/gmock.h>

#include "advisory/feeds/rpm_test_support.h"

namespace bulkhead::advisory::feeds {
namespace {

using ::testing::Contains;
using testing::corpus;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::KeepingSink;
using testing::read_as;
using testing::sample;
using ::testing::SizeIs;

// A document of one definition by `publisher` ("com.redhat.rhsa"): its metadata and criteria, then tests, objects,
// states.
std::string document(std::string_view publisher, std::string_view kind, std::string_view metadata,
                     std::string_view criteria, std::string_view rest) {
  return fmt::format(
      "<oval_definitions xmlns='http://oval.mitre.org/XMLSchema/oval-definitions-5'><generator>"
      "<oval:timestamp xmlns:oval='urn:x'>2026-01-02T03:04:05</oval:timestamp></generator><definitions>"
      "<definition class='{}' "
      "id='oval:{}:def:1'><metadata>{}</metadata>{}</definition></definitions>{}</oval_definitions>",
      kind, publisher, metadata, criteria, rest);
}

constexpr std::string_view kRedhatMetadata =
    "<title>RHSA-2026:1: x (Important)</title><reference source='RHSA' ref_id='RHSA-2026:1'/>"
    "<reference source='CVE' ref_id='CVE-2026-0001' ref_url='https://example.test/CVE-2026-0001'/>"
    "<advisory><severity>Important</severity>"
    "<cve cvss3='5.7/CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:H/I:N/A:N' cwe='CWE-532-&gt;CWE-200' impact='moderate' "
    "public='20260102:1300'>CVE-2026-0001</cve><cve>CVE-2026-0002</cve></advisory>";

// Tests 1: product, 2: never, 3: module, 4: httpd earlier, 5: signed, 6: running kernel, 7: mod_ssl earlier, 8: httpd
// is installed, 9: httpd is not installed.
constexpr std::string_view kRedhatRest =
    "<tests>"
    "<rpmverifyfile_test id='t1' check='at least one'><object object_ref='o1'/><state "
    "state_ref='s1'/></rpmverifyfile_test>"
    "<rpmverifyfile_test id='t2' check='none satisfy'><object object_ref='o1'/></rpmverifyfile_test>"
    "<textfilecontent54_test id='t3' check='all'/>"
    "<rpminfo_test id='t4' check='at least one'><object object_ref='o2'/><state state_ref='s2'/></rpminfo_test>"
    "<rpminfo_test id='t5' check='at least one'><object object_ref='o2'/><state state_ref='s3'/></rpminfo_test>"
    "<uname_test id='t6'/>"
    "<rpminfo_test id='t7' check='at least one'><object object_ref='o3'/><state state_ref='s4'/></rpminfo_test>"
    "<rpminfo_test id='t8' check='at least one'><object object_ref='o2'/></rpminfo_test>"
    "<rpminfo_test id='t9' check='at least one' check_existence='none_exist'><object object_ref='o2'/></rpminfo_test>"
    "</tests><objects>"
    "<rpminfo_object id='o2'><name>httpd</name></rpminfo_object><rpminfo_object "
    "id='o3'><name>mod_ssl</name></rpminfo_object>"
    "</objects><states>"
    "<rpmverifyfile_state id='s1'><version operation='pattern match'>^8</version></rpmverifyfile_state>"
    "<rpminfo_state id='s2'><arch operation='pattern match'>aarch64|x86_64</arch>"
    "<evr operation='less than'>0:2.4-1.el8</evr></rpminfo_state>"
    "<rpminfo_state id='s3'><signature_keyid operation='equals'>199e2f91fd431d51</signature_keyid></rpminfo_state>"
    "<rpminfo_state id='s4'><evr operation='less than'>1:2.4-2.el8</evr></rpminfo_state></states>";

std::string criterion(int test, std::string_view comment, std::string_view more = {}) {
  return fmt::format("<criterion test_ref='t{}' comment='{}' {}/>", test, comment, more);
}

std::string all_of(std::string_view inner) {
  return fmt::format("<criteria operator='AND'>{}</criteria>", inner);
}
std::string any_of(std::string_view inner) {
  return fmt::format("<criteria operator='OR'>{}</criteria>", inner);
}

const std::string kOnEight = criterion(1, "Red Hat Enterprise Linux 8 is installed");

std::vector<std::string> redhat_lines(const std::string& criteria, std::string_view metadata = kRedhatMetadata) {
  KeepingSink sink;
  const auto info = read_as("redhat-oval", "rhel-8.oval.xml",
                            document("com.redhat.rhsa", "patch", metadata, criteria, kRedhatRest), sink);
  EXPECT_TRUE(info) << info.error().to_string();
  return sink.lines();
}

TEST(RedhatOval, MapsTheCriteriaOfAnAdvisory) {
  const std::string criteria = any_of(criterion(2, "Red Hat Enterprise Linux must be installed") +
                                      all_of(any_of(kOnEight + criterion(1, "Red Hat CoreOS 4 is installed")) +
                                             criterion(3, "Module httpd:2.4 is enabled") +
                                             any_of(criterion(6, "kernel earlier than 1 is currently running") +
                                                    criterion(3, "kernel earlier than 1 is set to boot")) +
                                             any_of(all_of(criterion(4, "httpd is earlier than 0:2.4-1.el8") +
                                                           criterion(5, "httpd is signed with key")) +
                                                    all_of(criterion(7, "mod_ssl is earlier than 1:2.4-2.el8")))));
  EXPECT_THAT(redhat_lines(criteria),
              ElementsAre("rhel:8 CVE-2026-0001 httpd fixed <2.4-1.el8 [aarch64 x86_64] httpd:2.4 medium RHSA-2026:1",
                          "rhel:8 CVE-2026-0002 httpd fixed <2.4-1.el8 [aarch64 x86_64] httpd:2.4 high RHSA-2026:1",
                          "rhel:8 CVE-2026-0001 mod_ssl fixed <1:2.4-2.el8 httpd:2.4 medium RHSA-2026:1",
                          "rhel:8 CVE-2026-0002 mod_ssl fixed <1:2.4-2.el8 httpd:2.4 high RHSA-2026:1"));
}

TEST(RedhatOval, TellsWhatItKnowsOfEachVulnerability) {
  KeepingSink sink;
  const auto info =
      read_as("redhat-oval", "x", document("com.redhat.rhsa", "patch", kRedhatMetadata, all_of(""), ""), sink);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->date, "2026-01-02");
  ASSERT_THAT(sink.vulnerabilities, SizeIs(2));
  const Vulnerability& first = sink.vulnerabilities[0];
  EXPECT_EQ(first.id, "CVE-2026-0001");
  EXPECT_EQ(first.severity, Severity::kMedium);
  EXPECT_EQ(first.severity_source, "redhat");
  EXPECT_EQ(first.published, "2026-01-02");
  EXPECT_THAT(first.cwes, ElementsAre("CWE-532", "CWE-200"));
  EXPECT_THAT(first.references, ElementsAre("https://example.test/CVE-2026-0001"));
  ASSERT_THAT(first.cvss, SizeIs(1));
  EXPECT_EQ(first.cvss[0].vector, "CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:H/I:N/A:N");
  EXPECT_EQ(first.cvss[0].score, 5.7);
  EXPECT_EQ(sink.vulnerabilities[1].severity, Severity::kHigh) << "the advisory's, where it has none of its own";
  EXPECT_TRUE(sink.vulnerabilities[1].description.empty())
      << "the advisory describes the update, not the vulnerability";
}

TEST(RedhatOval, TakesTheResolutionOfPackagesWithoutAFix) {
  const auto with_state = [](std::string_view state) {
    return fmt::format(
        "<title>CVE-2026-0003 x</title><advisory><severity>Low</severity><affected><resolution state='{}'>"
        "<component>httpd:2.4/httpd</component></resolution><resolution state='Affected'><component>other</component>"
        "</resolution></affected></advisory>",
        state);
  };
  const std::string criteria =
      all_of(kOnEight + criterion(8, "httpd is installed") + criterion(5, "httpd is signed with key"));
  const struct {
    const char* state;
    const char* status;
  } cases[] = {{"Will not fix", "will_not_fix"},
               {"Fix deferred", "fix_deferred"},
               {"Out of support scope", "end_of_life"},
               {"Under investigation", "under_investigation"},
               {"Affected", "affected"}};
  for (const auto& each : cases) {
    EXPECT_THAT(redhat_lines(criteria, with_state(each.state)),
                ElementsAre(fmt::format("rhel:8 CVE-2026-0003 httpd {} low oval:com.redhat.rhsa:def:1", each.status)));
  }
}

TEST(RedhatOval, ReadsInstalledAndNotInstalledAsNotAffected) {
  const auto lines =
      redhat_lines(all_of(kOnEight + criterion(8, "httpd is installed") + criterion(9, "httpd is not installed")),
                   "<title>CVE-2026-0003</title>");
  EXPECT_THAT(lines, ElementsAre("rhel:8 CVE-2026-0003 httpd not_affected unknown oval:com.redhat.rhsa:def:1"));
}

TEST(RedhatOval, KeepsTheProductOfDocumentsThatAreNotTheReleases) {
  const std::string criteria = all_of(kOnEight + criterion(7, "mod_ssl is earlier than 1:2.4-2.el8"));
  const auto with_cpes = [](std::string_view cpes) {
    return fmt::format("<title>CVE-2026-0003</title><advisory><affected_cpe_list>{}</affected_cpe_list></advisory>",
                       cpes);
  };
  EXPECT_THAT(redhat_lines(criteria, with_cpes("<cpe>cpe:/o:redhat:rhel_eus:8.6::baseos</cpe>")),
              ElementsAre("rhel:8 CVE-2026-0003 mod_ssl fixed <1:2.4-2.el8 cpe:/o:redhat:rhel_eus:8.6::baseos unknown "
                          "oval:com.redhat.rhsa:def:1"));
  EXPECT_THAT(
      redhat_lines(criteria,
                   with_cpes("<cpe>cpe:/o:redhat:rhel_eus:8.6</cpe><cpe>cpe:/o:redhat:enterprise_linux:8</cpe>")),
      ElementsAre("rhel:8 CVE-2026-0003 mod_ssl fixed <1:2.4-2.el8 unknown oval:com.redhat.rhsa:def:1"));
}

TEST(Oval, PassesOverWhatNoRecordCanSay) {
  const std::string httpd = criterion(4, "httpd is earlier than 0:2.4-1.el8");
  const std::string mod_ssl = criterion(7, "mod_ssl is earlier than 1:2.4-2.el8");
  const struct {
    const char* why;
    std::string criteria;
  } cases[] = {
      {"two packages at once", all_of(kOnEight + httpd + mod_ssl)},
      {"a negated test", all_of(kOnEight + criterion(4, "httpd is earlier", "negate='true'"))},
      {"a negated condition", all_of(criterion(1, "Red Hat Enterprise Linux 8 is installed", "negate='true'") + httpd)},
      {"an unknown test", all_of(kOnEight + criterion(99, "x") + httpd)},
      {"another product", all_of(criterion(1, "Red Hat Enterprise Linux 8 Client is installed") + httpd)},
      {"no product", all_of(httpd)},
      {"a product that is never there", all_of(criterion(2, "Red Hat Enterprise Linux must be installed") + httpd)},
      {"modules that exclude each other",
       all_of(kOnEight + any_of(criterion(3, "Module a:1 is enabled") + criterion(3, "Module a:2 is enabled")) +
              httpd)},
  };
  for (const auto& each : cases) EXPECT_THAT(redhat_lines(each.criteria), IsEmpty()) << each.why;
}

TEST(Oval, RefusesADocumentThatIsCutShort) {
  std::string text = document("com.redhat.rhsa", "patch", kRedhatMetadata, all_of(kOnEight), kRedhatRest);
  text.resize(text.size() - 30);
  KeepingSink sink;
  const auto info = read_as("redhat-oval", "x", text, sink);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Code::kMalformed);
}

TEST(SuseOval, ReadsEveryComparisonOfVersions) {
  const auto lines = [](std::string_view operation, std::string_view evr, std::string_view comment = "x is installed") {
    const std::string rest = fmt::format(
        "<tests><rpminfo_test id='t1' check='at least one'><object object_ref='o1'/><state "
        "state_ref='s1'/></rpminfo_test>"
        "<rpminfo_test id='t2' check='at least one'><object object_ref='o2'/><state "
        "state_ref='s2'/></rpminfo_test></tests>"
        "<objects><rpminfo_object id='o1'><name>openSUSE-release</name></rpminfo_object><rpminfo_object id='o2'>"
        "<name>x</name></rpminfo_object></objects><states><rpminfo_state id='s1'><version "
        "operation='equals'>15.3</version>"
        "</rpminfo_state><rpminfo_state id='s2'><evr operation='{}'>{}</evr></rpminfo_state></states>",
        operation, evr);
    KeepingSink sink;
    const auto info =
        read_as("suse-oval", "x",
                document("org.opensuse.security", "vulnerability", "<title>CVE-2026-0001</title>",
                         all_of(criterion(1, "openSUSE Leap 15.3 is installed") + criterion(2, comment)), rest),
                sink);
    EXPECT_TRUE(info);
    return sink.lines();
  };
  const std::string record = " unknown oval:org.opensuse.security:def:1";
  const std::string about = "opensuse:leap:15.3 CVE-2026-0001 x ";
  EXPECT_THAT(lines("less than", "0:1-2"), ElementsAre(about + "fixed <1-2" + record));
  EXPECT_THAT(lines("less than or equal", "0:1-2"), ElementsAre(about + "affected <=1-2" + record));
  EXPECT_THAT(lines("equals", "0:1-2"), ElementsAre(about + "affected >=1-2 <=1-2" + record));
  EXPECT_THAT(lines("greater than or equal", "0:1-2"), ElementsAre(about + "affected >=1-2" + record));
  EXPECT_THAT(lines("greater than", "0:1-2"), ElementsAre(about + "affected >1-2" + record));
  EXPECT_THAT(lines("greater than", "0:0-0"), ElementsAre(about + "affected" + record)) << "every version";
  EXPECT_THAT(lines("less than", "0:0-0"), ElementsAre(about + "not_affected" + record)) << "no version";
  EXPECT_THAT(lines("equals", "0:0-0"), ElementsAre(about + "not_affected" + record));
  EXPECT_THAT(lines("greater than", "0:0-0", "x is not affected"), ElementsAre(about + "not_affected" + record));
  EXPECT_THAT(lines("not equal", "0:1-2"), IsEmpty());
}

TEST(AzureOval, TakesTheReleaseFromTheDistTagAndNamesFromSpecs) {
  const auto lines = [](std::string_view evr, std::string_view patchable) {
    const std::string rest = fmt::format(
        "<tests><rpminfo_test id='t1' check='at least one'><object object_ref='o1'/><state "
        "state_ref='s1'/></rpminfo_test>"
        "</tests><objects><rpminfo_object id='o1'><name>golang</name></rpminfo_object></objects><states>"
        "<rpminfo_state id='s1'><evr operation='less than'>{}</evr></rpminfo_state></states>",
        evr);
    KeepingSink sink;
    const auto info =
        read_as("azurelinux-oval", "x.xml",
                document("com.microsoft.azurelinux", "vulnerability",
                         fmt::format("<title>CVE-2026-0001 affecting golang</title><patchable>{}</patchable>"
                                     "<description>CVE-2026-0001 affecting package golang for versions less than "
                                     "1. An upgraded version of the package is available.</description>"
                                     "<severity>High</severity>",
                                     patchable),
                         all_of(criterion(1, "Package golang is earlier than 1")), rest),
                sink);
    EXPECT_TRUE(info);
    EXPECT_THAT(sink.vulnerabilities, SizeIs(1));
    for (const Vulnerability& each : sink.vulnerabilities) {
      EXPECT_EQ(each.description, "") << "a sentence about a package";
    }
    return sink.lines();
  };
  const std::string record = "high oval:com.microsoft.azurelinux:def:1";
  EXPECT_THAT(lines("0: 1.20.10-1.azl3", "true"),
              ElementsAre("azurelinux:3 CVE-2026-0001 golang(src) fixed <1.20.10-1.azl3 " + record));
  EXPECT_THAT(lines("0:1.20.10-1.cm2", "true"),
              ElementsAre("mariner:2 CVE-2026-0001 golang(src) fixed <1.20.10-1.cm2 " + record));
  EXPECT_THAT(lines("0:1.20.10-1.azl3", "Not Applicable"),
              ElementsAre("azurelinux:3 CVE-2026-0001 golang(src) not_affected " + record));
  EXPECT_THAT(lines("0:1.20.10-1.el9", "true"), IsEmpty()) << "of no release that is known";
}

// Each count was confirmed by another program: the distinct pairs of a vulnerability and an "is earlier than" in a
// document (Red Hat's are more, because two modules hold some packages in the same version).
TEST(Oval, ReadsTheCorpusCompletely) {
  BULKHEAD_NEED_TEST_DATA();
  const struct {
    const char* feed;
    const char* file;
    size_t fixed;
    size_t not_affected;
  } cases[] = {
      {"redhat-oval", "feeds/redhat/rhel-8.oval-2020-03-19.xml.zst", 10188, 0},
      {"photon-oval", "feeds/photon/com.vmware.phsa-photon3-2020-02-20.xml.zst", 2467, 0},
      {"azurelinux-oval", "feeds/azurelinux/azurelinux-3.0-oval.xml.zst", 1221, 1},
      {"suse-oval", "feeds/suse/opensuse.leap.15.3-oval-2023-02-08.xml.zst", 93099, 0},
  };
  for (const auto& each : cases) {
    KeepingSink sink;
    const auto info = read_as(each.feed, each.file, corpus(each.file), sink);
    ASSERT_TRUE(info) << each.file << ": " << info.error().to_string();
    const auto with = [&](AdvisoryStatus status) {
      return static_cast<size_t>(std::ranges::count(sink.records, status, &AdvisoryRecord::status));
    };
    EXPECT_EQ(with(AdvisoryStatus::kFixed), each.fixed) << each.file;
    EXPECT_EQ(with(AdvisoryStatus::kNotAffected), each.not_affected) << each.file;
    EXPECT_EQ(sink.records.size(), each.fixed + each.not_affected) << each.file;
  }
}

TEST(RedhatOval, OfErrataAloneIsToldFromThatWhichSaysWhatIsOpen) {
  const auto feed_of = [](std::string_view path, std::string_view id) {
    const std::string text = fmt::format(R"(<oval_definitions><definition class="x" id="{}:def:1"/>)", id);
    const Feed* feed = recognise({.path = path, .text = text});
    return feed == nullptr ? std::string() : fmt::format("{}{}", feed->name, feed->only_advisories ? " (errata)" : "");
  };
  EXPECT_EQ(feed_of("rhel-9.oval.xml", "oval:com.redhat.rhsa"), "redhat-oval (errata)");
  EXPECT_EQ(feed_of("v2/rhel-9-including-unpatched.oval.xml", "oval:com.redhat.rhsa"), "redhat-oval-unpatched");
  EXPECT_EQ(feed_of("rhel-9.xml", "oval:com.redhat.cve"), "redhat-oval-unpatched");
  EXPECT_EQ(feed_of("rhel-9.xml", "oval:com.redhat.unaffected"), "redhat-oval-unpatched");
}

TEST(SuseOval, OfWhatIsFixedIsToldFromThatWhichSaysWhatIsOpen) {
  const auto feed_of = [](std::string_view path) {
    const Feed* feed =
        recognise({.path = path, .text = R"(<oval_definitions><definition id="oval:org.opensuse.security:def:1"/>)"});
    return feed == nullptr ? std::string() : fmt::format("{}{}", feed->name, feed->only_advisories ? " (fixed)" : "");
  };
  EXPECT_EQ(feed_of("suse.linux.enterprise.server.15.xml"), "suse-oval (fixed)");
  EXPECT_EQ(feed_of("oval/suse.linux.enterprise.server.15-affected.xml.gz"), "suse-oval-affected");
}

TEST(Oval, ReadsTheSamplesOfItsPublishers) {
  BULKHEAD_NEED_TEST_DATA();
  const std::string redhat = "redhat/oval/v2/testdata/fixtures/oval/v2/RHEL9/";
  const struct {
    const char* feed;
    std::string member;
    const char* inflater;
    const char* line;
  } cases[] = {
      {"redhat-oval-unpatched", redhat + "rhel-9-including-unpatched.oval.xml.bz2", "bzip2",
       "rhel:9 CVE-2005-2541 tar will_not_fix medium oval:com.redhat.cve:def:20052541"},
      {"redhat-oval-unpatched", redhat + "rhel-9-including-unpatched.oval.xml.bz2", "bzip2",
       "rhel:9 CVE-2002-0059 zlib not_affected medium oval:com.redhat.unaffected:def:20020059"},
      {"redhat-oval-unpatched", redhat + "jboss-ws-5-including-unpatched.oval.xml.bz2", "bzip2",
       "rhel:9 CVE-2018-8014 jws5-tomcat affected cpe:/a:redhat:jboss_enterprise_web_server:5.6::el9 medium "
       "oval:com.redhat.cve:def:20188014"},
      {"oracle-oval", "oracle/linux/testdata/fixtures/com.oracle.elsa-all.xml.bz2", "bzip2",
       "oracle:8 CVE-2023-0664 hivex fixed <1.3.18-21.module+el8.7.0+21037+8ee66348 [aarch64 noarch] virt:kvm_utils "
       "high "
       "ELSA-2023-12342"},
      {"oracle-oval", "oracle/linux/testdata/fixtures/com.oracle.elsa-all.xml.bz2", "bzip2",
       "oracle:5 CVE-2007-0493 bind fixed <30:9.3.3-8.el5 [i386 i486 i586 i686 noarch x86_64] medium ELSA-2007-0057"},
      {"almalinux-oval", "alma/oval/testdata/fixtures/org.almalinux.alsa-9.xml.bz2", "bzip2",
       "almalinux:9 CVE-2023-32002 nodejs fixed <1:18.17.1-1.module_el9.2.0+36+853e48f5 [aarch64 ppc64le s390x x86_64] "
       "nodejs:18 high ALSA-2023:5363"},
      {"suse-oval", "suse/oval/testdata/fixtures/happy/opensuse.tumbleweed.xml.gz", "gzip",
       "opensuse:tumbleweed CVE-2001-1267 tar-rmt fixed <1.34-2.2 medium oval:org.opensuse.security:def:20011267"},
  };
  for (const auto& each : cases) {
    KeepingSink sink;
    const auto info = read_as(each.feed, each.member, sample(each.member, each.inflater), sink);
    ASSERT_TRUE(info) << each.member << ": " << info.error().to_string();
    EXPECT_THAT(sink.lines(), Contains(each.line)) << each.member;
  }
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
