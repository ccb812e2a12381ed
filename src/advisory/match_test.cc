#include <gmock/gmock.h>

#include "advisory/match_test_support.h"

namespace bulkhead::advisory {
namespace {

using inventory::OperatingSystem;
using inventory::Package;
using inventory::PackageType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Languages

TEST(MatchLanguages, AVersionIsAffectedInAnyRange) {
  const Database database = make({Says("GHSA-1")
                                      .of("npm", "lodash")
                                      .range({.introduced = "1.0.0", .fixed = "1.2.0", .last_affected = ""})
                                      .range({.introduced = "2.0.0", .fixed = "", .last_affected = "2.1.0"})
                                      .range({.introduced = "3.0.0", .fixed = "", .last_affected = "3.0.0"})
                                      .range({.introduced = "4.0.0", .introduced_exclusive = true})});
  struct Case {
    const char* version;
    std::vector<std::string> expected;
  };
  const std::vector<Case> cases = {
      {"0.9.0", {}},
      {"1.0.0", {"GHSA-1 fixed 1.2.0"}},
      {"1.1.9", {"GHSA-1 fixed 1.2.0"}},
      {"1.2.0", {}},
      {"2.1.0", {"GHSA-1 affected"}},
      {"2.1.1", {}},
      {"3.0.0", {"GHSA-1 affected"}},
      {"3.0.1", {}},
      {"4.0.0", {}},
      {"4.0.1", {"GHSA-1 affected"}},
      {"99.0.0", {"GHSA-1 affected"}},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(summary(run(database, {}, {package(PackageType::kNpm, "lodash", each.version)})), each.expected)
        << each.version;
  }
}

TEST(MatchLanguages, AVersionThatIsListedAloneTakesTheNextFix) {
  const Database database = make({Says("GHSA-1")
                                      .of("npm", "x")
                                      .range({.introduced = "1.1.0", .fixed = "", .last_affected = "1.1.0"})
                                      .range({.introduced = "3.0.0", .fixed = "3.5.0", .last_affected = ""})
                                      .range({.introduced = "1.2.0", .fixed = "2.0.0", .last_affected = ""})});
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kNpm, "x", "1.1.0")})),
              ElementsAre("GHSA-1 fixed 2.0.0"));
}

TEST(MatchLanguages, NamesAreComparedAsTheirRegistryDoes) {
  const auto everything = AdvisoryStatus::kAffected;
  const Database database =
      make({Says("CVE-1").of("pypi", package_key("pypi", "Flask_Caching")).status(everything),
            Says("CVE-2").of("nuget", package_key("nuget", "Newtonsoft.Json")).status(everything)});
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kPypi, "flask.caching", "1")})),
              ElementsAre("CVE-1 affected"));
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kNuget, "NEWTONSOFT.JSON", "9")})),
              ElementsAre("CVE-2 affected"));
}

TEST(MatchLanguages, GoVersionsOfToolChainsAndIncompatibleModulesAreRead) {
  const Database database = make({Says("CVE-1").of("golang", "stdlib").fixed("1.21.4"),
                                  Says("CVE-2").of("golang", "github.com/docker/distribution").fixed("2.8.0")});
  const auto with = [&](const char* name, const char* version) {
    return summary(run(database, {}, {package(PackageType::kGolang, name, version)}));
  };
  EXPECT_THAT(with("stdlib", "go1.21.3"), ElementsAre("CVE-1 fixed 1.21.4"));
  EXPECT_THAT(with("stdlib", "go1.21.4"), IsEmpty());
  EXPECT_THAT(with("github.com/docker/distribution", "v2.7.1+incompatible"), ElementsAre("CVE-2 fixed 2.8.0"));
  EXPECT_THAT(with("github.com/docker/distribution", "v2.7.1+incompatible+dirty"), ElementsAre("CVE-2 fixed 2.8.0"));
  EXPECT_THAT(with("github.com/docker/distribution", "v2.8.0+incompatible"), IsEmpty());
}

