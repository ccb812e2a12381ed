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

TEST(MatchDebian, ComparesTheSourceVersionOfTheSourceName) {
  const Database database = make({Says("CVE-1").of("debian:12", "openssl").fixed("3.0.11-1~deb12u2")});
  const OperatingSystem bookworm = os("debian", "12");
  EXPECT_THAT(
      summary(run(database, bookworm, {of_source(deb("libssl3", "3.0.11-1~deb12u1"), "openssl", "3.0.11-1~deb12u1")})),
      ElementsAre("CVE-1 fixed 3.0.11-1~deb12u2"));
  EXPECT_THAT(
      summary(run(database, bookworm, {of_source(deb("libssl3", "3.0.11-1~deb12u2"), "openssl", "3.0.11-1~deb12u2")})),
      IsEmpty());
  // A binary package that happens to have the name of another's source is not that source.
  EXPECT_THAT(summary(run(database, bookworm, {of_source(deb("openssl", "1.0"), "openssl-meta", "1.0")})), IsEmpty());
}

TEST(MatchDebian, ARebuildIsJudgedByItsSourceVersion) {
  // +b1 makes the binary version higher than the fix, but the source is the same.
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("1.0-2")});
  const Package rebuilt = of_source(deb("libx", "1.0-2+b1"), "x", "1.0-1");
  EXPECT_THAT(summary(run(database, os("debian", "12"), {rebuilt})), ElementsAre("CVE-1 fixed 1.0-2"));
}

TEST(MatchDebian, ASignedKernelIsJudgedByTheSourceThatItSigns) {
  const Database database = make({Says("CVE-1").of("debian:12", "linux").fixed("6.1.76-1"),
                                  Says("CVE-2").of("debian:12", "linux").fixed("6.1.80-1")});
  const Package image = of_source(deb("linux-image-6.1.0-18-amd64", "6.1.76-1"), "linux-signed-amd64", "6.1.76+1");
  EXPECT_THAT(summary(run(database, os("debian", "12"), {image})), ElementsAre("CVE-2 fixed 6.1.80-1"));
  const Database ubuntu = make({Says("CVE-1").of("ubuntu:20.04", "linux-hwe-5.15").fixed("5.15.0-92.102~20.04.1"),
                                Says("CVE-2").of("ubuntu:20.04", "linux").fixed("5.4.0-170.188"),
                                Says("CVE-3").of("ubuntu:20.04", "linux-signatures").fixed("9")});
  const auto with = [&](const char* version, const char* source) {
    return summary(run(ubuntu, os("ubuntu", "20.04"), {of_source(deb("linux-image-x", version), source, version)}));
  };
  EXPECT_THAT(with("5.15.0-91.101~20.04.1", "linux-signed-hwe-5.15"), ElementsAre("CVE-1 fixed 5.15.0-92.102~20.04.1"));
  EXPECT_THAT(with("5.4.0-169.187", "linux-signed"), ElementsAre("CVE-2 fixed 5.4.0-170.188"));
  EXPECT_THAT(with("1", "linux-signatures"), ElementsAre("CVE-3 fixed 9"));
}

TEST(MatchDebian, ReportsWhatHasNoFixWithItsStatus) {
  const Database database = make({
      Says("CVE-1").of("debian:12", "x").status(AdvisoryStatus::kAffected),
      Says("CVE-2").of("debian:12", "x").status(AdvisoryStatus::kFixDeferred).note("no-dsa: Minor issue"),
      Says("CVE-3").of("debian:12", "x").status(AdvisoryStatus::kWillNotFix),
      Says("CVE-4").of("debian:12", "x").status(AdvisoryStatus::kEndOfLife),
      Says("CVE-5").of("debian:12", "x").not_affected(),
      Says("CVE-6").of("debian:11", "x").status(AdvisoryStatus::kAffected),
  });
  const MatchResult result = run(database, os("debian", "12"), {deb("x", "1.0")});
  EXPECT_THAT(summary(result),
              ElementsAre("CVE-1 affected", "CVE-2 fix_deferred", "CVE-3 will_not_fix", "CVE-4 end_of_life"));
  EXPECT_EQ(result.findings[1].note, "no-dsa: Minor issue");
  EXPECT_THAT(result.suppressed, IsEmpty());
  EXPECT_EQ(result.findings[0].evidence.rule, "affected-without-fix");
}

