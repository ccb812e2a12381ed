#include "advisory/database.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>
#include <unistd.h>

#include "advisory/database_builder.h"
#include "advisory/match.h"
#include "base/fs.h"
#include "base/mapping_guard.h"
#include "base/temporary_folder.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

AdvisoryRecord record(std::string id, std::string ecosystem, std::string package, std::string fixed = "1.0") {
  AdvisoryRecord result;
  result.id = id;
  result.record = std::move(id);
  result.ecosystem = std::move(ecosystem);
  result.package = std::move(package);
  result.scheme = version::Scheme::kDeb;
  result.status = AdvisoryStatus::kFixed;
  result.ranges = {{.introduced = "", .fixed = std::move(fixed), .last_affected = ""}};
  return result;
}

std::string build(const std::vector<AdvisoryRecord>& records, const std::vector<Vulnerability>& vulnerabilities = {}) {
  DatabaseBuilder builder;
  builder.use_feed(
      *builder.add_feed({.name = "test-feed", .url = "test.json", .licence = "CC0-1.0", .date = "2026-01-02"}));
  for (const auto& each : records) EXPECT_TRUE(builder.add(each));
  for (const auto& each : vulnerabilities) EXPECT_TRUE(builder.add(each));
  return std::move(builder).finish().value();
}

Database open(std::string bytes) {
  return Database::from_bytes(std::move(bytes), "test").value();
}

RecordList find(const Database& database, std::string_view ecosystem, std::string_view package) {
  return database.records(database.find_ecosystem(ecosystem).value_or(SIZE_MAX), package);
}

std::vector<std::string> ids(const Database& database, const RecordList& records) {
  std::vector<std::string> result;
  for (size_t i = 0; i < records.size(); ++i)
    result.emplace_back(database.vulnerability(records[i].vulnerability()).id());
  return result;
}

// Calls everything; under the sanitizers this shows any read outside the bytes.
size_t touch_everything(const Database& database) {
  size_t sum = 0;
  for (size_t i = 0; i < database.feeds(); ++i)
    sum += database.feed(i).name.size() + database.feed(i).ecosystems.size();
  for (size_t e = 0; e < database.ecosystems(); ++e) {
    sum += database.ecosystem_key(e).size() + database.ecosystem_feeds(e).size();
    for (size_t p = 0; p < database.packages(e); ++p) {
      const RecordList records = database.records(e, database.package_name(e, p));
      for (size_t r = 0; r < records.size(); ++r) {
        const RecordView each = records[r];
        sum += each.document().size() + each.module().size() + each.cpe().size() + each.note().size();
        for (size_t i = 0; i < each.ranges(); ++i) sum += each.range(i).introduced.size() + each.range(i).fixed.size();
        for (size_t i = 0; i < each.architectures().size(); ++i) sum += each.architectures()[i].size();
        sum += static_cast<size_t>(each.status()) + static_cast<size_t>(each.scheme());
      }
    }
  }
  for (size_t v = 0; v < database.vulnerabilities(); ++v) {
    const Vulnerability value = database.vulnerability(v).to_value();
    sum += value.description.size() + database.find_vulnerabilities(value.id).size();
  }
  return sum;
}

