#include "scan/filter.h"

#include <gtest/gtest.h>

namespace bulkhead::scan {
namespace {

ScanResult two_findings() {
  ScanResult result;
  inventory::Package package;
  package.type = inventory::PackageType::kDeb;
  package.name = "libssl3";
  package.version = "3.0.11-1";
  package.source_name = "openssl";
  result.packages.push_back(package);
  result.purls.emplace_back("pkg:deb/debian/libssl3@3.0.11-1");
  advisory::Finding fixed;
  fixed.id = "CVE-2024-0001";
  fixed.aliases = {"GHSA-aaaa-bbbb-cccc"};
  fixed.status = advisory::AdvisoryStatus::kFixed;
  fixed.severity = advisory::Severity::kHigh;
  fixed.fixed_version = "3.0.12-1";
  advisory::Finding open = fixed;
  open.id = "CVE-2024-0002";
  open.aliases = {};
  open.status = advisory::AdvisoryStatus::kAffected;
  open.severity = advisory::Severity::kLow;
  open.fixed_version.clear();
  result.findings = {fixed, open};
  return result;
}

std::vector<std::string> ids(const ScanResult& result) {
  std::vector<std::string> list;
  for (const auto& finding : result.findings) list.push_back(finding.id);
  return list;
}

TEST(Filter, HidesWhatIsNotAskedFor) {
  ScanResult result = two_findings();
  apply_filter(result, {.severities = {advisory::Severity::kHigh}, .statuses = {}});
  EXPECT_EQ(ids(result), std::vector<std::string>{"CVE-2024-0001"});
  result = two_findings();
  apply_filter(result, {.severities = {}, .statuses = {advisory::AdvisoryStatus::kAffected}});
  EXPECT_EQ(ids(result), std::vector<std::string>{"CVE-2024-0002"});
  result = two_findings();
  apply_filter(result, {.severities = {}, .statuses = {}, .only_fixed = true});
  EXPECT_EQ(ids(result), std::vector<std::string>{"CVE-2024-0001"});
}

TEST(Filter, CountsWhatItHidesAndSaysSo) {
  ScanResult result = two_findings();
  apply_filter(result, {});
  EXPECT_EQ(result.hidden, 0U);
  EXPECT_TRUE(result.warnings.empty());
  apply_filter(result, {.severities = {advisory::Severity::kHigh}, .statuses = {}});
  EXPECT_EQ(result.hidden, 1U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].text, "1 finding is hidden by --severity, --status or --only-fixed");
  result = two_findings();
  apply_filter(result, {.severities = {advisory::Severity::kCritical}, .statuses = {}});
  EXPECT_EQ(result.hidden, 2U);
  EXPECT_EQ(result.warnings[0].text, "2 findings are hidden by --severity, --status or --only-fixed");
}

TEST(IgnoreFile, MovesFindingsByIdAliasAndPackagePattern) {
  const auto file =
      parse_ignore_file("- {id: ghsa-aaaa-bbbb-cccc, package: 'open*', reason: not reachable}\n", "i.yaml");
  ASSERT_TRUE(file) << file.error().to_string();
  ScanResult result = two_findings();
  UsedRules used;
  apply_ignore_file(result, *file, "2026-11-22", used);
  EXPECT_EQ(ids(result), std::vector<std::string>{"CVE-2024-0002"});
  EXPECT_TRUE(unused_rules(*file, "2026-11-22", used).empty());
  ASSERT_EQ(result.suppressed.size(), 1U);
  EXPECT_EQ(result.suppressed[0].detail, "i.yaml entry 1: not reachable");
  EXPECT_TRUE(result.warnings.empty());
}

TEST(IgnoreFile, CountsAgainTheDayAfterItExpiresAndSaysSo) {
  const auto file =
      parse_ignore_file("ignore:\n- id: CVE-2024-0001\n  reason: fix is on its way\n  expires: 2026-11-21\n", "i.yaml");
  ASSERT_TRUE(file) << file.error().to_string();
  ScanResult result = two_findings();
  UsedRules used;
  apply_ignore_file(result, *file, "2026-11-21", used);
  EXPECT_EQ(result.findings.size(), 1U);
  result = two_findings();
  apply_ignore_file(result, *file, "2026-11-22", used);
  EXPECT_EQ(result.findings.size(), 2U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].text, "entry 1 (CVE-2024-0001) expired on 2026-11-21: its findings count again");
}