TEST(MatchDebian, AFixThatTheArchiveDoesNotHaveYetIsNoFix) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2.0").status(AdvisoryStatus::kAffected)});
  EXPECT_THAT(summary(run(database, os("debian", "12"), {deb("x", "1.0")})), ElementsAre("CVE-1 affected"));
  EXPECT_THAT(summary(run(database, os("debian", "12"), {deb("x", "2.0")})), IsEmpty());
}

TEST(MatchDebian, OfSeveralAdvisoriesForAnIdTheHighestFixCounts) {
  const Database database = make({Says("CVE-1").of("debian:11", "x").fixed("1.0-1+deb11u1").document("DSA-1"),
                                  Says("CVE-1").of("debian:11", "x").fixed("1.0-1+deb11u3").document("DLA-2"),
                                  Says("CVE-1").of("debian:11", "x").fixed("1.0-1+deb11u2").document("DSA-3")});
  const MatchResult result = run(database, os("debian", "11"), {deb("x", "1.0-1+deb11u1")});
  EXPECT_THAT(summary(result), ElementsAre("CVE-1 fixed 1.0-1+deb11u3"));
  EXPECT_EQ(result.findings[0].evidence.record, "DLA-2");
  EXPECT_THAT(summary(run(database, os("debian", "11"), {deb("x", "1.0-1+deb11u3")})), IsEmpty());
}

TEST(MatchDebian, TheFeedWithNewerDataDecides) {
  const auto database = [](const char* tracker_date) {
    return make({{.feed = {.name = "debian-advisories", .date = "2023-03-29"},
                  .records = {Says("CVE-1").of("debian:12", "x").fixed("2.0").document("DSA-1")}},
                 {.feed = {.name = "debian-tracker", .date = tracker_date},
                  .records = {Says("CVE-1").of("debian:12", "x").not_affected()}}});
  };
  const std::vector<Package> packages = {deb("x", "1.0")};
  EXPECT_THAT(suppressions(run(database("2026-11-22"), os("debian", "12"), packages)), IsEmpty());
  EXPECT_THAT(summary(run(database("2026-11-22"), os("debian", "12"), packages)), IsEmpty());
  EXPECT_THAT(summary(run(database("2020-01-01"), os("debian", "12"), packages)), ElementsAre("CVE-1 fixed 2.0"));
  // Of the same day: both count, and what the publisher says is not affected is suppressed, not forgotten.
  EXPECT_THAT(suppressions(run(database("2023-03-29"), os("debian", "12"), packages)),
              ElementsAre("CVE-1 not_affected"));
}

TEST(MatchDebian, AFeedIsAsNewAsTheLaterOfItsDateAndTheDayItWasFetched) {
  // The tracker bears no date; the list of advisories bears that of the last one.
  const auto database = [](const char* advisories_fetched) {
    return make({{.feed = {.name = "debian-advisories", .date = "2026-11-18", .fetched = advisories_fetched},
                  .records = {Says("CVE-1").of("debian:12", "x").fixed("2.0").document("DSA-1"),
                              Says("CVE-2").of("debian:12", "x").fixed("2.0").document("DSA-1")}},
                 {.feed = {.name = "debian-tracker", .fetched = "2026-11-22T10:00:00Z"},
                  .records = {Says("CVE-1").of("debian:12", "x").not_affected(),
                              Says("CVE-2").of("debian:12", "x").fixed("2.0").severity(Severity::kNegligible)}}});
  };
  const std::vector<Package> packages = {deb("x", "1.0")};
  const MatchResult same_day = run(database("2026-11-22T08:00:00Z"), os("debian", "12"), packages);
  EXPECT_THAT(summary(same_day), ElementsAre("CVE-2 fixed 2.0"));
  EXPECT_THAT(suppressions(same_day), ElementsAre("CVE-1 not_affected"));
  // What one of the publisher's feeds does not rate, its other one does.
  EXPECT_EQ(same_day.findings[0].severity, Severity::kNegligible);
  EXPECT_EQ(same_day.findings[0].severity_source, "debian-tracker");
  const MatchResult older = run(database("2026-11-19"), os("debian", "12"), packages);
  EXPECT_THAT(summary(older), ElementsAre("CVE-2 fixed 2.0"));
  EXPECT_THAT(older.suppressed, IsEmpty());
}