TEST(Database, GivesBackEveryFieldOfARecord) {
  AdvisoryRecord full = record("CVE-2023-1", "rhel:8", "nodejs");
  full.record = "RHSA-2023:1";
  full.scheme = version::Scheme::kRpm;
  full.name_kind = NameKind::kBinary;
  full.ranges = {{.introduced = "1", .fixed = "2", .last_affected = ""},
                 {.introduced = "3", .fixed = "", .last_affected = "4", .introduced_exclusive = true}};
  full.architectures = {"x86_64", "aarch64"};
  full.module = "nodejs:16";
  full.cpe = "cpe:/a:redhat:enterprise_linux:8::appstream";
  full.severity = Severity::kHigh;
  full.note = "a note";
  const Database database = open(build({full}));
  const RecordList records = find(database, "rhel:8", "nodejs");
  ASSERT_EQ(records.size(), 1U);
  const RecordView each = records[0];
  EXPECT_EQ(database.vulnerability(each.vulnerability()).id(), "CVE-2023-1");
  EXPECT_EQ(each.document(), "RHSA-2023:1");
  EXPECT_EQ(database.feed(each.feed()).name, "test-feed");
  EXPECT_EQ(each.status(), AdvisoryStatus::kFixed);
  EXPECT_EQ(each.severity(), Severity::kHigh);
  EXPECT_EQ(each.name_kind(), NameKind::kBinary);
  EXPECT_EQ(each.scheme(), version::Scheme::kRpm);
  ASSERT_EQ(each.ranges(), 2U);
  EXPECT_EQ(each.range(0).introduced, "1");
  EXPECT_EQ(each.range(0).fixed, "2");
  EXPECT_FALSE(each.range(0).introduced_exclusive);
  EXPECT_EQ(each.range(1).last_affected, "4");
  EXPECT_TRUE(each.range(1).introduced_exclusive);
  EXPECT_EQ(each.range(2).fixed, "");  // past the end
  EXPECT_EQ(each.architectures().to_vector(), (std::vector<std::string>{"x86_64", "aarch64"}));
  EXPECT_EQ(each.module(), "nodejs:16");
  EXPECT_EQ(each.cpe(), "cpe:/a:redhat:enterprise_linux:8::appstream");
  EXPECT_EQ(each.note(), "a note");
}

TEST(Database, GivesBackEveryFieldOfAVulnerability) {
  Vulnerability vulnerability;
  vulnerability.id = "CVE-2023-1";
  vulnerability.aliases = {"GHSA-1"};
  vulnerability.title = "A title";
  vulnerability.description = "A description";
  vulnerability.severity = Severity::kCritical;
  vulnerability.severity_source = "ghsa";
  vulnerability.cvss = {{.source = "nvd", .vector = "CVSS:3.1/AV:N", .score = 9.8}};
  vulnerability.cwes = {"CWE-79"};
  vulnerability.references = {"https://example.org/1", "https://example.org/2"};
  vulnerability.published = "2023-01-02T00:00:00Z";
  vulnerability.kev_date_added = "2023-02-03";
  vulnerability.epss = 0.00043;
  vulnerability.epss_percentile = 0.9755;
  const Database database = open(build({record("CVE-2023-1", "debian:12", "x")}, {vulnerability}));
  ASSERT_EQ(database.vulnerabilities(), 1U);
  const Vulnerability value = database.vulnerability(0).to_value();
  EXPECT_EQ(value.id, "CVE-2023-1");
  EXPECT_EQ(value.aliases, vulnerability.aliases);
  ASSERT_EQ(database.vulnerability(0).accounts(), 1U);
  EXPECT_EQ(database.vulnerability(0).account(0).title, "A title");
  EXPECT_EQ(database.vulnerability(0).account(0).description, "A description");
  EXPECT_EQ(value.severity, Severity::kCritical);
  EXPECT_EQ(value.severity_source, "ghsa");
  ASSERT_EQ(value.cvss.size(), 1U);
  EXPECT_EQ(value.cvss[0].source, "nvd");
  EXPECT_EQ(value.cvss[0].vector, "CVSS:3.1/AV:N");
  EXPECT_EQ(value.cvss[0].score, 9.8);
  EXPECT_EQ(value.cwes, vulnerability.cwes);
  EXPECT_EQ(value.references, vulnerability.references);
  EXPECT_EQ(value.published, vulnerability.published);
  EXPECT_EQ(value.kev_date_added, vulnerability.kev_date_added);
  EXPECT_EQ(value.epss, 0.00043);
  EXPECT_EQ(value.epss_percentile, 0.9755);
  EXPECT_FALSE(value.rejected);
}

