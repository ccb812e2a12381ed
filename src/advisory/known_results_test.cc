// Real package lists against real feeds, and what they must give: the lists that other scanners, or the comparison by
// dpkg itself, found for the same input.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/build.h"
#include "advisory/database.h"
#include "advisory/match.h"
#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"
#include "inventory/apk/installed.h"
#include "inventory/dpkg/status.h"

namespace bulkhead::advisory {
namespace {

using inventory::OperatingSystem;
using inventory::Package;
using Rows = std::set<std::vector<std::string>>;

std::string contents_of(const std::string& path) {
  auto file = open_file_source(path);
  EXPECT_TRUE(file) << path;
  const auto text = read_all(*archive::make_inflating_source(std::move(*file)), size_t{256} << 20, path);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

// The rows of a table with a heading; of each the named columns.
Rows table(const std::string& path, const std::vector<std::string>& columns) {
  const std::string text = contents_of(path);
  std::string_view rest = text;
  std::string_view line;
  EXPECT_TRUE(next_line(rest, line));
  std::vector<size_t> places;
  const auto heading = split(line, '\t');
  for (const std::string& column : columns) {
    places.push_back(static_cast<size_t>(std::ranges::find(heading, column) - heading.begin()));
  }
  Rows rows;
  while (next_line(rest, line)) {
    const auto cells = split(line, '\t');
    std::vector<std::string> row;
    for (const size_t place : places) row.emplace_back(place < cells.size() ? cells[place] : std::string_view());
    rows.insert(std::move(row));
  }
  return rows;
}

// What only one of the two has, a line each: "+ " found and not expected, "- " expected and not found. Empty: equal.
std::string difference(const Rows& found, const Rows& expected) {
  std::string text;
  const auto add = [&](const Rows& rows, const Rows& others, std::string_view sign) {
    for (const auto& row : rows) {
      if (others.contains(row)) continue;
      text += sign;
      for (const std::string& cell : row) text += cell + " ";
      text += "\n";
    }
  };
  add(found, expected, "+ ");
  add(expected, found, "- ");
  return text;
}

Database database_of(const std::string& from, std::vector<std::string> ecosystems) {
  BuildOptions options;
  options.from = from;
  options.ecosystems = std::move(ecosystems);
  auto built = build_database(options);
  EXPECT_TRUE(built) << built.error().to_string();
  EXPECT_EQ(built->failures, 0U);
  return Database::from_bytes(std::move(built->database), "test").value();
}

OperatingSystem os(std::string id, std::string version) {
  OperatingSystem system;
  system.id = std::move(id);
  system.version_id = std::move(version);
  return system;
}

class KnownResults : public testing::Test {
 protected:
  void SetUp() override {
    BULKHEAD_NEED_TEST_DATA();
    data_ = *test_data_dir();
  }
  std::vector<Package> dpkg_packages(const std::string& name) const {
    const std::string status = contents_of(data_ + "/fixtures/dpkg/" + name);
    return inventory::parse_dpkg_status(status).value();
  }
  // The installed packages of a docker-save archive with one layer.
  std::vector<Package> apk_packages(const std::string& name) const {
    archive::TarReader image(archive::make_inflating_source(open_file_source(data_ + "/peers/images/" + name).value()));
    for (;;) {
      const archive::TarEntry* entry = image.next().value();
      if (entry == nullptr) return {};
      if (!entry->path.ends_with("layer.tar")) continue;
      archive::TarReader layer(image.content());
      while (const archive::TarEntry* file = layer.next().value()) {
        if (file->path != "lib/apk/db/installed") continue;
        const std::string text = read_all(layer.content(), size_t{16} << 20, file->path).value();
        return inventory::parse_apk_installed(text).value();
      }
    }
  }
  std::string data_;
};

TEST_F(KnownResults, Debian11MinimalRootHasExactlyTheFixesOfItsSecurityArchive) {
  const Database database =
      database_of(data_ + "/feeds/debian/derived-bullseye-secfixes-2026-11-22.json.zst", {"debian:11"});
  const std::vector<Package> packages = dpkg_packages("debian-bullseye-minbase.status.zst");
  ASSERT_EQ(packages.size(), 96U);
  const MatchResult result = match(packages, os("debian", "11"), database, {.now = "2026-11-22"});
  Rows found;
  for (const Finding& finding : result.findings) {
    const Package& package = packages[finding.package];
    EXPECT_EQ(finding.status, AdvisoryStatus::kFixed);
    found.insert({package.name, package.version, package.source_name, finding.id, finding.fixed_version});
  }
  const Rows expected = table(data_ + "/peers/made-here/debian-bullseye-minbase-expected.tsv",
                              {"package", "installed", "source", "cve", "fixed"});
  EXPECT_EQ(expected.size(), 117U);
  EXPECT_EQ(difference(found, expected), "");
  EXPECT_EQ(result.findings.size(), expected.size());
  EXPECT_TRUE(result.suppressed.empty());
}

TEST_F(KnownResults, Ubuntu1804MinimalRootHasExactlyWhatItsTrackerSays) {
  const Database database =
      database_of(data_ + "/feeds/ubuntu/ubuntu-cve-tracker-2020-04-06.tar.zst", {"ubuntu:18.04"});
  const std::vector<Package> packages = dpkg_packages("ubuntu-bionic-minbase.status.zst");
  ASSERT_EQ(packages.size(), 88U);
  MatchOptions options{.now = "2020-04-07"};
  const MatchResult result = match(packages, os("ubuntu", "18.04"), database, options);
  const std::map<AdvisoryStatus, std::string> words = {{AdvisoryStatus::kFixed, "released"},
                                                       {AdvisoryStatus::kAffected, "needed"},
                                                       {AdvisoryStatus::kFixDeferred, "deferred"},
                                                       {AdvisoryStatus::kUnderInvestigation, "needs-triage"}};
  Rows found;
  const auto add = [&](const Finding& finding) {
    const Package& package = packages[finding.package];
    const auto word = words.find(finding.status);
    found.insert({package.name, package.version, package.source_name, finding.id,
                  word == words.end() ? std::string(status_name(finding.status)) : word->second,
                  finding.fixed_version});
  };
  for (const Finding& finding : result.findings) add(finding);
  const Rows expected = table(data_ + "/peers/made-here/ubuntu-bionic-minbase-expected.tsv",
                              {"package", "installed", "source", "cve", "status", "fixed"});
  EXPECT_EQ(expected.size(), 167U);
  Rows reported = expected;
  std::erase_if(reported, [](const std::vector<std::string>& row) { return row[4] == "needs-triage"; });
  EXPECT_EQ(difference(found, reported), "");
  EXPECT_EQ(found.size(), 134U);
  // What its publisher has not triaged yet is told apart, and complete.
  std::set<std::string> ignored;
  for (const Suppressed& each : result.suppressed) {
    if (each.reason == Suppression::kUnderInvestigation) {
      add(each.finding);
    } else {
      EXPECT_EQ(each.reason, Suppression::kIgnoredByPublisher) << each.finding.id << ": " << each.detail;
      ignored.insert(each.finding.id);
    }
  }
  EXPECT_EQ(ignored, std::set<std::string>{"CVE-2019-9619"});
  EXPECT_EQ(difference(found, expected), "");
}

TEST_F(KnownResults, AlpineImagesHaveWhatTheirSecurityDatabaseSays) {
  const Database database = database_of(data_ + "/feeds/alpine/alpine-secdb-2020-02-04.tar.zst", {"alpine:*"});
  const std::vector<Package> packages = apk_packages("alpine-3.9-metadata-only.tar.gz");
  ASSERT_EQ(packages.size(), 14U);
  const MatchResult result = match(packages, os("alpine", "3.9.4"), database, {.now = "2020-02-05"});
  Rows found;
  for (const Finding& finding : result.findings) {
    found.insert(
        {packages[finding.package].name, packages[finding.package].version, finding.id, finding.fixed_version});
  }
  // Two peers' answers about the same image; what they know beyond the database of that day is newer than it.
  for (const char* peer : {"full-db-2020-04", "full-db-2020-07"}) {
    Rows expected =
        table(data_ + "/peers/trivy/" + peer + "/alpine-39.tsv", {"package", "installed", "vulnerability", "fixed"});
    std::erase_if(expected, [](const std::vector<std::string>& row) {
      return row[2] == "CVE-2019-1551" || row[2] == "CVE-2020-1967";
    });
    EXPECT_EQ(difference(found, expected), "") << peer;
  }
}

}  // namespace
}  // namespace bulkhead::advisory