TEST(MatchDebian, UndeterminedIsSuppressedUnlessAskedFor) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").status(AdvisoryStatus::kUnderInvestigation)});
  const std::vector<Package> packages = {deb("x", "1.0")};
  EXPECT_THAT(suppressions(run(database, os("debian", "12"), packages)), ElementsAre("CVE-1 under_investigation"));
  MatchOptions options = today();
  options.under_investigation = true;
  const MatchResult all = match(packages, os("debian", "12"), database, options);
  EXPECT_THAT(summary(all), ElementsAre("CVE-1 under_investigation"));
  EXPECT_THAT(all.suppressed, IsEmpty());
}

TEST(MatchDebian, WithoutSecuritySupportAnOpenFindingIsEndOfLife) {
  const Database database = make({
      Says("CVE-1").of("debian:12", "golang-1.19").status(AdvisoryStatus::kAffected),
      Says("CVE-2").of("debian:12", "golang-1.19").fixed("9"),
      Says("CVE-3").of("debian:12", "xen").status(AdvisoryStatus::kFixDeferred).note("no-dsa"),
      Says("CVE-4").of("debian:12", "other").status(AdvisoryStatus::kAffected),
      Says("debian-security-support")
          .of("debian:12", "golang.*")
          .status(AdvisoryStatus::kEndOfLife)
          .note("see the list"),
      Says("debian-security-support").of("debian:12", "xen").status(AdvisoryStatus::kEndOfLife).note("ended 2024"),
  });
  const MatchResult result =
      run(database, os("debian", "12"), {deb("golang-1.19", "1"), deb("xen", "1"), deb("other", "1")});
  EXPECT_THAT(summary(result),
              ElementsAre("CVE-1 end_of_life", "CVE-2 fixed 9", "CVE-3 end_of_life", "CVE-4 affected"));
  EXPECT_EQ(result.findings[0].note, "see the list");
  EXPECT_EQ(result.findings[2].note, "no-dsa; ended 2024");
}

TEST(MatchDebian, SupportThatEndsLaterHasNotEnded) {
  const Database database = make({
      Says("CVE-1").of("debian:12", "chromium").status(AdvisoryStatus::kAffected),
      Says("debian-security-support")
          .of("debian:12", "chromium")
          .range({.introduced = "2027-06-30"})
          .status(AdvisoryStatus::kEndOfLife)
          .note("support ended 2027-06-30"),
  });
  const auto on = [&](const char* day) {
    MatchOptions options = today();
    options.now = day;
    return summary(match(std::vector{deb("chromium", "120-1")}, os("debian", "12"), database, options));
  };
  EXPECT_THAT(on("2026-11-22"), ElementsAre("CVE-1 affected"));
  EXPECT_THAT(on("2027-06-30"), ElementsAre("CVE-1 end_of_life"));
}

// Ubuntu

TEST(MatchUbuntu, KeepsWhatIsNeededDeferredPendingAndReleased) {
  const Database database = make({
      Says("CVE-1").of("ubuntu:22.04", "x").status(AdvisoryStatus::kAffected),             // needed
      Says("CVE-2").of("ubuntu:22.04", "x").status(AdvisoryStatus::kFixDeferred),          // deferred
      Says("CVE-3").of("ubuntu:22.04", "x").fixed("2").status(AdvisoryStatus::kAffected),  // pending (2)
      Says("CVE-4").of("ubuntu:22.04", "x").fixed("2"),                                    // released (2)
      Says("CVE-5").of("ubuntu:22.04", "x").status(AdvisoryStatus::kUnderInvestigation),   // needs-triage
      Says("CVE-6").of("ubuntu:22.04", "x").not_affected(),
      Says("CVE-7").of("ubuntu:22.04", "x").status(AdvisoryStatus::kWillNotFix).note("ignored (not a bug)"),
  });
  const MatchResult result = run(database, os("ubuntu", "22.04"), {deb("x", "1")});
  EXPECT_THAT(summary(result), ElementsAre("CVE-1 affected", "CVE-2 fix_deferred", "CVE-3 affected", "CVE-4 fixed 2"));
  EXPECT_THAT(suppressions(result), ElementsAre("CVE-5 under_investigation", "CVE-7 ignored_by_publisher"));
  EXPECT_THAT(result.suppressed[1].detail, HasSubstr("ignored (not a bug)"));
}