TEST(Database, FindsPackagesByEcosystemAndName) {
  const Database database = open(build({record("CVE-1", "debian:12", "b"), record("CVE-2", "debian:12", "b"),
                                        record("CVE-3", "debian:12", "a"), record("CVE-4", "debian:11", "b")}));
  EXPECT_EQ(ids(database, find(database, "debian:12", "b")), (std::vector<std::string>{"CVE-1", "CVE-2"}));
  EXPECT_EQ(ids(database, find(database, "debian:12", "a")), (std::vector<std::string>{"CVE-3"}));
  EXPECT_EQ(ids(database, find(database, "debian:11", "b")), (std::vector<std::string>{"CVE-4"}));
  EXPECT_TRUE(find(database, "debian:11", "a").empty());
  EXPECT_TRUE(find(database, "debian:12", "").empty());
  EXPECT_TRUE(find(database, "debian:12", "c").empty());
  EXPECT_FALSE(database.find_ecosystem("debian:10"));
  EXPECT_FALSE(database.find_ecosystem(""));
}

TEST(Database, FindsAVulnerabilityByAnyOfItsNames) {
  AdvisoryRecord one = record("CVE-2021-1", "pypi", "x");
  one.record = "PYSEC-2021-9";
  one.aliases = {"GHSA-a"};
  AdvisoryRecord two = record("CVE-2021-2", "rhel:8", "x");
  two.record = "RHSA-2021:1";
  AdvisoryRecord three = record("CVE-2021-3", "rhel:8", "x");
  three.record = "RHSA-2021:1";
  const Database database = open(build({one, two, three}));
  const auto found = [&](std::string_view name) {
    std::vector<std::string> result;
    for (const uint32_t index : database.find_vulnerabilities(name))
      result.emplace_back(database.vulnerability(index).id());
    return result;
  };
  EXPECT_EQ(found("CVE-2021-1"), std::vector<std::string>{"CVE-2021-1"});
  EXPECT_EQ(found("GHSA-a"), std::vector<std::string>{"CVE-2021-1"});
  EXPECT_EQ(found("PYSEC-2021-9"), std::vector<std::string>{"CVE-2021-1"});
  EXPECT_EQ(found("RHSA-2021:1"), (std::vector<std::string>{"CVE-2021-2", "CVE-2021-3"}));
  EXPECT_TRUE(found("CVE-2021-4").empty());
  EXPECT_TRUE(found("").empty());
}

TEST(Database, OpensAMappedFileAndKeepsTheOldOneWhenItIsReplaced) {
  const TemporaryFolder folder;
  const std::string path = folder / "advisories.db";
  ASSERT_TRUE(write_file_atomically(path, build({record("CVE-1", "debian:12", "old")})));
  const Database before = Database::open(path).value();
  ASSERT_TRUE(write_file_atomically(path, build({record("CVE-1", "debian:12", "new")})));
  const Database after = Database::open(path).value();
  EXPECT_FALSE(find(before, "debian:12", "old").empty());
  EXPECT_TRUE(find(before, "debian:12", "new").empty());
  EXPECT_FALSE(find(after, "debian:12", "new").empty());
  EXPECT_TRUE(before.verify());
  EXPECT_NE(before.checksum(), after.checksum());
}

TEST(DatabaseDeathTest, AFileThatIsCutShortWhileItIsInUseEndsTheProgramWithItsName) {
  const TemporaryFolder folder;
  const std::string path = folder.write("advisories.db", build({record("CVE-1", "debian:12", "x")}));
  EXPECT_EXIT(
      {
        guard_mappings();
        const Database database = Database::open(path).value();
        if (::truncate(path.c_str(), 0) == 0) _exit(find(database, "debian:12", "x").empty() ? 0 : 2);
      },
      testing::ExitedWithCode(1), "^bulkhead: [^\n]*/advisories.db: the file was cut short");
}

TEST(Database, AnEmptyDatabaseIsOneThatKnowsNothing) {
  const Database database = open(build({}));
  EXPECT_TRUE(database.verify());
  EXPECT_EQ(database.ecosystems(), 0U);
  EXPECT_EQ(database.feeds(), 1U);
  EXPECT_TRUE(find(database, "debian:12", "x").empty());
  EXPECT_TRUE(database.find_vulnerabilities("CVE-1").empty());
}

