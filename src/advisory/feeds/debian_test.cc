#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

// One release's entry of the tracker, as one record's line.
std::string tracker_line(std::string_view bookworm, std::string_view sid = R"({"status":"open","repositories":{}})") {
  Parsed parsed;
  parse_into(parsed, "debian-tracker", "data.json",
             fmt::format(R"({{"curl":{{"CVE-2022-1":{{"releases":{{"bookworm":{},"sid":{}}}}}}}}})", bookworm, sid));
  if (!parsed.error.empty()) return "error: " + parsed.error;
  return parsed.sink.records.empty() ? "" : line_of(parsed.sink.records.front());
}

struct TrackerCase {
  std::string_view bookworm;
  std::string_view line;
};
class DebianTrackerCases : public testing::TestWithParam<TrackerCase> {};
TEST_P(DebianTrackerCases, AreReadByTheTrackersRules) {
  EXPECT_EQ(tracker_line(GetParam().bookworm), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    States, DebianTrackerCases,
    testing::Values(
        TrackerCase{
            R"({"status":"resolved","fixed_version":"1.2-3","urgency":"low**","repositories":{"bookworm":"1.2-4"}})",
            "CVE-2022-1 debian:12 curl fixed <1.2-3 (low)"},
        TrackerCase{R"({"status":"resolved","fixed_version":"0","urgency":"medium"})",
                    "CVE-2022-1 debian:12 curl not_affected (medium)"},
        TrackerCase{R"({"status":"open","urgency":"not yet assigned","repositories":{"bookworm":"1.2-4"}})",
                    "CVE-2022-1 debian:12 curl affected"},
        TrackerCase{R"({"status":"open","urgency":"unimportant"})",
                    R"(CVE-2022-1 debian:12 curl affected (negligible) "unimportant")"},
        TrackerCase{R"({"status":"open","urgency":"end-of-life"})",
                    R"(CVE-2022-1 debian:12 curl end_of_life "end-of-life")"},
        TrackerCase{R"({"status":"undetermined","urgency":"low"})",
                    R"(CVE-2022-1 debian:12 curl under_investigation (low) "undetermined")"},
        TrackerCase{R"({"status":"open","nodsa":"Minor issue","nodsa_reason":""})",
                    R"(CVE-2022-1 debian:12 curl fix_deferred "no-dsa: Minor issue")"},
        TrackerCase{R"({"status":"open","nodsa":"later","nodsa_reason":"postponed","urgency":"unimportant"})",
                    R"(CVE-2022-1 debian:12 curl fix_deferred (negligible) "unimportant; postponed: later")"},
        TrackerCase{R"({"status":"open","nodsa":"Too intrusive","nodsa_reason":"ignored"})",
                    R"(CVE-2022-1 debian:12 curl will_not_fix "ignored: Too intrusive")"},
        TrackerCase{R"({"status":"reported"})", R"(CVE-2022-1 debian:12 curl under_investigation "status "reported"")"},
        TrackerCase{R"({"status":"resolved","urgency":"high"})", "CVE-2022-1 debian:12 curl affected (high)"},
        TrackerCase{R"({"fixed_version":"1"})", "error: curl: CVE-2022-1: bookworm: \"status\" is missing"}));

TEST(DebianTracker, TakesAFixThatTheArchiveDoesNotShipForNone) {
  EXPECT_EQ(tracker_line(R"({"status":"resolved","fixed_version":"1.2-9","repositories":{"a":"1.2-3","b":"1.2-4"}})"),
            R"(CVE-2022-1 debian:12 curl affected <1.2-9 "the fix 1.2-9 is not in the archive yet")");
}

TEST(DebianTracker, TakesNoDsaForFixedOnceTheReleaseShipsSidsFix) {
  const std::string no_dsa = R"({{"status":"open","nodsa":"Minor","nodsa_reason":"","repositories":{{"a":"{}"}}}})";
  const std::string sid = R"({"status":"resolved","fixed_version":"1.3-1"})";
  EXPECT_EQ(tracker_line(fmt::format(fmt::runtime(no_dsa), "1.3-1"), sid),
            R"(CVE-2022-1 debian:12 curl fixed <1.3-1 "no-dsa is out of date: 1.3-1 ships sid's fix")");
  EXPECT_EQ(tracker_line(fmt::format(fmt::runtime(no_dsa), "1.3-1~deb12u1"), sid),
            R"(CVE-2022-1 debian:12 curl fix_deferred "no-dsa: Minor")");
  EXPECT_EQ(tracker_line(fmt::format(fmt::runtime(no_dsa), "1.3-1"), R"({"status":"resolved","fixed_version":"0"})"),
            R"(CVE-2022-1 debian:12 curl fix_deferred "no-dsa: Minor")");
}

TEST(DebianTracker, KeepsDescriptionsAndSkipsUnknownReleases) {
  Parsed parsed;
  parse_into(parsed, "debian-tracker", "data.json",
             R"({"a":{"TEMP-0000000-0CA7E3":{"description":"text","releases":{"experimental":{"status":"open"},
                 "sid":{"status":"open"}}}},"b":{}})");
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.sink.record_lines(), "TEMP-0000000-0CA7E3 debian:sid a affected\n");
  ASSERT_EQ(parsed.sink.vulnerabilities.size(), 1U);
  EXPECT_EQ(parsed.sink.vulnerabilities[0].description, "text");
}

