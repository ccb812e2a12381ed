#include <gmock/gmock.h>

#include "advisory/match_test_support.h"

namespace bulkhead::advisory {
namespace {

using inventory::OperatingSystem;
using inventory::Package;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string explained(const Database& database, const OperatingSystem& system, const std::vector<Package>& packages,
                      std::string_view id) {
  std::string text;
  std::vector<std::string> labels;
  for (const Package& package : packages) labels.push_back(package.name + " " + package.version);
  for (const Explanation& each : explain(id, packages, system, database, today()))
    text += explanation_text(each, labels);
  return text;
}

TEST(Explain, ShowsTheComparisonForWhatIsReportedAndWhatIsNot) {
  const Database database =
      make({Says("CVE-1").of("debian:12", "openssl").fixed("3.0.11-1~deb12u2").document("DSA-5532-1")});
  const std::vector<Package> packages = {of_source(deb("libssl3", "3.0.11-1~deb12u1"), "openssl", "3.0.11-1~deb12u1"),
                                         of_source(deb("openssl", "3.0.11-1~deb12u2"), "openssl", "3.0.11-1~deb12u2")};
  const std::string text = explained(database, os("debian", "12"), packages, "CVE-1");
  EXPECT_THAT(text, HasSubstr("3.0.11-1~deb12u1 < 3.0.11-1~deb12u2 (deb)"));
  EXPECT_THAT(text, HasSubstr("3.0.11-1~deb12u2 = 3.0.11-1~deb12u2 (deb)"));
  EXPECT_THAT(text, HasSubstr("reported as affected, fix available, by DSA-5532-1 of test-feed"));
  EXPECT_THAT(text, HasSubstr("not reported: the installed version is outside the affected range"));
}

TEST(Explain, TellsAnIdFromAnotherWord) {
  for (const char* id :
       {"CVE-2023-4911", "CVE-2008-NNN0", "GHSA-jfhf-cxqm-vwwq", "CGA-xxvm-fhgc-hjqr", "RHSA-2023:4418", "DSA-5514-1",
        "TEMP-0000000-4DA0A8", "ALAS2023-2024-500", "SUSE-SU-2023:1234-1", "PHSA:00091:3.0:0047",
        "oval:org.opensuse.security:def:20165256", "USN-1-1", "main/2.17.1"}) {
    EXPECT_TRUE(looks_like_id(id)) << id;
  }
  for (const char* word : {"", "bogus", "openssl", "CVE", "CVE-", "CVE-2023", "CVE-2023-12", "cve-2023-4911", "-2023",
                           "CVE-2023-4911 ", "CVE-2023-4911,CVE-2023-4912\n", "DSA-"}) {
    EXPECT_FALSE(looks_like_id(word)) << word;
  }
}

TEST(Explain, SaysWhyASeverityIsUnknown) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2"),
                                  Says("CVE-2").of("debian:12", "x").fixed("2").severity(Severity::kLow)});
  const auto text = [&](const char* id) { return explained(database, os("debian", "12"), {deb("x", "1")}, id); };
  EXPECT_THAT(text("CVE-1"), HasSubstr("; of unknown severity: no feed of this database rates it; NVD's ratings are "
                                       "not in it\n"));
  EXPECT_THAT(text("CVE-2"), Not(HasSubstr("unknown severity")));
}

TEST(Explain, AgreesWithMatchOnEveryPackageAndId) {
  const std::vector<AdvisoryRecord> records = {
      Says("CVE-1").of("rhel:8", "x").fixed("1.1-2.el8_2.1"),
      Says("CVE-1").of("rhel:8", "x").fixed("1.1-5.el8_6").document("RHSA-2"),
      Says("CVE-2").of("rhel:8", "x").fixed("9-1").architectures({"s390x"}),
      Says("CVE-3").of("rhel:8", "x").status(AdvisoryStatus::kUnderInvestigation),
      Says("CVE-4").of("rhel:8", "x").not_affected(),
      Says("CVE-5").of("rhel:8", "x").status(AdvisoryStatus::kWillNotFix)};
  const Database database = make(records);
  Package x = rpm("x", "1.1-3.el8_4");
  x.architecture = "x86_64";
  const std::vector<Package> packages = {x};
  const MatchResult matched = run(database, os("rhel", "8.4"), packages);
  std::vector<std::string> reported;
  for (const char* id : {"CVE-1", "CVE-2", "CVE-3", "CVE-4", "CVE-5"}) {
    const auto explanations = explain(id, packages, os("rhel", "8.4"), database, today());
    ASSERT_EQ(explanations.size(), 1U);
    ASSERT_EQ(explanations[0].packages.size(), 1U) << id;
    const ExplainedPackage& package = explanations[0].packages[0];
    EXPECT_FALSE(package.conclusion.empty());
    EXPECT_EQ(package.conclusion.starts_with("reported"), package.finding.has_value());
    if (package.finding) reported.push_back(package.finding->id + " " + package.finding->fixed_version);
  }
  std::vector<std::string> expected;
  for (const Finding& finding : matched.findings) expected.push_back(finding.id + " " + finding.fixed_version);
  EXPECT_EQ(reported, expected);
  EXPECT_THAT(reported, ElementsAre("CVE-1 1.1-5.el8_6", "CVE-5 "));
}