TEST(MatchLanguages, AVersionThatIsNoneIsToldAndNotGuessedAt) {
  const Database database = make(
      {Says("CVE-1").of("golang", "example.org/x").fixed("2.0.0"),
       Says("CVE-2").of("pypi", "x").range({.introduced = "0.1dev-r1", .fixed = "", .last_affected = "0.1dev-r1"})});
  const MatchResult devel = run(database, {}, {package(PackageType::kGolang, "example.org/x", "(devel)")});
  EXPECT_THAT(devel.findings, IsEmpty());
  ASSERT_EQ(devel.notes.size(), 1U);
  EXPECT_THAT(devel.notes[0].text, HasSubstr("(devel)"));
  EXPECT_EQ(devel.notes[0].package, 0U);
  // A legacy version that the advisory lists letter for letter is affected all the same.
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kPypi, "x", "0.1dev-r1")})),
              ElementsAre("CVE-2 affected"));
}

TEST(MatchLanguages, ABoundThatIsNoVersionIsReadLenientlyOrTold) {
  const Database database = make({Says("CVE-1").of("golang", "gogs.io/gogs").fixed("0.11.82.1218"),
                                  Says("CVE-2").of("npm", "x").range({.introduced = "6.0", .fixed = "6.2"}),
                                  Says("CVE-3").of("golang", "nginx-ui").fixed("2.0.0.beta.9")});
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kGolang, "gogs.io/gogs", "v0.11.43")})),
              ElementsAre("CVE-1 fixed 0.11.82.1218"));
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kGolang, "gogs.io/gogs", "v0.11.83")})), IsEmpty());
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kNpm, "x", "6.1.3")})), ElementsAre("CVE-2 fixed 6.2"));
  EXPECT_THAT(summary(run(database, {}, {package(PackageType::kNpm, "x", "5.9.0")})), IsEmpty());
  const MatchResult unreadable = run(database, {}, {package(PackageType::kGolang, "nginx-ui", "v1.9.0")});
  EXPECT_THAT(unreadable.findings, IsEmpty());
  ASSERT_EQ(unreadable.notes.size(), 1U);
  EXPECT_EQ(unreadable.notes[0].text, "nginx-ui was not judged for CVE-3: 2.0.0.beta.9 cannot be compared with v1.9.0");
}

TEST(MatchLanguages, IndependentFeedsBothCountAndTheHighestFixIsNamed) {
  const Database database =
      make({{.feed = {.name = "pypa", .date = "2026-01-01"},
             .records = {Says("PYSEC-1").of("npm", "x").fixed("1.5.0").alias("GHSA-1")}},
            {.feed = {.name = "ghsa", .date = "2026-11-01"},
             .records = {Says("CVE-2026-1").of("npm", "x").fixed("1.6.0").document("GHSA-1").alias("GHSA-1")}}});
  const MatchResult result = run(database, {}, {package(PackageType::kNpm, "x", "1.0.0")});
  EXPECT_THAT(summary(result), ElementsAre("CVE-2026-1 fixed 1.6.0"));
  EXPECT_THAT(result.findings[0].aliases, ElementsAre("GHSA-1", "PYSEC-1"));
  EXPECT_EQ(result.findings[0].evidence.feed, "ghsa");
}

TEST(MatchLanguages, ADistributionsPackageIsJudgedByTheDistribution) {
  const Database database = make({Says("CVE-1").of("pypi", "requests").status(AdvisoryStatus::kAffected),
                                  Says("CVE-9").of("debian:12", "unrelated").fixed("1")});
  Package wheel = package(PackageType::kPypi, "requests", "2.28.1");
  wheel.locations = {"usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO"};
  Package owner = deb("python3-requests", "2.28.1+dfsg-1");
  owner.files = {"/usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO"};
  const OperatingSystem bookworm = os("debian", "12");

  const MatchResult owned = run(database, bookworm, {wheel, owner});
  EXPECT_THAT(summary(owned), IsEmpty());
  ASSERT_THAT(suppressions(owned), ElementsAre("CVE-1 owned_by_distribution"));
  EXPECT_THAT(owned.suppressed[0].detail, HasSubstr("python3-requests"));

  EXPECT_THAT(summary(run(database, bookworm, {wheel})), ElementsAre("CVE-1 affected"));
  Package elsewhere = wheel;
  elsewhere.locations = {"usr/local/lib/python3.11/site-packages/requests-2.28.1.dist-info/METADATA"};
  EXPECT_THAT(summary(run(database, bookworm, {elsewhere, owner})), ElementsAre("CVE-1 affected"));
  // Somebody else's package: nobody but the language's feed judges it.
  owner.maintainer = "NodeSource <gpg-rpm@nodesource.com>";
  EXPECT_THAT(summary(run(database, bookworm, {wheel, owner})), ElementsAre("CVE-1 affected"));
  // No feed about the distribution: it has judged nothing.
  owner.maintainer = "";
  EXPECT_THAT(summary(run(database, os("debian", "13"), {wheel, owner})), ElementsAre("CVE-1 affected"));
}