TEST(MatchUbuntu, AFixInAPocketResolvesTheReleasesDisclosure) {
  const Database database = make({
      Says("CVE-1").of("ubuntu:18.04", "x").status(AdvisoryStatus::kEndOfLife),
      Says("CVE-1").of("ubuntu:18.04:esm-infra", "x").fixed("1.0-1ubuntu2+esm3"),
  });
  const OperatingSystem bionic = os("ubuntu", "18.04");
  // Subscribed and up to date: fixed, although the release says that it never will be.
  EXPECT_THAT(summary(run(database, bionic, {deb("x", "1.0-1ubuntu2+esm3")})), IsEmpty());
  EXPECT_THAT(summary(run(database, bionic, {deb("x", "1.0-1ubuntu2+esm4")})), IsEmpty());
  // Not up to date, subscribed or not: the release decides, and the pocket has the fix.
  const MatchResult behind = run(database, bionic, {deb("x", "1.0-1ubuntu2")});
  EXPECT_THAT(summary(behind), ElementsAre("CVE-1 end_of_life 1.0-1ubuntu2+esm3 in esm-infra"));
  EXPECT_EQ(behind.findings[0].evidence.rule, "affected-without-fix");
}

TEST(MatchUbuntu, APocketsOpenStateLeavesTheReleaseToDecide) {
  const Database database = make({
      Says("CVE-1").of("ubuntu:18.04", "x").fixed("1.0-2"),
      Says("CVE-1").of("ubuntu:18.04:esm-infra", "x").status(AdvisoryStatus::kAffected),
      Says("CVE-2").of("ubuntu:18.04:esm-infra", "x").fixed("1.0-3+esm1"),
      Says("CVE-3").of("ubuntu:18.04", "x").not_affected(),
      Says("CVE-3").of("ubuntu:18.04:esm-infra", "x").fixed("1.0-3+esm1"),
  });
  const MatchResult result = run(database, os("ubuntu", "18.04"), {deb("x", "1.0-2")});
  EXPECT_THAT(summary(result), ElementsAre("CVE-2 fixed 1.0-3+esm1 in esm-infra"));
  EXPECT_THAT(rules(result), ElementsAre("version-below-fix-of-pocket"));
}

TEST(MatchUbuntu, APocketCarriesOnAReleaseWhoseSupportHasEnded) {
  struct Case {
    AdvisoryStatus pocket;
    std::vector<std::string> findings;
    std::vector<std::string> suppressed;
  };
  const std::vector<Case> cases = {
      {AdvisoryStatus::kNotAffected, {}, {}},
      {AdvisoryStatus::kUnderInvestigation, {}, {"CVE-1 under_investigation"}},
      {AdvisoryStatus::kWillNotFix, {}, {"CVE-1 ignored_by_publisher"}},
      {AdvisoryStatus::kAffected, {"CVE-1 end_of_life"}, {}},
      {AdvisoryStatus::kFixDeferred, {"CVE-1 end_of_life"}, {}},
      {AdvisoryStatus::kEndOfLife, {"CVE-1 end_of_life"}, {}},
  };
  for (const Case& each : cases) {
    const Database database = make({Says("CVE-1").of("ubuntu:14.04", "nodejs").status(AdvisoryStatus::kEndOfLife),
                                    Says("CVE-1").of("ubuntu:14.04:esm-infra", "nodejs").status(each.pocket),
                                    Says("CVE-2").of("ubuntu:14.04", "nodejs").status(AdvisoryStatus::kAffected),
                                    Says("CVE-2").of("ubuntu:14.04:esm-infra", "nodejs").status(each.pocket)});
    const MatchResult result = run(database, os("ubuntu", "14.04"), {deb("nodejs", "0.10")});
    // What the release itself still says is open, it decides.
    std::vector<std::string> findings = each.findings;
    findings.emplace_back("CVE-2 affected");
    EXPECT_EQ(summary(result), findings) << status_name(each.pocket);
    EXPECT_EQ(suppressions(result), each.suppressed) << status_name(each.pocket);
  }
}