TEST(DebianTracker, NamesThePlaceOfWhatIsWrong) {
  for (const auto& [text, error] :
       {std::pair(R"([])", "not valid JSON at byte 1: an object expected"),
        std::pair(R"({"a":1})", "a: an object of vulnerabilities expected"),
        std::pair(R"({"a":{"CVE-1":{}}})", "a: CVE-1: \"releases\" is missing"),
        std::pair(R"({"a":{"CVE-1":{"releases":{"sid":{"status":1}}}}})",
                  "a: CVE-1: sid: \"status\" must be a string, found an integer"),
        std::pair(R"({"a":{"CVE-1":)", "not valid JSON at byte 14: the object ends early")}) {
    Parsed parsed;
    parse_into(parsed, "debian-tracker", "data.json", text);
    EXPECT_EQ(parsed.error, error);
    EXPECT_EQ(parsed.code, Code::kMalformed);
  }
}

constexpr std::string_view kList =
    "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n"
    "\t{CVE-2023-1393 CVE-2023-1394}\n"
    "\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n"
    "\tNOTE: something\n"
    "[17 Mar 2023] DSA-5356-2 sox - regression update\n"
    "\t[bullseye] - sox 14.4.2+git20190427-2+deb11u2\n"
    "[02 Feb 2012] DSA-2401-1 tomcat6 - security update\n"
    "\t[squeeze] - tomcat6 6.0.35-1+squeeze2\n"
    "[27 Sep 2005] DSA-135 vlc -- buffer overflow\n"
    "\t{CVE-2005-1234}\n"
    "        [woody] - vlc <not-affected> (Vulnerable code not present)\n"
    "\t[sarge] - vlc <unfixed> (high)\n"
    "\t[jessie] - vlc <end-of-life>\n"
    "\t[sid] - vlc <no-dsa>\n"
    "\t[potato] - vlc 1.0\n";

TEST(DebianAdvisories, AreReadLineByLine) {
  Parsed parsed;
  parse_into(parsed, "debian-advisories", "DSA/list", kList);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.date, "2023-03-29");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2023-1393 debian:11 xorg-server fixed <2:1.20.11-1+deb11u6 [DSA-5380-1]\n"
            "CVE-2023-1394 debian:11 xorg-server fixed <2:1.20.11-1+deb11u6 [DSA-5380-1]\n"
            "DSA-2401-1 debian:6 tomcat6 fixed <6.0.35-1+squeeze2\n"
            "CVE-2005-1234 debian:3.0 vlc not_affected [DSA-135] \"<not-affected> (Vulnerable code not present)\"\n"
            "CVE-2005-1234 debian:3.1 vlc affected [DSA-135] \"<unfixed> (high)\"\n"
            "CVE-2005-1234 debian:8 vlc end_of_life [DSA-135] \"<end-of-life>\"\n"
            "CVE-2005-1234 debian:sid vlc under_investigation [DSA-135] \"<no-dsa>\"\n");
  EXPECT_EQ(parsed.sink.vulnerability_lines(), "DSA-2401-1 \"tomcat6 - security update\" 2012-02-02\n");
}

