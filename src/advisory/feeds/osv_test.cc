#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

// The records of one affected entry of a document by `feed`.
std::string affected(std::string_view feed, std::string_view entry, std::string_view head = R"("id":"GHSA-1")") {
  Parsed parsed;
  parse_into(parsed, feed, "x.json", fmt::format(R"({{{},"affected":[{}]}})", head, entry));
  return parsed.error.empty() ? parsed.sink.record_lines() : "error: " + parsed.error;
}

struct RangeCase {
  std::string_view entry;
  std::string_view lines;
};
class OsvRanges : public testing::TestWithParam<RangeCase> {};
TEST_P(OsvRanges, BecomeRecords) {
  EXPECT_EQ(affected("ghsa", GetParam().entry), GetParam().lines);
}

INSTANTIATE_TEST_SUITE_P(
    Events, OsvRanges,
    testing::Values(
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.3"}]}]})",
            "GHSA-1 npm a fixed <1.2.3\n"},
        // Out of order, and two lines of releases.
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"2.0.0"},{"introduced":"0"},{"fixed":"2.1.0"},{"fixed":"1.2.3"}]}]})",
            "GHSA-1 npm a fixed <1.2.3 >=2.0.0<2.1.0\n"},
        // A line without a fix is its own record: its status differs.
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.3"},{"introduced":"2.0.0"}]}]})",
            "GHSA-1 npm a fixed <1.2.3\nGHSA-1 npm a affected >=2.0.0\n"},
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"last_affected":"1.4.0"}]}]})",
            "GHSA-1 npm a affected >=1.0.0<=1.4.0\n"},
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]})",
            "GHSA-1 npm a affected\n"},
        // GitHub's range of what has no fix.
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.4.0"}})",
            "GHSA-1 npm a affected <=1.4.0\n"},
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"< 1.4.0"}})",
            "GHSA-1 npm a affected <1.4.0\n"},
        // Listed versions count where the ranges do not hold them.
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.0"}]}],"versions":["1.0.0","1.1.0","3.0.0",""]})",
            "GHSA-1 npm a fixed >=1.0.0<1.2.0\nGHSA-1 npm a affected =3.0.0\n"},
        RangeCase{R"({"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0","1.1.0"]})",
                  "GHSA-1 npm a affected =1.0.0 =1.1.0\n"},
        RangeCase{
            R"({"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]})",
            ""},
        RangeCase{R"({"ranges":[{"type":"GIT","repo":"https://x","events":[{"introduced":"0"}]}]})", ""},
        RangeCase{R"({"package":{"ecosystem":"GIT","name":"a"},"versions":["1"]})", ""},
        RangeCase{R"({"package":{"ecosystem":"npm"},"versions":["1"]})", ""}));

TEST(Osv, ReadsGoRangesThatGoCannotOrder) {
  EXPECT_EQ(
      affected("go-vulndb",
               R"({"package":{"ecosystem":"Go","name":"m"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
                         "ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.9.0"},
                         {"fixed":"2.9.12"}]}]}})",
               R"("id":"GO-2025-3982","aliases":["CVE-2024-58267","GHSA-v3vj-5868-2ch2"])"),
      "CVE-2024-58267 golang m fixed >=2.9.0<2.9.12 [GO-2025-3982] also GHSA-v3vj-5868-2ch2,GO-2025-3982\n");
}

TEST(Osv, NormalisesNamesAndTakesArchitectures) {
  EXPECT_EQ(affected("osv", R"({"package":{"ecosystem":"PyPI","name":"Foo.Bar"},"versions":["1"]})"),
            "GHSA-1 pypi foo-bar affected =1\n");
  EXPECT_EQ(
      affected(
          "chainguard-osv",
          R"({"package":{"ecosystem":"Chainguard","name":"openssl","purl":"pkg:apk/chainguard/openssl?arch=x86_64"},
                         "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0"}]}]})",
          R"("id":"CGA-xcpc","upstream":["CVE-2025-68121","GHSA-qgxr"])"),
      "CVE-2025-68121 chainguard openssl not_affected {x86_64} [CGA-xcpc] also CGA-xcpc,GHSA-qgxr\n");
}