// All

TEST(Match, RejectedIdsAreSuppressed) {
  Vulnerability rejected;
  rejected.id = "CVE-1";
  rejected.rejected = true;
  const Database database = make({Says("CVE-1").of("debian:12", "x").status(AdvisoryStatus::kAffected)}, {rejected});
  const MatchResult result = run(database, os("debian", "12"), {deb("x", "1")});
  EXPECT_THAT(summary(result), IsEmpty());
  EXPECT_THAT(suppressions(result), ElementsAre("CVE-1 rejected"));
}

TEST(Match, AFindingCarriesSeverityScoresExploitationAndEvidence) {
  Vulnerability described;
  described.id = "CVE-1";
  described.title = "A title";
  described.cvss = {{.source = "nvd", .vector = "CVSS:3.1/AV:N", .score = 9.8},
                    {.source = "redhat", .vector = "CVSS:3.1/AV:L", .score = 5.0}};
  described.kev_date_added = "2025-01-01";
  described.epss = 0.97;
  described.epss_percentile = 0.999;
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2").document("DSA-1").note("n"),
                                  Says("CVE-1").of("debian:12", "y").fixed("2").severity(Severity::kLow)},
                                 {described});
  const MatchResult result = run(database, os("debian", "12"), {deb("x", "1"), deb("y", "1")});
  ASSERT_EQ(result.findings.size(), 2U);
  const Finding& first = result.findings[0];
  EXPECT_EQ(first.severity, Severity::kCritical);
  EXPECT_EQ(first.severity_source, "nvd");
  EXPECT_EQ(first.cvss.size(), 2U);
  EXPECT_EQ(first.kev_date_added, "2025-01-01");
  EXPECT_EQ(first.epss, 0.97);
  EXPECT_EQ(first.epss_percentile, 0.999);
  EXPECT_EQ(first.note, "n");
  EXPECT_EQ(first.evidence.feed, "test-feed");
  EXPECT_EQ(first.evidence.record, "DSA-1");
  EXPECT_EQ(first.evidence.rule, "source-version-below-fix");
  ASSERT_TRUE(first.details);
  EXPECT_EQ(first.details->title, "A title");
  EXPECT_EQ(first.details, result.findings[1].details);
  // The publisher's own word about its package goes before NVD's.
  EXPECT_EQ(result.findings[1].severity, Severity::kLow);
  EXPECT_EQ(result.findings[1].severity_source, "test-feed");
  EXPECT_EQ(result.findings[1].package, 1U);
}

