#include "scan/result.h"

#include <gtest/gtest.h>

namespace bulkhead::scan {
namespace {

ScanResult clean() {
  ScanResult result;
  result.image.os.id = "debian";
  result.image.os.version_id = "12";
  result.packages.resize(1);
  result.packages[0].type = inventory::PackageType::kDeb;
  result.packages[0].version = "1";
  result.feeds.push_back({.name = "debian-tracker", .ecosystem = "debian:12"});
  return result;
}

TEST(Conclusion, CallsAnImageCleanOnlyWhenNothingWasLeftOut) {
  EXPECT_EQ(conclusion(clean()), "no known vulnerability");

  ScanResult hidden = clean();
  hidden.hidden = 516;
  EXPECT_EQ(conclusion(hidden), "no finding is shown (516 hidden, 0 ignored)");

  ScanResult ignored = clean();
  ignored.suppressed.push_back({.finding = {}, .reason = advisory::Suppression::kNotAffected, .detail = ""});
  EXPECT_EQ(conclusion(ignored), "no known vulnerability");  // its publisher says that it is none
  ignored.suppressed.push_back({.finding = {}, .reason = advisory::Suppression::kIgnored, .detail = ""});
  EXPECT_EQ(conclusion(ignored), "no finding is shown (0 hidden, 1 ignored)");

  ScanResult uncovered = clean();
  uncovered.feeds = {{.name = "debian:12", .ecosystem = "debian:12", .missing = true}};
  uncovered.hidden = 1;
  EXPECT_EQ(conclusion(uncovered), "not judged: no feed covers debian:12 (1 hidden, 0 ignored)");

  ScanResult incomplete = clean();
  incomplete.feeds = {
      {.name = "debian-tracker", .ecosystem = "debian:12", .covers = true, .incomplete = "an extract: some"},
      {.name = "kev", .missing = true},
      {.name = "debian-security-support", .ecosystem = "debian:12", .missing = true}};
  EXPECT_EQ(conclusion(incomplete), "not judged: debian-tracker for debian:12 is incomplete (an extract: some)");
  incomplete.feeds[0].missing = true;
  EXPECT_EQ(conclusion(incomplete), "not judged: debian-tracker for debian:12 is not in the database");

  ScanResult empty = clean();
  empty.packages.clear();
  EXPECT_EQ(conclusion(empty), "not judged: no installed package of debian was found");
  ScanResult unversioned = clean();
  unversioned.packages[0].version.clear();
  unversioned.not_judged = {"something else"};
  EXPECT_EQ(conclusion(unversioned), "not judged: 1 package has no version; something else");

  ScanResult foreign = clean();
  foreign.image.layers.resize(3);
  foreign.image.layers[1].skipped = true;
  EXPECT_EQ(conclusion(foreign), "not judged: 1 layer was not read");
  foreign.image.layers[2].skipped = true;
  EXPECT_EQ(conclusion(foreign), "not judged: 2 layers were not read");

  ScanResult unknown = clean();
  unknown.image.os = {};
  EXPECT_EQ(conclusion(unknown), "not judged: the distribution is unknown");
  unknown.packages.clear();
  EXPECT_EQ(conclusion(unknown), "not judged: no distribution and no package database was found");

  ScanResult found = clean();
  found.findings.resize(1);
  EXPECT_EQ(conclusion(found), "");
}

TEST(SupportText, TellsRegularFromLongerSupport) {
  const struct {
    EndOfLife end;
    const char* text;
    bool over;
  } cases[] = {
      {{.date = "2030-01-01"}, "supported until 2030-01-01", false},
      {{.date = "2020-01-01", .reached = true}, "out of support since 2020-01-01", true},
      {{.date = "2026-07-11", .reached = true, .extended = "2028-06-30", .extended_name = "LTS"},
       "regular support ended 2026-07-11, LTS until 2028-06-30",
       false},
      {{.date = "2020-07-05",
        .reached = true,
        .extended = "2022-06-30",
        .extended_name = "LTS",
        .extended_reached = true},
       "out of support since 2022-06-30",
       true},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(support_text(one.end), one.text);
    EXPECT_EQ(one.end.over(), one.over) << one.text;
  }
}

}  // namespace
}  // namespace bulkhead::scan