TEST(DatabaseCorruption, EveryTruncationIsRefused) {
  const std::string bytes = build({record("CVE-1", "debian:12", "x")});
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto opened = Database::from_bytes(bytes.substr(0, size), "cut.db");
    ASSERT_FALSE(opened) << size;
    EXPECT_EQ(opened.error().code(), Code::kMalformed);
    EXPECT_NE(opened.error().to_string().find("cut.db"), std::string::npos);
    EXPECT_NE(opened.error().remedy().find("db update"), std::string::npos);
  }
}

TEST(DatabaseCorruption, EveryFlippedByteIsRefusedOrFoundByVerifyAndNeverReadOutside) {
  AdvisoryRecord full = record("CVE-1", "debian:12", "x");
  full.architectures = {"amd64"};
  full.note = "note";
  full.aliases = {"GHSA-1"};
  Vulnerability vulnerability{.id = "CVE-1", .title = "t", .cvss = {{.source = "nvd", .vector = "v", .score = 5}}};
  vulnerability.references = {"r"};
  const std::string bytes = build({full, record("CVE-2", "alpine:3.19", "y")}, {vulnerability});
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xFF'}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto opened = Database::from_bytes(std::move(damaged), "damaged.db");
      if (!opened) continue;
      touch_everything(*opened);
      EXPECT_FALSE(opened->verify()) << at;
    }
  }
}

TEST(DatabaseCorruption, RandomContentsBehindAGoodHeaderAreHarmless) {
  const std::string bytes = build({record("CVE-1", "debian:12", "x"), record("CVE-2", "debian:12", "yy")},
                                  {{.id = "CVE-1", .aliases = {"A"}, .title = "title", .references = {"a", "b"}}});
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same bytes on every run
  constexpr size_t kContents = format::kHeaderBytes + format::kSections * format::kSectionBytes;
  for (int round = 0; round < 500; ++round) {
    std::string damaged = bytes;
    for (size_t at = kContents; at < damaged.size(); ++at) {
      if (random() % 3 == 0) damaged[at] = static_cast<char>(random());
    }
    const auto opened = Database::from_bytes(std::move(damaged), "noise.db");
    ASSERT_TRUE(opened);
    touch_everything(*opened);
  }
}