TEST(IgnoreFile, SaysWhichEntriesMetNothingInAnyImageOfTheRun) {
  const auto file = parse_ignore_file(
      "- {id: CVE-1999-0001, package: bash, reason: old}\n- {id: CVE-2024-0001, reason: x}\n"
      "- {id: CVE-1999-0002, reason: old, expires: 2020-01-01}\n- {id: CVE-2024-0002, reason: x}\n",
      "i.yaml");
  ASSERT_TRUE(file);
  UsedRules used;
  for (const size_t image : {0U, 1U}) {  // entry 2 fits the first image only, entry 4 the second
    ScanResult result = two_findings();
    result.findings.erase(result.findings.begin() + (image == 0 ? 1 : 0));
    apply_ignore_file(result, *file, "2026-11-22", used);
    EXPECT_TRUE(result.findings.empty());
    EXPECT_TRUE(result.warnings.empty());
  }
  const std::vector<Warning> unused = unused_rules(*file, "2026-11-22", used);
  ASSERT_EQ(unused.size(), 2U);
  EXPECT_EQ(unused[0].text, "entry 1 (CVE-1999-0001 in bash) met no finding in this run: it can go");
  EXPECT_EQ(unused[1].text, "entry 3 (CVE-1999-0002) expired on 2020-01-01 and met no finding in this run: it can go");
}

TEST(IgnoreFile, KeepsTheSuppressedWorstFirst) {
  const auto file = parse_ignore_file("- {id: CVE-2024-0001, reason: the severe one}\n", "i.yaml");
  ASSERT_TRUE(file);
  ScanResult result = two_findings();
  result.suppressed.push_back({.finding = result.findings[1], .detail = "left out by matching"});
  UsedRules used;
  apply_ignore_file(result, *file, "2026-11-22", used);
  ASSERT_EQ(result.suppressed.size(), 2U);
  EXPECT_EQ(result.suppressed[0].finding.severity, advisory::Severity::kHigh);
  EXPECT_EQ(result.suppressed[1].finding.severity, advisory::Severity::kLow);
}

TEST(IgnoreFile, RefusesWhatCouldIgnoreTooMuch) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"- {id: CVE-1, reason: x, expire: 2026-01-01}", "unknown key \"expire\""},
      {"- {id: CVE-1}", "\"reason\" is missing"},
      {"- {reason: x}", "\"id\" is missing"},
      {"- {id: CVE-1, reason: x, expires: 2026-02-30}", "\"2026-02-30\" is no date"},
      {"- {id: CVE-1, reason: x, expires: soon}", "\"soon\" is no date"},
      {"- CVE-1", "must be a mapping"},
      {"- {id: CVE-1, id: CVE-2, reason: x}", "\"id\" is given twice"},
      {"- {id: CVE-1, reason: x, expires: 2030-01-01, expires: 2099-01-01}", "\"expires\" is given twice"},
      {"- {id: '*', reason: x}", "it would ignore everything"},
      {"- {id: '*', package: '*', reason: x}", "it would ignore everything"},
      {"- {id: '*', package: '?*', reason: x, expires: 2030-01-01}", "it would ignore everything"},
      {"ignored: []", "expected a list of entries, or one key"},
      {"text", "expected a list of entries"},
  };
  for (const auto& one : cases) {
    const auto file = parse_ignore_file(one.text, "i.yaml");
    ASSERT_FALSE(file) << one.text;
    EXPECT_NE(file.error().to_string().find(one.message), std::string::npos) << file.error().to_string();
  }
  EXPECT_TRUE(parse_ignore_file("- {id: '*', package: 'linux-*', reason: x}", "i.yaml"));
  EXPECT_TRUE(parse_ignore_file("- {id: '*', version: 1.0-1, reason: x}", "i.yaml"));
}

}  // namespace
}  // namespace bulkhead::scan
