#include "inventory/rpm/database.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_data.h"
#include "inventory/rpm/test_support.h"

namespace bulkhead::inventory::rpm {
namespace {

using testing::corpus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HeaderBuilder;
using ::testing::IsEmpty;
using testing::testdata;
using testing::tsv_rows;

constexpr const char* kOwnDatabases[] = {"rpmdb.sqlite", "Packages.db", "Packages-1234", "Packages-4321"};

std::vector<std::string> rows_of(const std::vector<Package>& packages) {
  std::vector<std::string> rows;
  for (const Package& package : packages) rows.push_back(testing::tsv_row(package));
  std::ranges::sort(rows);
  return rows;
}

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  return rows;
}

TEST(RpmDatabase, NamesThePackagesThatRpmNames) {
  const auto expected = sorted(tsv_rows(testdata("expected.tsv")));
  ASSERT_EQ(expected.size(), 6U);
  for (const char* name : kOwnDatabases) {
    const std::string file = testdata(name);
    const auto packages = read_database(as_bytes(file), Part::kPackages);
    ASSERT_TRUE(packages) << name << ": " << packages.error().to_string();
    EXPECT_EQ(rows_of(*packages), expected) << name;
  }
}

TEST(RpmDatabase, ListsTheFilesThatRpmListsAsInstalled) {
  std::vector<std::string> expected;
  const std::string files = testdata("files.tsv");
  std::string_view rest = files;
  for (std::string_view line; next_line(rest, line);) expected.emplace_back(line);
  for (const char* name : kOwnDatabases) {
    const std::string file = testdata(name);
    const auto packages = read_database(as_bytes(file), Part::kFiles);
    ASSERT_TRUE(packages) << name << ": " << packages.error().to_string();
    std::vector<std::string> rows;
    for (const Package& package : *packages) {
      for (const std::string& path : package.files) rows.push_back(package.name + '\t' + path);
    }
    EXPECT_EQ(sorted(rows), sorted(expected)) << name;
  }
}

TEST(RpmDatabase, CarriesLicenceVendorPackagerAndModule) {
  const std::string file = testdata("rpmdb.sqlite");
  const auto packages = read_database(as_bytes(file), Part::kPackages);
  ASSERT_TRUE(packages);
  const auto modular = std::ranges::find(*packages, "modular", &Package::name);
  ASSERT_NE(modular, packages->end());
  EXPECT_EQ(modular->type, PackageType::kRpm);
  EXPECT_THAT(modular->licenses, ElementsAre("MIT AND (GPL-2.0-or-later OR Apache-2.0)"));
  EXPECT_EQ(modular->vendor, "Bulkhead Test Vendor");
  EXPECT_EQ(modular->maintainer, "Packager <packager@example.test>");
  EXPECT_EQ(modular->module, "nodejs:10:8020020200707141642:6a468ee4");
  EXPECT_FALSE(modular->source_epoch_known);
}

TEST(RpmDatabase, ReadsTheDatabasesOfRealImages) {
  BULKHEAD_NEED_TEST_DATA();
  // Two packages of the CBL-Mariner database are absent from its list, although rpm (4.18) names them too.
  const std::vector<std::string> unlisted = {
      "mariner-repos-microsoft-preview\t0\t2.0\t4.cm2\tnoarch\tmariner-repos-2.0-4.cm2.src.rpm\tMicrosoft "
      "Corporation\t(none)",
      "vim\t0\t8.2.4081\t1.cm2\tx86_64\tvim-8.2.4081-1.cm2.src.rpm\tMicrosoft Corporation\t(none)"};
  const struct {
    const char* file;
    const char* expected;
    std::vector<std::string> unlisted;
    size_t count;
  } cases[] = {
      {"fixtures/rpm/cbl-mariner-2.0/rpmdb.sqlite.zst", "fixtures/rpm/cbl-mariner-2.0/expected.tsv", unlisted, 129},
      {"fixtures/rpm/sle15-bci-ndb/Packages.db.zst", "fixtures/rpm/sle15-bci-ndb/expected.tsv", {}, 35},
  };
  for (const auto& each : cases) {
    const std::string file = corpus(each.file);
    const auto packages = read_database(as_bytes(file), Part::kPackages);
    ASSERT_TRUE(packages) << each.file << ": " << packages.error().to_string();
    const auto expected = read_file(*test_data_dir() + "/" + each.expected, 1 << 20);
    ASSERT_TRUE(expected);
    auto rows = tsv_rows(*expected);
    rows.insert(rows.end(), each.unlisted.begin(), each.unlisted.end());
    EXPECT_EQ(packages->size(), each.count);
    EXPECT_EQ(rows_of(*packages), sorted(rows)) << each.file;
  }
  const std::string berkeley = corpus("fixtures/rpm/libuuid-el8-bdb/Packages.zst");
  const auto packages = read_database(as_bytes(berkeley), Part::kPackages);
  ASSERT_TRUE(packages) << packages.error().to_string();
  ASSERT_EQ(packages->size(), 1U);
  EXPECT_EQ(packages->front().name, "libuuid");
  EXPECT_EQ(packages->front().version, "2.32.1-42.el8_8");
  EXPECT_EQ(packages->front().architecture, "x86_64");
  EXPECT_EQ(packages->front().source_name, "util-linux");
  EXPECT_THAT(packages->front().licenses, ElementsAre("BSD")) << "as found: it says not which";
}

// The rpm of this machine as the judge, where there is one, of a real database: packages and installed files.
TEST(RpmDatabase, AgreesWithTheInstalledRpm) {
  BULKHEAD_NEED_TEST_DATA();
  const std::string folder = ::testing::TempDir() + "rpm-oracle";
  const struct {
    const char* file;
    const char* name;
    const char* backend;
  } cases[] = {{"fixtures/rpm/cbl-mariner-2.0/rpmdb.sqlite.zst", "rpmdb.sqlite", "sqlite"},
               {"fixtures/rpm/libuuid-el8-bdb/Packages.zst", "Packages", "bdb_ro"}};
  for (const auto& each : cases) {
    const std::string database = corpus(each.file);
    const std::string root = fmt::format("{}/{}", folder, each.backend);
    ASSERT_TRUE(write_file_atomically(fmt::format("{}/{}", root, each.name), database));
    const auto rpm_says = [&](const char* query) -> Result<std::vector<std::string>> {
      ProcessOptions options;
      options.arguments = {"rpm", "--dbpath", root, "--define", fmt::format("_db_backend {}", each.backend),
                           "-qa", "--qf",     query};
      options.max_output_bytes = size_t{64} << 20;
      TRY_ASSIGN(const ProcessResult result, run_process(options));
      return sorted(tsv_rows("\n" + result.output));
    };
    const auto expected_packages = rpm_says(
        "%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}\t%{MODULARITYLABEL}\n");
    BULKHEAD_NEED(expected_packages || expected_packages.error().code() != Code::kNotFound, "no rpm here");
    ASSERT_TRUE(expected_packages) << expected_packages.error().to_string();
    ASSERT_THAT(*expected_packages, ::testing::Not(IsEmpty()));
    const auto packages = read_database(as_bytes(database), Part::kPackages);
    ASSERT_TRUE(packages) << packages.error().to_string();
    EXPECT_EQ(rows_of(*packages), *expected_packages) << each.file;

    auto expected_files = rpm_says("[%{=NAME}\t%{FILENAMES}\t%{FILESTATES:fstate}\n]");
    ASSERT_TRUE(expected_files);
    std::erase_if(*expected_files, [](const std::string& row) { return !row.ends_with("\tnormal"); });
    const auto files = read_database(as_bytes(database), Part::kFiles);
    ASSERT_TRUE(files) << files.error().to_string();
    std::vector<std::string> rows;
    for (const Package& package : *files) {
      for (const std::string& path : package.files) rows.push_back(fmt::format("{}\t{}\tnormal", package.name, path));
    }
    EXPECT_EQ(sorted(rows), *expected_files) << each.file;
  }
}

// Every prefix of a database is a database cut short; none may pass for a smaller one.
TEST(RpmDatabase, RefusesEveryTruncation) {
  for (const char* name : kOwnDatabases) {
    const std::string file = testdata(name);
    for (size_t size = 0; size < file.size(); size += 61) {
      const auto packages = read_database(as_bytes(file).first(size), Part::kPackages);
      ASSERT_FALSE(packages) << name << " of " << size << " bytes";
      EXPECT_EQ(packages.error().code(), Code::kMalformed) << name << " of " << size << " bytes";
    }
  }
}

// A changed byte may go unnoticed (in a description, in free space); it must never do worse than an error.
TEST(RpmDatabase, SurvivesAnyChangedByte) {
  for (const char* name : kOwnDatabases) {
    std::string file = testdata(name);
    for (size_t at = 0; at < file.size(); at += 37) {
      const char original = file[at];
      file[at] = static_cast<char>(~original);
      const auto packages = read_database(as_bytes(file), Part::kFiles);
      if (packages) {
        EXPECT_LE(packages->size(), 7U) << name << " at " << at;
      }
      file[at] = original;
    }
  }
}

TEST(RpmDatabase, NamesThePackageWhoseHeaderIsDamaged) {
  std::string file = testdata("rpmdb.sqlite");
  // An index begins with its region's entry: tag, type, an offset that is not negative (that of the trailer is).
  const size_t region = file.find(HeaderBuilder::big_endian(63) + HeaderBuilder::big_endian(7) + '\0');
  ASSERT_NE(region, std::string::npos);
  file[region + 7] = 99;
  const auto packages = read_database(as_bytes(file), Part::kPackages);
  ASSERT_FALSE(packages);
  EXPECT_THAT(packages.error().to_string(), HasSubstr("of the rpm database"));
}

TEST(RpmDatabase, RefusesWhatIsNoDatabase) {
  for (const std::string_view content : {"", "hello", "SQLite format 3", "RpmP"}) {
    const auto packages = read_database(as_bytes(content), Part::kPackages);
    ASSERT_FALSE(packages) << content;
    EXPECT_EQ(packages.error().code(), Code::kMalformed) << content;
  }
}

TEST(RpmDatabase, StopsAtItsLimits) {
  const std::string file = testdata("rpmdb.sqlite");
  const auto too_many = read_database(as_bytes(file), Part::kPackages, {.max_packages = 5});
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code(), Code::kLimitExceeded);
  EXPECT_TRUE(read_database(as_bytes(file), Part::kPackages, {.max_packages = 6}));
  const auto too_long = read_database(as_bytes(file), Part::kFiles, {.max_path_bytes = 1000});
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().code(), Code::kLimitExceeded);
  const auto too_big = read_database(as_bytes(file), Part::kPackages, {.header = {.max_data_bytes = 1000}});
  ASSERT_FALSE(too_big);
  EXPECT_EQ(too_big.error().code(), Code::kLimitExceeded);
}