TEST(Match, AnotherDistributionsWordsAndTextsAreNotAboutThisOnesPackage) {
  const FeedRecords debian{.feed = {.name = "debian-advisories", .date = "2026-11-20"},
                           .records = {Says("CVE-1").of("debian:12", "openssl").fixed("2")}};
  const FeedRecords microsoft{.feed = {.name = "azurelinux-oval", .date = "2026-11-20"},
                              .records = {Says("CVE-1").of("azurelinux:3", "edk2").fixed("2")},
                              .vulnerabilities = {{.id = "CVE-1",
                                                   .title = "edk2's title",
                                                   .description = "affecting package edk2",
                                                   .severity = Severity::kCritical,
                                                   .severity_source = "microsoft"}}};
  const FeedRecords suse{.feed = {.name = "suse-oval", .date = "2026-11-20"},
                         .records = {Says("CVE-1").of("suse:sles:15", "other").fixed("2")},
                         .vulnerabilities = {{.id = "CVE-1",
                                              .severity = Severity::kLow,
                                              .severity_source = "suse",
                                              .cvss = {{.source = "suse", .vector = "CVSS:3.1/AV:L", .score = 6.7}}}}};
  const FeedRecords nvd{
      .feed = {.name = "nvd", .date = "2026-11-20", .about_ids = true},
      .records = {},
      .vulnerabilities = {
          {.id = "CVE-1", .description = "of the id", .severity = Severity::kHigh, .severity_source = "nvd"}}};
  const FeedRecords tracker{
      .feed = {.name = "debian-tracker", .date = "2026-11-20", .covers = {"debian:12"}},
      .records = {},
      .vulnerabilities = {{.id = "CVE-1", .description = "Debian's other feed", .severity_source = {}}}};
  const auto of = [](const std::vector<FeedRecords>& feeds, const inventory::OperatingSystem& system,
                     inventory::Package package) {
    const Database database = make(feeds);
    const MatchResult result = run(database, system, {std::move(package)});
    EXPECT_EQ(result.findings.size(), 1U);
    const Finding& first = result.findings.at(0);
    return std::string(severity_name(first.severity)) + " by " + first.severity_source + ": " + first.details->title +
           "|" + first.details->description +
           (first.evidence.unrated.empty() ? "" : " (" + std::string(first.evidence.unrated) + ")");
  };
  const auto bookworm = os("debian", "12");
  const auto openssl = deb("openssl", "1");
  EXPECT_EQ(of({debian, microsoft}, bookworm, openssl),
            "unknown by : | (only publishers of other packages rate it; NVD's ratings are not in this database)");
  const FeedRecords empty_nvd{
      .feed = {.name = "nvd", .date = "2026-11-20", .about_ids = true}, .records = {}, .vulnerabilities = {}};
  EXPECT_EQ(of({debian, microsoft, empty_nvd}, bookworm, openssl),
            "unknown by : | (only publishers of other packages rate it)");
  EXPECT_EQ(of({debian, empty_nvd, tracker}, bookworm, openssl),
            "unknown by : |Debian's other feed (no feed of this database rates it)");
  EXPECT_EQ(of({debian, microsoft, suse}, bookworm, openssl), "medium by suse: |") << "its score, not its word";
  EXPECT_EQ(of({debian, microsoft, suse, nvd}, bookworm, openssl), "high by nvd: |of the id");
  EXPECT_EQ(of({debian, microsoft, nvd, tracker}, bookworm, openssl), "high by nvd: |Debian's other feed");
  EXPECT_EQ(of({debian, microsoft, nvd}, os("azurelinux", "3.0"), rpm("edk2", "1")),
            "critical by microsoft: edk2's title|affecting package edk2")
      << "its own";
}

TEST(Match, PackagesOfAnotherKindThanTheDistributionsAreNotMatchedAgainstIt) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2")});
  EXPECT_THAT(summary(run(database, os("debian", "12"), {rpm("x", "1")})), IsEmpty());
  EXPECT_THAT(summary(run(database, os("debian", "12"), {package(PackageType::kPypi, "x", "1")})), IsEmpty());
}

