#include "advisory/store.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "advisory/database_builder.h"
#include "base/fs.h"
#include "base/temporary_folder.h"

namespace bulkhead::advisory {
namespace {

namespace fs = std::filesystem;

std::string database_with(const std::string& package) {
  DatabaseBuilder builder;
  builder.use_feed(*builder.add_feed({.name = "feed", .date = "2026-01-01"}));
  AdvisoryRecord record;
  record.id = "CVE-1";
  record.ecosystem = "debian:12";
  record.package = package;
  EXPECT_TRUE(builder.add(record));
  return std::move(builder).finish().value();
}

bool has(const Database& database, std::string_view package) {
  return !database.records(database.find_ecosystem("debian:12").value_or(SIZE_MAX), package).empty();
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    fs::create_directories(cache());
    fs::create_directories(share());
  }

  std::string cache() const { return folder_ / "cache"; }
  std::string share() const { return folder_ / "share"; }
  StorePaths paths() const { return {.cache_dir = cache(), .snapshot_dirs = {folder_ / "none", share()}}; }
  void put(const std::string& path, std::string_view contents) const {
    ASSERT_TRUE(write_file_atomically(path, contents));
  }
  void put_snapshot(const std::string& name, const std::string& package) const {
    put(share() + "/" + name, pack_database(as_bytes(database_with(package))).value());
  }
  std::vector<std::string> files_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  TemporaryFolder folder_;
};

TEST_F(StoreTest, WithoutAnyDatabaseItSaysHowToGetOne) {
  const auto opened = open_database(paths());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kNotFound);
  EXPECT_NE(opened.error().remedy().find("bulkhead db update"), std::string::npos);
}

TEST_F(StoreTest, TheSnapshotIsUnpackedOnceAndThenMapped) {
  put_snapshot("advisories-2026-01-01.db.zst", "older");
  put_snapshot("advisories-2026-11-22.db.zst", "newer");
  const auto first = open_database(paths());
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->origin, Origin::kSnapshot);
  EXPECT_TRUE(has(*first->database, "newer"));
  ASSERT_EQ(files_in(cache() + "/snapshot").size(), 1U);
  const fs::path unpacked = cache() + "/snapshot/" + files_in(cache() + "/snapshot")[0];
  const auto written = fs::last_write_time(unpacked);
  const auto second = open_database(paths());
  ASSERT_TRUE(second);
  EXPECT_TRUE(has(*second->database, "newer"));
  EXPECT_EQ(fs::last_write_time(unpacked), written);
}

TEST_F(StoreTest, ADamagedCopyOfTheSnapshotIsUnpackedAgain) {
  put_snapshot("advisories-2026-11-22.db.zst", "snapshot");
  ASSERT_TRUE(open_database(paths()));
  const std::string unpacked = cache() + "/snapshot/" + files_in(cache() + "/snapshot")[0];
  const auto whole = read_file(unpacked, 1 << 20);
  ASSERT_TRUE(whole);
  for (const std::string& damaged : {std::string(), std::string("garbage"), whole->substr(0, whole->size() / 2)}) {
    ASSERT_TRUE(write_file_atomically(unpacked, damaged));
    const auto opened = open_database(paths());
    ASSERT_TRUE(opened) << opened.error().to_string();
    EXPECT_EQ(read_file(unpacked, 1 << 20).value_or(""), *whole);
  }
}

TEST_F(StoreTest, AnUpdatedDatabaseGoesBeforeTheSnapshotAndANamedOneBeforeBoth) {
  put_snapshot("advisories-2026-11-22.db.zst", "snapshot");
  put(cached_database_path(cache()), database_with("updated"));
  auto opened = open_database(paths());
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->origin, Origin::kCache);
  EXPECT_TRUE(has(*opened->database, "updated"));

  put(folder_ / "mine.db", database_with("mine"));
  StorePaths named = paths();
  named.named = folder_ / "mine.db";
  opened = open_database(named);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->origin, Origin::kNamed);
  EXPECT_TRUE(has(*opened->database, "mine"));
  named.named = folder_ / "mine.db.zst";
  put(named.named, pack_database(as_bytes(database_with("packed"))).value());
  opened = open_database(named);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(has(*opened->database, "packed"));
}

TEST_F(StoreTest, ABrokenCachedDatabaseIsAnErrorNotAReasonToAnswerFromOlderData) {
  put_snapshot("advisories-2026-11-22.db.zst", "snapshot");
  put(cached_database_path(cache()), "not a database");
  const auto opened = open_database(paths());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kMalformed);
}