TEST(Osv, TakesTheOnlyCveForTheName) {
  const std::string_view entry = R"({"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]})";
  EXPECT_EQ(affected("ghsa", entry, R"("id":"GHSA-1","aliases":["CVE-2020-0001","SNYK-1"])"),
            "CVE-2020-0001 npm a affected =1.0.0 [GHSA-1] also GHSA-1,SNYK-1\n");
  EXPECT_EQ(affected("ghsa", entry, R"("id":"GHSA-1","aliases":["CVE-2020-0001","CVE-2020-0002"])"),
            "GHSA-1 npm a affected =1.0.0 also CVE-2020-0001,CVE-2020-0002\n");
  EXPECT_EQ(affected("osv", entry, R"("id":"CVE-2020-0001","aliases":["CVE-2020-0002","GHSA-1","GHSA-1"])"),
            "CVE-2020-0001 npm a affected =1.0.0 also CVE-2020-0002,GHSA-1\n");
}

constexpr std::string_view kErratum = R"({"id":"ALSA-2021:2363","summary":"Important: gupnp security update",
  "published":"2021-06-09T12:54:08Z","modified":"2021-11-12T10:20:56Z","related":["CVE-2021-33517","CVE-2021-33516"],
  "affected":[
   {"package":{"ecosystem":"AlmaLinux:8","name":"gupnp"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0.6-2.el8_4"}]}]},
   {"package":{"ecosystem":"AlmaLinux:8","name":"gupnp-debuginfo"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0.6-2.el8_4"}]}]}]})";

TEST(Osv, AnErratumIsAboutTheVulnerabilitiesThatItNames) {
  Parsed parsed;
  parse_into(parsed, "almalinux-osv", "ALSA-2021:2363.json", kErratum);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.date, "2021-11-12");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2021-33516 almalinux:8 gupnp fixed <1.0.6-2.el8_4 (high) [ALSA-2021:2363]\n"
            "CVE-2021-33517 almalinux:8 gupnp fixed <1.0.6-2.el8_4 (high) [ALSA-2021:2363]\n");
  EXPECT_TRUE(parsed.sink.vulnerabilities.empty());
}

TEST(Osv, AnErratumWithoutVulnerabilitiesCountsOnlyWhenItIsASecurityErratum) {
  const std::string_view entry =
      R"({"package":{"ecosystem":"AlmaLinux:8","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1"}]}]})";
  EXPECT_EQ(affected("almalinux-osv", entry, R"("id":"ALBA-2021:1","summary":"a bug fix update")"), "");
  EXPECT_EQ(affected("almalinux-osv", entry, R"("id":"ALSA-2021:1","summary":"Low: a")"),
            "ALSA-2021:1 almalinux:8 a fixed <1 (low)\n");
  EXPECT_EQ(affected("almalinux-osv", entry, R"("id":"ALBA-2021:1","related":["CVE-2020-0001"])"),
            "CVE-2020-0001 almalinux:8 a fixed <1 [ALBA-2021:1]\n");
}

TEST(Osv, AnErratumsSummaryNamesTheModuleOfItsModularPackages) {
  const auto modules = [](std::string_view summary, std::string_view fixed) {
    Parsed parsed;
    parse_into(parsed, "almalinux-osv", "x.json",
               fmt::format(R"({{"id":"ALSA-1","summary":"{}","related":["CVE-2022-1"],"affected":[
                 {{"package":{{"ecosystem":"AlmaLinux:8","name":"a"}},
                  "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{}"}}]}}]}}]}})",
                           summary, fixed));
    EXPECT_EQ(parsed.error, "");
    std::string found;
    for (const AdvisoryRecord& record : parsed.sink.records) found += "[" + record.module + "]";
    return found;
  };
  constexpr std::string_view kModular = "2:4.0.2-6.module_el8.6.0+2878+e681bc44";
  EXPECT_EQ(modules("Important: container-tools:rhel8 security, bug fix, and enhancement update", kModular),
            "[container-tools:rhel8]");
  EXPECT_EQ(modules("Moderate: idm:DL1 and idm:client security, bug fix, and enhancement update", kModular),
            "[idm:DL1][idm:client]");
  EXPECT_EQ(modules("ALSA-2022:5468: php:8.0 security update (Important)", kModular), "[php:8.0]");
  EXPECT_EQ(modules("Important: httpd:2.4/mod_http2 security update", kModular), "[httpd:2.4]");
  EXPECT_EQ(modules("Moderate: container-tools security update", kModular), "[]");
  // A version in the summary of an update that is no module's.
  EXPECT_EQ(modules("Moderate: log4j:2 security update", "2.17-1.el8"), "[]");
}