// Where the entry of a section begins.
size_t entry_at(const std::string& bytes, format::Section section, size_t index) {
  const auto at = format::kHeaderBytes + static_cast<size_t>(section) * format::kSectionBytes;
  const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
  return format::load<uint64_t>(begin + at + 8) + index * format::kEntryBytes[static_cast<size_t>(section)];
}
void put(std::string& bytes, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

TEST(DatabaseCorruption, MoreRangesOrRatingsThanThereAreAreNotThere) {
  Vulnerability rated{.id = "CVE-1"};
  rated.cvss = {{.source = "nvd", .vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", .score = 9.8}};
  std::string bytes = build({record("CVE-1", "debian:12", "x")}, {rated});
  put(bytes, entry_at(bytes, format::Section::kRecords, 0) + format::RecordField::kRanges, 0xFFFF, 2);
  put(bytes, entry_at(bytes, format::Section::kVulnerabilities, 0) + format::VulnerabilityField::kRatings, 0xFFFF, 2);
  const Database database = open(bytes);
  EXPECT_EQ(find(database, "debian:12", "x")[0].ranges(), 1U);
  EXPECT_EQ(database.vulnerability(0).ratings(), 1U);
  put(bytes, entry_at(bytes, format::Section::kRecords, 0) + format::RecordField::kFirstRange, 0xFFFFFFFF, 4);
  EXPECT_EQ(find(open(bytes), "debian:12", "x")[0].ranges(), 0U);
}

TEST(DatabaseCorruption, NamesThatShareAllRecordsCostAnExplanationNoMoreThanTheRecords) {
  std::vector<AdvisoryRecord> records;
  for (int release = 1; release <= 20; ++release) {
    for (const char* package : {"a", "b", "c", "d", "e"}) {
      records.push_back(record("CVE-1", "debian:" + std::to_string(release), package));
    }
  }
  std::string bytes = build(records);
  for (size_t e = 0; e < 20; ++e) {
    const size_t at = entry_at(bytes, format::Section::kEcosystems, e);
    put(bytes, at + format::EcosystemField::kFirstName, 0, 4);
    put(bytes, at + format::EcosystemField::kNames, records.size(), 4);
  }
  for (size_t n = 0; n < records.size(); ++n) {
    const size_t at = entry_at(bytes, format::Section::kNames, n);
    put(bytes, at + format::NameField::kFirstRecord, 0, 4);
    put(bytes, at + format::NameField::kRecords, records.size(), 4);
  }
  const auto explanations = explain("CVE-1", {}, {}, open(bytes), {});
  ASSERT_EQ(explanations.size(), 1U);
  EXPECT_EQ(explanations[0].elsewhere_total, records.size());
}

TEST(DatabaseCorruption, AnotherFormatVersionSaysSo) {
  std::string bytes = build({});
  bytes[8] = 99;
  const auto opened = Database::from_bytes(bytes, "future.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kUnsupported);
}

TEST(DatabaseBuilder, TheSameInputInAnyOrderGivesTheSameBytes) {
  struct Addition {
    size_t feed;
    std::optional<AdvisoryRecord> record;
    std::optional<Vulnerability> vulnerability;
  };
  std::vector<Addition> additions;
  for (int i = 0; i < 40; ++i) {
    AdvisoryRecord each = record("CVE-" + std::to_string(i % 9), "debian:" + std::to_string(i % 3),
                                 "p" + std::to_string(i % 5), std::to_string(i));
    each.aliases = {"GHSA-" + std::to_string(i % 11)};
    if (i % 4 == 0) each.architectures = {"amd64", "arm64"};
    if (i % 5 == 0) each.note = "note " + std::to_string(i % 3);
    additions.push_back({.feed = static_cast<size_t>(i % 3), .record = each, .vulnerability = {}});
    Vulnerability described{.id = "CVE-" + std::to_string(i % 9), .title = "title " + std::to_string(i)};
    described.cvss = {{.source = "s" + std::to_string(i % 2), .vector = "v", .score = i % 10 + 0.5}};
    additions.push_back({.feed = static_cast<size_t>(i % 2), .record = {}, .vulnerability = described});
  }
  std::mt19937 random(3);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same orders on every run
  std::string first;
  for (int round = 0; round < 20; ++round) {
    DatabaseBuilder builder;
    std::vector<size_t> order = {0, 1, 2};
    std::ranges::shuffle(order, random);
    std::vector<uint32_t> feeds(3);
    for (const size_t feed : order) {
      feeds[feed] =
          *builder.add_feed({.name = "feed" + std::to_string(feed), .date = "2026-01-0" + std::to_string(feed + 1)});
    }
    for (const Addition& addition : additions) {
      builder.use_feed(feeds[addition.feed]);
      if (addition.record) ASSERT_TRUE(builder.add(*addition.record));
      if (addition.vulnerability) ASSERT_TRUE(builder.add(*addition.vulnerability));
    }
    std::string bytes = std::move(builder).finish().value();
    if (round == 0) {
      first = bytes;
      EXPECT_TRUE(open(bytes).verify());
    }
    EXPECT_EQ(Digest::sha256_of(as_bytes(bytes)), Digest::sha256_of(as_bytes(first)));
    std::ranges::shuffle(additions, random);
  }
}

TEST(DatabaseBuilder, DropsExactDuplicates) {
  const Database database = open(build({record("CVE-1", "debian:12", "x"), record("CVE-1", "debian:12", "x")}));
  EXPECT_EQ(database.total_records(), 1U);
  EXPECT_EQ(database.feed(0).records, 1U);
}

TEST(DatabaseBuilder, OfOneDocumentTheCopyWithTheNewestDataCounts) {
  for (const bool newest_first : {false, true}) {
    DatabaseBuilder builder;
    const auto add = [&](const char* feed, const char* date, const char* fixed) {
      builder.use_feed(*builder.add_feed({.name = feed, .date = date}));
      ASSERT_TRUE(builder.add(record("GO-2024-1", "go", "x", fixed)));
    };
    if (newest_first) add("b", "2026-08-21", "2.0");
    add("a", "2026-01-01", "1.0");
    if (!newest_first) add("b", "2026-08-21", "2.0");
    const Database database = open(std::move(builder).finish().value());
    const RecordList records = find(database, "go", "x");
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].range(0).fixed, "2.0");
  }
}

TEST(DatabaseBuilder, ARepositoryOfEachArchitectureKeepsItsRecords) {
  for (const char* second_date : {"2026-01-01", "2026-08-21"}) {
    DatabaseBuilder builder;
    const auto add = [&](const char* url, const char* date, const char* package, const char* architecture) {
      builder.use_feed(*builder.add_feed({.name = "rocky-updateinfo", .url = url, .date = date}));
      AdvisoryRecord each = record("CVE-1", "rocky:9", package, "2.0");
      each.record = "RLSA-2023:1";
      each.architectures = {architecture};
      ASSERT_TRUE(builder.add(each));
    };
    add("x86_64", "2026-01-01", "openssl", "x86_64");
    add("aarch64", second_date, "openssl", "aarch64");
    add("x86_64", "2026-01-01", "docs", "noarch");
    add("aarch64", second_date, "docs", "noarch");
    const Database database = open(std::move(builder).finish().value());
    EXPECT_EQ(find(database, "rocky:9", "openssl").size(), 2U) << second_date;
    EXPECT_EQ(find(database, "rocky:9", "docs").size(), 1U) << second_date;
  }
}

TEST(DatabaseBuilder, ANewerCopyOfEveryArchitectureReplacesThoseOfSome) {
  DatabaseBuilder builder;
  const auto add = [&](const char* date, std::vector<std::string> architectures, AdvisoryStatus status) {
    builder.use_feed(*builder.add_feed({.name = "redhat-csaf", .date = date}));
    AdvisoryRecord each = record("CVE-1", "rhel:9", "x", "2.0");
    each.record = "RHSA-1";
    each.architectures = std::move(architectures);
    each.status = status;
    ASSERT_TRUE(builder.add(each));
  };
  add("2026-01-01", {}, AdvisoryStatus::kAffected);
  add("2026-01-02", {"x86_64", "s390x"}, AdvisoryStatus::kFixed);
  const Database database = open(std::move(builder).finish().value());
  const RecordList records = find(database, "rhel:9", "x");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].status(), AdvisoryStatus::kFixed);
}

