#include "advisory/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/database_builder.h"
#include "advisory/ecosystem.h"

namespace bulkhead::advisory {
namespace {

using inventory::OperatingSystem;
using inventory::Package;
using inventory::PackageType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A record in one expression: Says("CVE-1").of("debian:12", "openssl").fixed("3.0.1").
class Says {
 public:
  explicit Says(std::string id) {
    record_.id = id;
    record_.record = std::move(id);
  }
  Says& of(const std::string& ecosystem, std::string package) {
    const Family* family = family_of(ecosystem);
    record_.ecosystem = ecosystem;
    record_.package = std::move(package);
    record_.name_kind = family->name_kind;
    record_.scheme = family->scheme;
    return *this;
  }
  Says& fixed(std::string version) {
    record_.status = AdvisoryStatus::kFixed;
    record_.ranges.push_back({.introduced = "", .fixed = std::move(version), .last_affected = ""});
    return *this;
  }
  Says& range(Range range) {
    record_.status = AdvisoryStatus::kFixed;
    record_.ranges.push_back(std::move(range));
    return *this;
  }
  Says& status(AdvisoryStatus status) {
    record_.status = status;
    return *this;
  }
  Says& not_affected() { return status(AdvisoryStatus::kNotAffected); }
  Says& document(std::string name) {
    record_.record = std::move(name);
    return *this;
  }
  Says& alias(std::string name) {
    record_.aliases.push_back(std::move(name));
    return *this;
  }
  Says& architectures(std::vector<std::string> names) {
    record_.architectures = std::move(names);
    return *this;
  }
  Says& module(std::string name) {
    record_.module = std::move(name);
    return *this;
  }
  Says& cpe(std::string name) {
    record_.cpe = std::move(name);
    return *this;
  }
  Says& severity(Severity severity) {
    record_.severity = severity;
    return *this;
  }
  Says& note(std::string text) {
    record_.note = std::move(text);
    return *this;
  }
  Says& by_source() {
    record_.name_kind = NameKind::kSource;
    return *this;
  }
  operator AdvisoryRecord() const { return record_; }  // NOLINT(google-explicit-constructor)