TEST(Osv, TellsUbuntusPocketsApart) {
  const auto line = [](std::string_view ecosystem, std::string_view distro, std::string_view specific) {
    return affected(
        "ubuntu-osv",
        fmt::format(R"({{"package":{{"ecosystem":"{}","name":"a","purl":"pkg:deb/ubuntu/a?arch=source&distro={}"}},
                                    "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}],
                                    "ecosystem_specific":{}}})",
                    ecosystem, distro, specific),
        R"("id":"UBUNTU-CVE-2016-20013","related":["CVE-2016-20013"])");
  };
  const std::string record = " [UBUNTU-CVE-2016-20013] also UBUNTU-CVE-2016-20013";
  EXPECT_EQ(
      line("Ubuntu:18.04:LTS", "bionic", R"({"availability":"No subscription required","ubuntu_priority":"low"})"),
      "CVE-2016-20013 ubuntu:18.04 a affected (low)" + record + "\n");
  EXPECT_EQ(line("Ubuntu:Pro:16.04:LTS", "esm-infra/xenial", R"({"availability":"Available with Ubuntu Pro"})"),
            "CVE-2016-20013 ubuntu:16.04:esm-infra a affected" + record + " \"Available with Ubuntu Pro\"\n");
  EXPECT_EQ(line("Ubuntu:Pro:14.04:LTS", "trusty/esm", "{}"),
            "CVE-2016-20013 ubuntu:14.04:esm-infra a affected" + record + "\n");
  EXPECT_EQ(line("Ubuntu:Pro:16.04:LTS", "xenial", R"({"availability":"Livepatch subscription required"})"),
            "CVE-2016-20013 ubuntu:16.04:livepatch a affected" + record + " \"Livepatch subscription required\"\n");
}

TEST(Osv, LeavesNoticesToTheDocumentsOfTheirCves) {
  const std::string_view entry =
      R"({"package":{"ecosystem":"Ubuntu:18.04:LTS","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]})";
  EXPECT_EQ(affected("ubuntu-notices", entry, R"("id":"USN-1-1","related":["CVE-2020-0001","UBUNTU-CVE-2020-0001"])"),
            "");
  EXPECT_EQ(affected("ubuntu-notices", entry, R"("id":"USN-1-1","related":["CVE-2020-0001"])"),
            "CVE-2020-0001 ubuntu:18.04 a fixed <2 [USN-1-1]\n");
}

TEST(Osv, TakesSeverityFromTheNearestPlace) {
  const auto line = [](std::string_view top, std::string_view own) {
    return affected("ghsa",
                    fmt::format(R"({{"package":{{"ecosystem":"npm","name":"a"}},"versions":["1.0.0"]{}}})", own),
                    fmt::format(R"("id":"GHSA-1"{})", top));
  };
  constexpr std::string_view kHigh =
      R"(,"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}])";
  EXPECT_EQ(line(kHigh, ""), "GHSA-1 npm a affected =1.0.0 (high)\n");
  EXPECT_EQ(line(fmt::format(R"({},"database_specific":{{"severity":"MODERATE"}})", kHigh), ""),
            "GHSA-1 npm a affected =1.0.0 (medium)\n");
  EXPECT_EQ(line("", kHigh), "GHSA-1 npm a affected =1.0.0 (high)\n");
  EXPECT_EQ(line(kHigh, R"(,"ecosystem_specific":{"urgency":"unimportant"})"),
            "GHSA-1 npm a affected =1.0.0 (negligible)\n");
  EXPECT_EQ(line(R"(,"severity":[{"type":"Ubuntu","score":"low"},{"type":"CVSS_V3","score":"junk"}])", ""),
            "GHSA-1 npm a affected =1.0.0 (low)\n");
  EXPECT_EQ(line(R"(,"database_specific":"<Any value>")", ""), "GHSA-1 npm a affected =1.0.0\n");
}

TEST(Osv, DescribesTheVulnerability) {
  Parsed parsed;
  parse_into(
      parsed, "ghsa", "GHSA-1.json",
      R"({"id":"GHSA-1","aliases":["CVE-2020-0001"],"summary":"title","details":"text","published":"2020-01-02T00:00:00Z",
                 "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
                 "database_specific":{"cwe_ids":["CWE-79"]},"references":[{"type":"WEB","url":"https://x"}]})");
  EXPECT_EQ(parsed.sink.vulnerability_lines(),
            "CVE-2020-0001 also GHSA-1 \"title\" (high by ghsa) ghsa:7.5 CWE-79 2020-01-02\n");
  EXPECT_EQ(parsed.sink.vulnerabilities[0].description, "text");
  EXPECT_EQ(parsed.sink.vulnerabilities[0].references, std::vector<std::string>{"https://x"});
}