TEST(DatabaseBuilder, TwoFeedsThatCallTheirRecordsByTheCveBothStay) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "ubuntu-vex", .date = "2026-08-21"}));
  ASSERT_TRUE(builder.add(record("CVE-2024-1", "ubuntu:22.04", "x")));
  builder.use_feed(*builder.add_feed({.name = "ubuntu-tracker"}));
  ASSERT_TRUE(builder.add(record("CVE-2024-1", "ubuntu:22.04", "x")));
  const Database database = open(std::move(builder).finish().value());
  EXPECT_EQ(find(database, "ubuntu:22.04", "x").size(), 2U);
}

TEST(DatabaseBuilder, ACopyThatBearsNoDateIsAsNewAsTheDayItWasFetched) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "a", .date = "2026-01-01"}));
  ASSERT_TRUE(builder.add(record("GO-2024-1", "go", "x", "1.0")));
  builder.use_feed(*builder.add_feed({.name = "b", .fetched = "2026-11-22T10:00:00Z"}));
  ASSERT_TRUE(builder.add(record("GO-2024-1", "go", "x", "2.0")));
  const Database database = open(std::move(builder).finish().value());
  ASSERT_EQ(find(database, "go", "x").size(), 1U);
  EXPECT_EQ(find(database, "go", "x")[0].range(0).fixed, "2.0");
}

TEST(DatabaseBuilder, SeveralStatementsOfOneDocumentAllCount) {
  AdvisoryRecord eight = record("CVE-1", "rhel:8", "x", "1.el8_2");
  AdvisoryRecord nine = record("CVE-1", "rhel:8", "x", "1.el8_4");
  EXPECT_EQ(open(build({eight, nine})).total_records(), 2U);
}