TEST_F(StoreTest, WithoutACacheTheSnapshotIsHeldInMemory) {
  put_snapshot("advisories-2026-11-22.db.zst", "snapshot");
  StorePaths no_cache = paths();
  no_cache.cache_dir = "";
  auto opened = open_database(no_cache);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(has(*opened->database, "snapshot"));
  // A cache that cannot be written is no cache.
  put(folder_ / "file", "");
  for (const std::string& place : {std::string("/proc/self/bulkhead"), folder_ / "file"}) {
    no_cache.cache_dir = place;
    opened = open_database(no_cache);
    ASSERT_TRUE(opened) << opened.error().to_string();
    EXPECT_TRUE(has(*opened->database, "snapshot"));
  }
}

TEST_F(StoreTest, ExportAndImportCarryTheSameBytes) {
  const std::string bytes = database_with("x");
  const auto database = Database::from_bytes(bytes, "x");
  const std::string packed = folder_ / "travel.db.zst";
  put(packed, pack_database(database->bytes()).value());
  EXPECT_LT(fs::file_size(packed), bytes.size());
  const auto imported = import_database(packed, cache());
  ASSERT_TRUE(imported) << imported.error().to_string();
  EXPECT_EQ(as_text((*imported)->bytes()), bytes);
  EXPECT_EQ(*read_file(cached_database_path(cache()), bytes.size()), bytes);
  // A plain database is taken as well.
  put(folder_ / "plain.db", database_with("y"));
  ASSERT_TRUE(import_database(folder_ / "plain.db", cache()));
  // Packing is deterministic.
  EXPECT_EQ(pack_database(as_bytes(bytes)).value(), pack_database(as_bytes(bytes)).value());
}

TEST_F(StoreTest, ABadImportLeavesTheOldDatabaseWholeAndNothingBeside) {
  const std::string old = database_with("old");
  put(cached_database_path(cache()), old);
  const std::string packed = pack_database(as_bytes(database_with("new"))).value();
  std::string damaged_database = database_with("new");
  damaged_database.back() ^= 1;  // in the contents: the table before them is checked by itself
  const std::vector<std::pair<std::string, Code>> bad = {
      {packed.substr(0, packed.size() / 2), Code::kMalformed},
      {"", Code::kMalformed},
      {"hello", Code::kMalformed},
      {damaged_database, Code::kVerificationFailed},
      {pack_database(as_bytes(damaged_database)).value(), Code::kVerificationFailed},
  };
  for (const auto& [contents, code] : bad) {
    put(folder_ / "bad.db.zst", contents);
    const auto imported = import_database(folder_ / "bad.db.zst", cache());
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().code(), code) << imported.error().to_string();
    EXPECT_NE(imported.error().to_string().find("bad.db.zst"), std::string::npos) << imported.error().to_string();
    EXPECT_EQ(imported.error().to_string().find("advisories.db."), std::string::npos)
        << "a temporary file: " << imported.error().to_string();
    EXPECT_EQ(*read_file(cached_database_path(cache()), 1 << 20), old);
    EXPECT_EQ(files_in(cache()), std::vector<std::string>{std::string(kDatabaseName)});
  }
  EXPECT_EQ(import_database(folder_ / "none", cache()).error().code(), Code::kNotFound);
}

TEST_F(StoreTest, APackedBombIsRefusedAtTheLimit) {
  put(folder_ / "bomb.db.zst", pack_database(as_bytes(std::string(1 << 20, '\0'))).value());
  const auto imported = import_database(folder_ / "bomb.db.zst", cache(), {.max_database_bytes = 1 << 16});
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().code(), Code::kLimitExceeded);
  EXPECT_NE(imported.error().remedy().find("--max-database-bytes"), std::string::npos);
  EXPECT_TRUE(files_in(cache()).empty());
}

TEST_F(StoreTest, ReadersKeepTheDatabaseThatTheyOpened) {
  put(cached_database_path(cache()), database_with("old"));
  const auto before = open_database(paths());
  ASSERT_TRUE(before);
  ASSERT_TRUE(install_database(database_with("new"), cached_database_path(cache())));
  const auto after = open_database(paths());
  ASSERT_TRUE(after);
  EXPECT_TRUE(has(*before->database, "old"));
  EXPECT_TRUE(has(*after->database, "new"));
  EXPECT_FALSE(install_database("junk", cached_database_path(cache())));
}

}  // namespace
}  // namespace bulkhead::advisory