TEST(Osv, WithdrawsItsOwnNameOnly) {
  Parsed parsed;
  parse_into(parsed, "ghsa", "GHSA-1.json",
             R"({"id":"GHSA-1","aliases":["CVE-2020-0001"],"withdrawn":"2021-01-01T00:00:00Z",
                 "affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1"]}]})");
  EXPECT_EQ(parsed.sink.record_lines(), "");
  EXPECT_EQ(parsed.sink.vulnerability_lines(), "GHSA-1 rejected\n");
}

TEST(Osv, ReadsYaml) {
  Parsed parsed;
  const std::string_view text =
      "id: PYSEC-2020-342\nmodified: 2023-11-07T20:24:23.946863Z\naliases:\n- CVE-2020-13921\naffected:\n- package:\n"
      "    ecosystem: PyPI\n    name: apache-skywalking\n  versions:\n  - 0.10\n  - 1.0\n";
  EXPECT_EQ(recognised("vulns/apache-skywalking/PYSEC-2020-342.yaml", text), "pypi-advisories");
  parse_into(parsed, "pypi-advisories", "PYSEC-2020-342.yaml", text);
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2020-13921 pypi apache-skywalking affected =0.10 =1.0 [PYSEC-2020-342] also PYSEC-2020-342\n");
}

struct Recognised {
  std::string_view id;
  std::string_view feed;
};
class OsvPublishers : public testing::TestWithParam<Recognised> {};
TEST_P(OsvPublishers, AreToldByTheirIds) {
  EXPECT_EQ(recognised("x.json", fmt::format(R"({{"schema_version":"1.6.0","id":"{}"}})", GetParam().id)),
            GetParam().feed);
}
INSTANTIATE_TEST_SUITE_P(
    Ids, OsvPublishers,
    testing::Values(Recognised{"ALBA-1", "almalinux-osv"}, Recognised{"RLSA-1", "rocky-osv"},
                    Recognised{"GO-1", "go-vulndb"}, Recognised{"GHSA-1", "ghsa"},
                    Recognised{"PYSEC-1", "pypi-advisories"}, Recognised{"RUSTSEC-1", "rustsec-osv"},
                    Recognised{"BIT-x-1", "bitnami"}, Recognised{"UBUNTU-CVE-1", "ubuntu-osv"},
                    Recognised{"USN-1", "ubuntu-notices"}, Recognised{"DEBIAN-CVE-1", "debian-osv"},
                    Recognised{"DLA-1", "debian-advisories-osv"}, Recognised{"ALPINE-CVE-1", "alpine-osv"},
                    Recognised{"CGA-1", "chainguard-osv"}, Recognised{"MINI-1", "minimos-osv"},
                    Recognised{"openSUSE-SU-1", "suse-osv"}, Recognised{"RHSA-1", "redhat-osv"},
                    Recognised{"MAL-1", "malicious-packages"}, Recognised{"OESA-1", "osv-errata"},
                    Recognised{"CVE-2020-1", "osv"}, Recognised{"", ""}));

TEST(Osv, SaysWhatIsWrong) {
  for (const auto& [text, error] :
       {std::pair(R"([1])", "an object expected"), std::pair(R"({"affected":[]})", "\"id\" is missing"),
        std::pair(R"({"id":""})", "\"id\" is empty"),
        std::pair(R"({"id":1})", "\"id\" must be a string, found an integer")}) {
    Parsed parsed;
    parse_into(parsed, "osv", "x.json", text);
    EXPECT_EQ(parsed.error, error);
    EXPECT_EQ(parsed.code, Code::kMalformed);
  }
}

TEST(Osv, LimitsAliases) {
  Parsed parsed;
  parse_into(parsed, "osv", "x.json", R"({"id":"X-1","aliases":["a","b","c"]})", {.max_aliases = 2});
  EXPECT_EQ(parsed.code, Code::kLimitExceeded);
}

TEST(Osv, LimitsDocuments) {
  Parsed parsed;
  parse_into(parsed, "osv", "x.json", R"({"id":"X-1"})", {.max_document_bytes = 4});
  EXPECT_EQ(parsed.code, Code::kLimitExceeded);
  EXPECT_EQ(parsed.error, "more than 4 bytes in one document");
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