TEST(DatabaseBuilder, JoinsNamesSoThatOneVulnerabilityHasOneNumber) {
  AdvisoryRecord pysec = record("PYSEC-2021-1", "pypi", "x");
  pysec.aliases = {"GHSA-a"};
  AdvisoryRecord ghsa = record("GHSA-a", "pypi", "x");
  const Database database =
      open(build({pysec, ghsa}, {{.id = "CVE-2021-1", .aliases = {"GHSA-a"}, .title = "described once"}}));
  const RecordList records = find(database, "pypi", "x");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].vulnerability(), records[1].vulnerability());
  const VulnerabilityView joined = database.vulnerability(records[0].vulnerability());
  EXPECT_EQ(joined.id(), "CVE-2021-1");
  ASSERT_EQ(joined.accounts(), 1U);
  EXPECT_EQ(joined.account(0).title, "described once");
  EXPECT_EQ(joined.aliases().to_vector(), (std::vector<std::string>{"GHSA-a", "PYSEC-2021-1"}));
}

TEST(DatabaseBuilder, FeedsAboutIdsDescribeBeforeFeedsAboutPackages) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "alma"}));
  ASSERT_TRUE(builder.add(record("CVE-1", "alma:9", "x")));
  ASSERT_TRUE(builder.add({.id = "CVE-1", .title = "alma's title", .description = "alma's words"}));
  builder.use_feed(*builder.add_feed({.name = "nvd", .about_ids = true}));
  ASSERT_TRUE(builder.add({.id = "CVE-1", .description = "NVD's words"}));
  const Database database = open(std::move(builder).finish().value());
  const VulnerabilityView described = database.vulnerability(0);
  ASSERT_EQ(described.accounts(), 2U);
  EXPECT_EQ(database.feed(described.account(0).feed).name, "nvd");
  EXPECT_EQ(described.account(0).title, "");
  EXPECT_EQ(described.account(0).description, "NVD's words");
  EXPECT_EQ(database.feed(described.account(1).feed).name, "alma");
  EXPECT_EQ(described.account(1).title, "alma's title");
  EXPECT_EQ(described.account(1).description, "alma's words");
  EXPECT_EQ(described.account(2).title, "") << "past the end";
}

TEST(DatabaseBuilder, AWithdrawnAliasDoesNotRejectTheCve) {
  Vulnerability withdrawn{.id = "GHSA-a", .aliases = {"CVE-2021-1"}};
  withdrawn.rejected = true;
  EXPECT_FALSE(open(build({record("CVE-2021-1", "pypi", "x")}, {withdrawn})).vulnerability(0).rejected());
  Vulnerability rejected{.id = "CVE-2021-1"};
  rejected.rejected = true;
  EXPECT_TRUE(open(build({record("CVE-2021-1", "pypi", "x")}, {rejected})).vulnerability(0).rejected());
}

TEST(DatabaseBuilder, LeavesOutIdsThatNoRecordIsAboutUnlessAsked) {
  for (const bool keep : {false, true}) {
    DatabaseBuilder builder({.keep_unreferenced = keep});
    builder.use_feed(*builder.add_feed({.name = "nvd"}));
    ASSERT_TRUE(builder.add({.id = "CVE-1", .title = "nobody's"}));
    EXPECT_EQ(open(std::move(builder).finish().value()).vulnerabilities(), keep ? 1U : 0U);
  }
}

TEST(DatabaseBuilder, TakesBackADocumentThatTurnedOutBroken) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "f"}));
  ASSERT_TRUE(builder.add(record("CVE-1", "debian:12", "x")));
  const auto mark = builder.mark();
  AdvisoryRecord broken = record("CVE-2", "debian:12", "x");
  broken.aliases = {"CVE-1"};
  ASSERT_TRUE(builder.add(broken));
  ASSERT_TRUE(builder.add({.id = "CVE-1", .title = "broken"}));
  builder.roll_back(mark);
  const Database database = open(std::move(builder).finish().value());
  EXPECT_EQ(database.total_records(), 1U);
  EXPECT_EQ(database.vulnerability(0).accounts(), 0U);
}