TEST(Explain, SaysWhyARecordDoesNotApply) {
  Package node = rpm("nodejs", "1:16.19-1.module+el8.7.0+1");
  node.module = "nodejs:16:1:2";
  node.architecture = "x86_64";
  const Database database = make({
      Says("CVE-1").of("rhel:8", "nodejs").fixed("2:1-1.module+el8.7.0+1").module("nodejs:18"),
      Says("CVE-2").of("rhel:8", "nodejs").fixed("2:1-1.module+el8.7.0+1").module("nodejs:16").architectures({"s390x"}),
      Says("CVE-3")
          .of("rhel:8", "nodejs")
          .fixed("2:1-1.module+el8.7.0+1")
          .module("nodejs:16")
          .cpe("cpe:/a:redhat:rhel_eus:8.4"),
      Says("CVE-4").of("rhel:8", "nodejs").module("nodejs:16").not_affected(),
  });
  const auto text = [&](const char* id) { return explained(database, os("rhel", "8.7"), {node}, id); };
  EXPECT_THAT(text("CVE-1"), HasSubstr("it is about the module nodejs:18, the package is of the module nodejs:16"));
  EXPECT_THAT(text("CVE-2"), HasSubstr("it is about s390x, the package is x86_64"));
  EXPECT_THAT(text("CVE-3"), HasSubstr("it is about cpe:/a:redhat:rhel_eus:8.4, which is no main stream of RHEL 8"));
  EXPECT_THAT(text("CVE-3"), HasSubstr("no content manifest tells which repositories its layer has packages from: the "
                                       "main streams of RHEL 8 count"));
  EXPECT_THAT(text("CVE-1"), Not(HasSubstr("content manifest")));
  EXPECT_THAT(text("CVE-4"), HasSubstr("says that the package is not affected"));
}

TEST(Explain, NamesTheRepositoriesOfThePackagesLayer) {
  const Database database = make(records_of_several_products());
  const auto text = [&](std::vector<std::vector<std::string>> layers) {
    MatchOptions options = today();
    options.layer_repositories = std::move(layers);
    const std::vector<Package> packages = {rpm("x", "1-1.el8")};
    return explanation_text(explain("CVE-2", packages, os("rhel", "8.4"), database, options).front(), {"x 1-1.el8"});
  };
  const std::string known = text({{"rhel-8-for-x86_64-baseos-rpms"}});
  EXPECT_THAT(known, HasSubstr("its layer has packages from rhel-8-for-x86_64-baseos-rpms (content manifest)"));
  EXPECT_THAT(known, HasSubstr("it is about cpe:/a:redhat:rhel_eus:8.4::appstream, which none of the layer's "
                               "repositories is of"));
  EXPECT_THAT(text({{"a", "b", "c", "d", "e", "f", "g", "h"}}),
              HasSubstr("the database does not know the repositories of its layer (a, b, c, d, e, f and 2 more): the "
                        "main streams of RHEL 8 count"));
}

TEST(Explain, AnIdThatIsNotInAnyFeedIsSaidToBeSoWithTheFeedsThatWereAsked) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("1")});
  const std::string text = explained(database, os("debian", "13"), {deb("x", "1")}, "CVE-2099-1");
  EXPECT_THAT(text, HasSubstr("No feed in this database knows the id."));
  EXPECT_THAT(text, HasSubstr("debian:13: no feed in this database covers it"));
  EXPECT_THAT(text, HasSubstr("kev: it, or a part of it, is not in this database: findings lack known exploitation"));
}

TEST(Explain, AnIdThatIsAboutOtherPackagesNamesThem) {
  const Database database =
      make({Says("CVE-1").of("debian:12", "x").fixed("1"), Says("CVE-1").of("alpine:3.19", "y").fixed("1-r0")});
  const std::string text = explained(database, os("debian", "12"), {deb("z", "1")}, "CVE-1");
  EXPECT_THAT(text, HasSubstr("No feed names an installed package with it."));
  EXPECT_THAT(text, HasSubstr("debian:12 x (test-feed)"));
  EXPECT_THAT(text, HasSubstr("alpine:3.19 y (test-feed)"));
}

TEST(Explain, ABulletinExplainsEveryVulnerabilityThatItCovers) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2").document("DSA-1"),
                                  Says("CVE-2").of("debian:12", "x").fixed("2").document("DSA-1")});
  const std::string text = explained(database, os("debian", "12"), {deb("x", "1")}, "DSA-1");
  EXPECT_THAT(text, HasSubstr("CVE-1 (asked for as DSA-1)"));
  EXPECT_THAT(text, HasSubstr("CVE-2 (asked for as DSA-1)"));
}

TEST(Explain, TextFromOutsideCannotMoveTheCursor) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2").note("n")});
  Package evil = deb("x", "1\x1b[2J");
  const std::string text = explained(database, os("debian", "12"), {evil}, "CVE-1");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::advisory