TEST(RpmPackage, RequiresNameVersionAndRelease) {
  const auto code = [](const HeaderBuilder& builder) {
    const std::string blob = builder.build();
    const auto package = package_of(*Header::parse(as_bytes(blob)));
    return package ? Code::kInternal : package.error().code();
  };
  EXPECT_EQ(code(HeaderBuilder().string(Tag::kName, "a").string(Tag::kVersion, "1")), Code::kMalformed);
  EXPECT_EQ(code(HeaderBuilder().string(Tag::kVersion, "1").string(Tag::kRelease, "1")), Code::kMalformed);
}

TEST(RpmPackage, IsItsOwnSourceWhenNoSourceRpmIsNamed) {
  const std::string blob = HeaderBuilder()
                               .string(Tag::kName, "a")
                               .string(Tag::kVersion, "1")
                               .string(Tag::kRelease, "2")
                               .int32s(Tag::kEpoch, {3})
                               .build();
  const auto package = package_of(*Header::parse(as_bytes(blob)));
  ASSERT_TRUE(package);
  EXPECT_EQ(package->source_name, "a");
  EXPECT_EQ(package->source_version, "3:1-2");
  EXPECT_TRUE(package->source_epoch_known);
}

TEST(RpmPackage, SplitsTheNameOfASourceRpm) {
  const struct {
    const char* file;
    const char* name;
    const char* version;
  } cases[] = {
      {"bash-4.4-19.6.1.src.rpm", "bash", "4.4-19.6.1"},
      {"java-1.8.0-openjdk-1.8.0.302.b08-0.el8_4.src.rpm", "java-1.8.0-openjdk", "1.8.0.302.b08-0.el8_4"},
      {"kernel-5-1.nosrc.rpm", "kernel", "5-1"},
      {"(none)", "", ""},
      {"", "", ""},
      {"a.src.rpm", "", ""},
      {"-1-2.src.rpm", "", ""},
      {"a-1.src.rpm", "", ""},
  };
  for (const auto& each : cases) {
    const SourceName source = parse_source_rpm(each.file);
    EXPECT_EQ(source.name, each.name) << each.file;
    EXPECT_EQ(source.version, each.version) << each.file;
  }
}

TEST(RpmPackage, ReadsTheFileNamesOfOldHeaders) {
  const std::string blob = HeaderBuilder()
                               .strings(Tag::kOldFileNames, {"/bin/a", "/bin/b"})
                               .chars(Tag::kFileStates, std::string("\0\2", 2))
                               .build();
  const auto files = files_of(*Header::parse(as_bytes(blob)), 1000);
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre("/bin/a"));
}

TEST(RpmPackage, RefusesFilesInFoldersThatDoNotExist) {
  const std::string out_of_range = HeaderBuilder()
                                       .strings(Tag::kBaseNames, {"a"})
                                       .strings(Tag::kDirNames, {"/"})
                                       .int32s(Tag::kDirIndexes, {1})
                                       .build();
  EXPECT_EQ(files_of(*Header::parse(as_bytes(out_of_range)), 1000).error().code(), Code::kMalformed);
  const std::string too_few = HeaderBuilder().strings(Tag::kBaseNames, {"a"}).strings(Tag::kDirNames, {"/"}).build();
  EXPECT_EQ(files_of(*Header::parse(as_bytes(too_few)), 1000).error().code(), Code::kMalformed);
}

}  // namespace
}  // namespace bulkhead::inventory::rpm