TEST(DatabaseBuilder, KnowsWhichFeedSpeaksForWhichEcosystemEvenWithoutRecords) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "alpine", .covers = {"alpine:3.22"}}));
  ASSERT_TRUE(builder.add(record("CVE-1", "alpine:3.21", "x")));
  const Database database = open(std::move(builder).finish().value());
  ASSERT_TRUE(database.find_ecosystem("alpine:3.22"));
  EXPECT_EQ(database.ecosystem_feeds(*database.find_ecosystem("alpine:3.22")), std::vector<uint32_t>{0});
  EXPECT_EQ(database.packages(*database.find_ecosystem("alpine:3.22")), 0U);
  EXPECT_EQ(database.feed(0).ecosystems.to_vector(), (std::vector<std::string>{"alpine:3.21", "alpine:3.22"}));
}

TEST(DatabaseBuilder, RefusesRecordsThatCannotBeMeant) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "f"}));
  EXPECT_EQ(builder.add(record("", "debian:12", "x")).error().code(), Code::kMalformed);
  EXPECT_EQ(builder.add(record("CVE-1", "", "x")).error().code(), Code::kMalformed);
  EXPECT_EQ(builder.add(record("CVE-1", "debian:12", "")).error().code(), Code::kMalformed);
  EXPECT_EQ(builder.add(record("CVE-1", "debian:12", "x", std::string(5000, '1'))).error().code(), Code::kMalformed);
  EXPECT_EQ(builder.add(record(std::string(5000, 'C'), "debian:12", "x")).error().code(), Code::kMalformed);
  EXPECT_EQ(builder.add(Vulnerability{}).error().code(), Code::kMalformed);
  AdvisoryRecord many = record("CVE-1", "debian:12", "x");
  many.ranges.resize(70000);
  EXPECT_EQ(builder.add(many).error().code(), Code::kMalformed);
  EXPECT_EQ(builder.records(), 0U);
}

TEST(DatabaseBuilder, StopsAtItsMemoryLimitAndNamesTheOption) {
  DatabaseBuilder builder({.max_bytes = 200'000});
  builder.use_feed(*builder.add_feed({.name = "f"}));
  Status status;
  for (int i = 0; i < 100'000 && status; ++i)
    status = builder.add(record("CVE-" + std::to_string(i), "debian:12", "x"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kLimitExceeded);
  EXPECT_NE(status.error().remedy().find("--max-database-bytes"), std::string::npos);
}

TEST(DatabaseBuilder, CutsLongDescriptionsAtACharactersEnd) {
  DatabaseBuilder builder({.max_description_bytes = 10});
  builder.use_feed(*builder.add_feed({.name = "f"}));
  ASSERT_TRUE(builder.add(record("CVE-1", "debian:12", "x")));
  ASSERT_TRUE(builder.add({.id = "CVE-1", .description = "123456789ü and more"}));
  EXPECT_EQ(open(std::move(builder).finish().value()).vulnerability(0).account(0).description, "123456789…");
}

TEST(DatabaseBuilder, KeepsNamesThatAreAddedAgainAfterTheirDocumentWasTakenBack) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "test-feed"}));
  AdvisoryRecord named = record("CVE-1", "debian:12", "a");
  named.aliases = {"GHSA-1", "GHSA-2"};
  const auto mark = builder.mark();
  ASSERT_TRUE(builder.add(named));
  builder.roll_back(mark);
  ASSERT_TRUE(builder.add(named));
  named.package = "b";
  ASSERT_TRUE(builder.add(named));
  named.aliases = {"GHSA-2", "GHSA-3"};
  ASSERT_TRUE(builder.add(named));
  const Database database = open(std::move(builder).finish().value());
  const auto found = database.find_vulnerabilities("GHSA-1");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(database.vulnerability(found[0]).aliases().to_vector(),
            (std::vector<std::string>{"GHSA-1", "GHSA-2", "GHSA-3"}));
}

}  // namespace
}  // namespace bulkhead::advisory