 private:
  AdvisoryRecord record_;
};

struct FeedRecords {
  FeedInput feed;
  std::vector<AdvisoryRecord> records;
  std::vector<Vulnerability> vulnerabilities;
};

Database make(const std::vector<FeedRecords>& feeds) {
  DatabaseBuilder builder;
  for (const FeedRecords& each : feeds) {
    builder.use_feed(builder.add_feed(each.feed).value());
    for (const auto& record : each.records) EXPECT_TRUE(builder.add(record));
    for (const auto& vulnerability : each.vulnerabilities) EXPECT_TRUE(builder.add(vulnerability));
  }
  return Database::from_bytes(std::move(builder).finish().value(), "test").value();
}

Database make(std::vector<AdvisoryRecord> records, std::vector<Vulnerability> vulnerabilities = {}) {
  return make({FeedRecords{.feed = {.name = "test-feed", .date = "2026-11-20"},
                           .records = std::move(records),
                           .vulnerabilities = std::move(vulnerabilities)}});
}

OperatingSystem os(std::string id, std::string version) {
  OperatingSystem system;
  system.id = std::move(id);
  system.version_id = std::move(version);
  return system;
}

Package package(PackageType type, std::string name, std::string version) {
  Package result;
  result.type = type;
  result.name = name;
  result.source_name = std::move(name);
  result.version = version;
  result.source_version = std::move(version);
  return result;
}
Package deb(std::string name, std::string version) {
  return package(PackageType::kDeb, std::move(name), std::move(version));
}
Package rpm(std::string name, std::string version) {
  return package(PackageType::kRpm, std::move(name), std::move(version));
}
Package of_source(Package package, std::string name, std::string version) {
  package.source_name = std::move(name);
  package.source_version = std::move(version);
  return package;
}

MatchOptions today() {
  MatchOptions options;
  options.now = "2026-11-22";
  return options;
}

MatchResult run(const Database& database, const OperatingSystem& system, const std::vector<Package>& packages) {
  return match(packages, system, database, today());
}

// "CVE-1 fixed 1.2", "CVE-2 affected"
std::vector<std::string> summary(const MatchResult& result) {
  std::vector<std::string> lines;
  for (const Finding& finding : result.findings) {
    std::string line = finding.id + " " + std::string(status_name(finding.status));
    if (!finding.fixed_version.empty()) line += " " + finding.fixed_version;
    if (!finding.fixed_in.empty()) line += " in " + finding.fixed_in;
    lines.push_back(line);
  }
  return lines;
}
std::vector<std::string> suppressions(const MatchResult& result) {
  std::vector<std::string> lines;
  for (const Suppressed& each : result.suppressed) {
    lines.push_back(each.finding.id + " " + std::string(suppression_name(each.reason)));
  }
  return lines;
}
std::vector<std::string> rules(const MatchResult& result) {
  std::vector<std::string> lines;
  for (const Finding& finding : result.findings) lines.push_back(finding.evidence.rule);
  return lines;
}

// Debian

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

// The repositories of Red Hat's list, under the id that says so.
Says repository(const std::string& release, const std::string& name, const char* cpe) {
  return Says("redhat-repositories").of(release, name).not_affected().cpe(cpe);
}

std::vector<AdvisoryRecord> records_of_several_products() {
  return {
      Says("CVE-1").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:enterprise_linux:8::appstream"),
      Says("CVE-2").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:rhel_eus:8.4::appstream"),
      Says("CVE-3").of("rhel:8", "x").status(AdvisoryStatus::kAffected).cpe("cpe:/o:redhat:enterprise_linux:8"),
      Says("CVE-4").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:openshift:4.12::el8"),
      repository("rhel:8", "rhel-8-for-x86_64-baseos-rpms", "cpe:/o:redhat:enterprise_linux:8::baseos"),
      repository("rhel:8", "rhel-8-for-x86_64-appstream-rpms", "cpe:/a:redhat:enterprise_linux:8::appstream"),
      repository("rhel:8", "rhel-8-for-x86_64-appstream-rpms", "cpe:/a:redhat:rhel:8.3::appstream"),
      repository("rhel:8", "rhel-8-for-x86_64-appstream-eus-rpms__8_DOT_4", "cpe:/a:redhat:rhel_eus:8.4::appstream"),
      repository("rhel:8", "rhocp-4.12-for-rhel-8-x86_64-rpms", "cpe:/a:redhat:openshift:4.12::el8"),
  };
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
  EXPECT_THAT(lines, ElementsAre("|cisa-kev|1", "debian:12|ahead|? stale", "debian:12|ahead-fetched|0",
                                 "debian:12|debian-tracker|2", "debian:12|never-came|? stale missing",
                                 "debian:12|old|2517 stale", "debian:12|refetched|0", "debian:12|undated|? stale",
                                 "npm|npm|? stale missing"));
}

TEST(Match, AnUnknownDistributionIsToldWithItsName) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("2")});
  const MatchResult result = run(database, os("plan9", "4"), {deb("x", "1"), deb("y", "1")});
  EXPECT_THAT(result.findings, IsEmpty());
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_THAT(result.notes[0].text, HasSubstr("plan9 4"));
  ASSERT_EQ(result.feeds.size(), 1U);
  EXPECT_TRUE(result.feeds[0].missing);
  EXPECT_EQ(result.feeds[0].ecosystem, "plan9:4");
}

TEST(Match, SameInputSameAnswer) {
  const Database database =
      make({Says("CVE-2").of("debian:12", "a").fixed("2"), Says("CVE-1").of("debian:12", "a").fixed("2"),
            Says("CVE-3").of("debian:12", "b").fixed("2")});
  EXPECT_THAT(summary(run(database, os("debian", "12"), {deb("b", "1"), deb("a", "1")})),
              ElementsAre("CVE-3 fixed 2", "CVE-1 fixed 2", "CVE-2 fixed 2"));
}

// Explanations

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
  EXPECT_THAT(text("CVE-3"), HasSubstr("it is about cpe:/a:redhat:rhel_eus:8.4, which is no main stream of rhel:8"));
  EXPECT_THAT(text("CVE-3"), HasSubstr("no content manifest tells which repositories its layer has packages from: the "
                                       "main streams of rhel:8 count"));
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
                        "main streams of rhel:8 count"));
}

TEST(Explain, AnIdThatIsNotInAnyFeedIsSaidToBeSoWithTheFeedsThatWereAsked) {
  const Database database = make({Says("CVE-1").of("debian:12", "x").fixed("1")});
  const std::string text = explained(database, os("debian", "13"), {deb("x", "1")}, "CVE-2099-1");
  EXPECT_THAT(text, HasSubstr("No feed in this database knows the id."));
  EXPECT_THAT(text, HasSubstr("debian:13: no feed in this database covers it"));
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