TEST(DebianAdvisories, NameTheLineOfWhatIsWrong) {
  for (const auto& [text, error] :
       {std::pair("[1 Jan 2020 DSA-1-1 a\n", "line 1: the date is not closed by \"]\""),
        std::pair("[1 Jan 2020] FSA-1-1 a\n", "line 1: \"FSA-1-1\" is no advisory's name"),
        std::pair("\t[sid] - a 1\n", "line 1: a package before any advisory"),
        std::pair("[1 Jan 2020] DSA-1-1 a\n\t[sid] a 1\n", "line 2: \"[release] - package version\" expected"),
        std::pair("[1 Jan 2020] DSA-1-1 a\n\t[sid - a 1\n", "line 2: \"[release] - package version\" expected"),
        std::pair("[1 Jan 2020] DSA-1-1 a\n\t[sid] - a\n", "line 2: a version or a state expected after the package"),
        std::pair("[1 Jan 2020] DSA-1-1 a\nfree text\n",
                  "line 2: \"free text\" is neither advisory, CVE list, package nor note")}) {
    Parsed parsed;
    parse_into(parsed, "debian-advisories", "DSA/list", text);
    EXPECT_EQ(parsed.error, error);
  }
}

TEST(DebianAdvisories, LimitTheCvesOfOne) {
  Parsed parsed;
  parse_into(parsed, "debian-advisories", "DSA/list", "[1 Jan 2020] DSA-1-1 a\n{CVE-2020-0001 CVE-2020-0002}\n",
             {.max_aliases = 1});
  EXPECT_EQ(parsed.code, Code::kLimitExceeded);
  EXPECT_EQ(parsed.error, "line 2: more than 1 aliases of DSA-1-1");
}

TEST(DebianSupport, GivesPackagesWithoutSupportTheirOwnRecord) {
  Parsed parsed;
  parse_into(parsed, "debian-security-support", "x/security-support.deb12",
             "# comment\n\nadns  limited  Stub resolver\n"
             "pdns  non-supported  4.7.3-2\t2025-10-01  No support\n"
             "php-horde.*  non-supported   0   2025-03-22\n"
             "freeimage  non-supported   Inactive upstream\nrust-sequoia-sqv supported  fully\n");
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(
      parsed.sink.record_lines(),
      "debian-security-support debian:12 pdns end_of_life >=2025-10-01 [security-support.deb12] \"support ended "
      "2025-10-01 with "
      "version 4.7.3-2: No support\"\n"
      "debian-security-support debian:12 php-horde.* end_of_life >=2025-03-22 [security-support.deb12] \"support ended "
      "2025-03-22 with version 0\"\n"
      "debian-security-support debian:12 freeimage end_of_life [security-support.deb12] \"support ended: Inactive "
      "upstream\"\n");
}

TEST(DebianSupport, ReadsTheOlderLayout) {
  Parsed parsed;
  parse_into(parsed, "debian-security-support", "security-support-ended.deb10",
             "wpewebkit\t2.38.6-1\t\t2023-05-09\twhy\n");
  EXPECT_EQ(parsed.sink.record_lines(),
            "debian-security-support debian:10 wpewebkit end_of_life >=2023-05-09 [security-support-ended.deb10] "
            "\"support ended "
            "2023-05-09 with version 2.38.6-1: why\"\n");
}

TEST(DebianSupport, SaysWhatIsWrong) {
  Parsed unknown;
  parse_into(unknown, "debian-security-support", "list", "a non-supported 1 2020-01-01\n");
  EXPECT_EQ(unknown.error, "the release is not to be told from the file's name");
  Parsed malformed;
  parse_into(malformed, "debian-security-support", "security-support.deb12", "a perhaps\n");
  EXPECT_EQ(malformed.error, "line 1: \"non-supported\" or \"limited\" expected after \"a\"");
}

TEST(DebianFeeds, AreRecognised) {
  EXPECT_EQ(
      recognised("data/json", R"({"curl":{"CVE-2022-1":{"releases":{"sid":{"status":"open","repositories":{}}}}}})"),
      "debian-tracker");
  EXPECT_EQ(recognised("DSA-list", kList), "debian-advisories");
  EXPECT_EQ(recognised("debian/security-support.deb13", "# x\n"), "debian-security-support");
  EXPECT_EQ(recognised("x.json", R"({"releases":{"status":1}})"), "");
  EXPECT_EQ(recognised("list", "[29 Mar 2023] something\n"), "");
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