TEST(Match, FeedsAreNamedWithTheirAgeAndMissingOnesToo) {
  const Database database = make(
      {{.feed = {.name = "debian-tracker", .date = "2026-11-20", .covers = {"debian:12"}}, .records = {}},
       {.feed = {.name = "old", .date = "2020-01-01", .covers = {"debian:12"}}, .records = {}},
       {.feed = {.name = "undated", .covers = {"debian:12"}, .documents = 1}, .records = {}},
       {.feed = {.name = "never-came", .covers = {"debian:12"}}, .records = {}},
       {.feed = {.name = "refetched", .date = "2020-01-01", .fetched = "2026-11-22T08:00:00Z", .covers = {"debian:12"}},
        .records = {}},
       {.feed = {.name = "ahead", .date = "2027-07-09", .covers = {"debian:12"}}, .records = {}},
       {.feed = {.name = "ahead-fetched", .date = "2027-07-09", .fetched = "2026-11-22", .covers = {"debian:12"}},
        .records = {}},
       {.feed = {.name = "cisa-kev", .date = "2026-11-21"}, .records = {}},
       {.feed = {.name = "unrelated", .date = "2026-11-21", .covers = {"alpine:3.19"}}, .records = {}}});
  const MatchResult result =
      run(database, os("debian", "12"), {deb("x", "1"), package(PackageType::kNpm, "x", "1.0.0")});
  std::vector<std::string> lines;
  for (const FeedState& feed : result.feeds) {
    lines.push_back(feed.ecosystem + "|" + feed.name + "|" + (feed.age_days ? std::to_string(*feed.age_days) : "?") +
                    (feed.stale ? " stale" : "") + (feed.missing ? " missing" : ""));
  }
  EXPECT_THAT(lines, ElementsAre("|cisa-kev|1", "|cve|? stale missing", "|epss|? stale missing", "|kev|? stale missing",
                                 "|nvd|? stale missing", "debian:12|ahead|? stale", "debian:12|ahead-fetched|0",
                                 "debian:12|debian-tracker|2", "debian:12|never-came|? stale missing",
                                 "debian:12|old|2517 stale", "debian:12|refetched|0", "debian:12|undated|? stale",
                                 "npm|npm|? stale missing"));
}

TEST(Match, FeedsAboutIdsThatTheDatabaseDoesNotNameAreMissing) {
  const Database database =
      make({{.feed = {.name = "debian-tracker", .date = "2026-11-20", .covers = {"debian:12"}}, .records = {}},
            {.feed = {.name = "kev", .date = "2026-11-21", .about_ids = true}, .records = {}},
            {.feed = {.name = "nvd", .about_ids = true}, .records = {}}});  // an update could not fetch it
  std::vector<std::string> missing;
  for (const FeedState& feed : run(database, os("debian", "12"), {deb("x", "1")}).feeds) {
    if (!feed.missing) continue;
    EXPECT_FALSE(feed.covers) << feed.name;  // without them an image is judged nevertheless
    missing.push_back(feed.ecosystem + "|" + feed.name);
  }
  EXPECT_THAT(missing, ElementsAre("|cve", "|epss", "|nvd"));
}

// The states of the feeds that judge packages; those about ids stand in every answer.
std::vector<FeedState> of_packages(const MatchResult& result) {
  std::vector<FeedState> feeds = result.feeds;
  std::erase_if(feeds, [](const FeedState& feed) { return feed.ecosystem.empty(); });
  return feeds;
}

TEST(Match, AnUnknownDistributionIsToldWithItsName) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2")});
  const MatchResult result = run(database, os("plan9", "4"), {deb("x", "1"), deb("y", "1")});
  EXPECT_THAT(result.findings, IsEmpty());
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_THAT(result.notes[0].text, HasSubstr("plan9 4"));
  const std::vector<FeedState> feeds = of_packages(result);
  ASSERT_EQ(feeds.size(), 1U);
  EXPECT_TRUE(feeds[0].missing);
  EXPECT_EQ(feeds[0].ecosystem, "plan9:4");
}

TEST(Match, ADistributionWithoutReleaseIsToldSo) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2")});
  const MatchResult result = run(database, os("debian", ""), {deb("x", "1")});
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_THAT(result.notes[0].text, HasSubstr("debian (unknown release)"));
  const std::vector<FeedState> feeds = of_packages(result);
  ASSERT_EQ(feeds.size(), 1U);
  EXPECT_EQ(feeds[0].ecosystem, "debian (unknown release)");
}

TEST(Match, SameInputSameAnswer) {
  const Database database =
      make({Says("CVE-2").of("debian:12", "a").fixed("2"), Says("CVE-1").of("debian:12", "a").fixed("2"),
            Says("CVE-3").of("debian:12", "b").fixed("2")});
  EXPECT_THAT(summary(run(database, os("debian", "12"), {deb("b", "1"), deb("a", "1")})),
              ElementsAre("CVE-3 fixed 2", "CVE-1 fixed 2", "CVE-2 fixed 2"));
}

}  // namespace
}  // namespace bulkhead::advisory