TEST(MatchUbuntu, TheFeedThatTellsOpenStatesApartGoesBeforeTheOneThatDoesNot) {
  const auto with = [](AdvisoryStatus vex) {
    return make({{.feed = {.name = "ubuntu-osv", .date = "2026-11-20"},
                  .records = {Says("CVE-1").of("ubuntu:22.04", "x").document("UBUNTU-CVE-1").severity(Severity::kLow),
                              Says("CVE-2").of("ubuntu:22.04", "x").document("UBUNTU-CVE-2"),
                              Says("CVE-3").of("ubuntu:22.04", "x").document("UBUNTU-CVE-3").fixed("2")}},
                 {.feed = {.name = "ubuntu-vex", .date = "2026-11-20"},
                  .records = {Says("CVE-1").of("ubuntu:22.04", "x").status(vex)}}});
  };
  const auto result = [&](AdvisoryStatus vex) { return run(with(vex), os("ubuntu", "22.04"), {deb("x", "1")}); };
  const MatchResult triage = result(AdvisoryStatus::kUnderInvestigation);
  EXPECT_THAT(summary(triage), ElementsAre("CVE-2 affected", "CVE-3 fixed 2"));
  EXPECT_THAT(suppressions(triage), ElementsAre("CVE-1 under_investigation"));
  EXPECT_EQ(triage.suppressed[0].finding.severity, Severity::kLow);
  EXPECT_THAT(suppressions(result(AdvisoryStatus::kWillNotFix)), ElementsAre("CVE-1 ignored_by_publisher"));
  EXPECT_THAT(summary(result(AdvisoryStatus::kFixDeferred)),
              ElementsAre("CVE-1 fix_deferred", "CVE-2 affected", "CVE-3 fixed 2"));
}

TEST(MatchUbuntu, AFipsBuildWithoutAnyRecordsIsTold) {
  const Database database = make({Says("CVE-1").of("ubuntu:20.04", "openssl").fixed("1.1.1f-1ubuntu2.20")});
  const MatchResult result =
      run(database, os("ubuntu", "20.04"), {deb("openssl", "1.1.1f-1ubuntu2.fips.7"), deb("openssl", "1.1.1f-1")});
  EXPECT_THAT(summary(result), ElementsAre("CVE-1 fixed 1.1.1f-1ubuntu2.20"));
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_EQ(result.notes[0].package, 0U);
  EXPECT_THAT(result.notes[0].text, HasSubstr("is a fips build"));
}

TEST(MatchUbuntu, AFipsBuildIsComparedWithItsOwnPocketOnly) {
  const Database database = make({
      Says("CVE-1").of("ubuntu:20.04", "openssl").fixed("1.1.1f-1ubuntu2.20"),
      Says("CVE-1").of("ubuntu:20.04:fips-updates", "openssl").fixed("1.1.1f-1ubuntu2.fips.21"),
  });
  const OperatingSystem focal = os("ubuntu", "20.04");
  EXPECT_THAT(summary(run(database, focal, {deb("openssl", "1.1.1f-1ubuntu2.fips.7")})),
              ElementsAre("CVE-1 fixed 1.1.1f-1ubuntu2.fips.21"));
  EXPECT_THAT(summary(run(database, focal, {deb("openssl", "1.1.1f-1ubuntu2.fips.21")})), IsEmpty());
  EXPECT_THAT(summary(run(database, focal, {deb("openssl", "1.1.1f-1ubuntu2.19")})),
              ElementsAre("CVE-1 fixed 1.1.1f-1ubuntu2.20"));
}

// Alpine

TEST(MatchAlpine, TheKeyIsTheOriginPackage) {
  const Database database = make({Says("CVE-1").of("alpine:3.19", "openssl").fixed("3.1.4-r2"),
                                  Says("CVE-2").of("alpine:3.19", "openssl").not_affected(),
                                  Says("CVE-3").of("alpine:edge", "openssl").fixed("3.1.4-r2")});
  const Package libcrypto = of_source(package(PackageType::kApk, "libcrypto3", "3.1.4-r1"), "openssl", "3.1.4-r1");
  EXPECT_THAT(summary(run(database, os("alpine", "3.19.1"), {libcrypto})), ElementsAre("CVE-1 fixed 3.1.4-r2"));
  EXPECT_THAT(summary(run(database, os("alpine", "edge"), {libcrypto})), ElementsAre("CVE-3 fixed 3.1.4-r2"));
  EXPECT_THAT(summary(run(database, os("alpine", "3.18.1"), {libcrypto})), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::advisory
