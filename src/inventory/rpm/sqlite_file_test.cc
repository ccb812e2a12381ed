#include "inventory/rpm/sqlite_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inventory/rpm/test_support.h"

namespace bulkhead::inventory::rpm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HeaderBuilder;

constexpr size_t kPageBytes = 512;

std::string big_endian16(size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
}

std::string varint(uint64_t number) {
  std::string bytes(1, static_cast<char>(number & 0x7F));
  while ((number >>= 7) != 0) bytes.insert(bytes.begin(), static_cast<char>(0x80 | (number & 0x7F)));
  return bytes;
}

// A page of a table; `cells` are put at its end, the first one last.
std::string page(uint8_t kind, const std::vector<std::string>& cells, uint32_t right_most = 0, size_t header_at = 0) {
  std::string bytes(kPageBytes, '\0');
  std::string header{static_cast<char>(kind), 0, 0};
  header += big_endian16(cells.size()) + std::string(3, '\0');
  if (kind == 5) header += HeaderBuilder::big_endian(right_most);
  size_t end = kPageBytes;
  for (const std::string& cell : cells) {
    end -= cell.size();
    bytes.replace(end, cell.size(), cell);
    header += big_endian16(end);
  }
  return bytes.replace(header_at, header.size(), header);
}

std::string leaf_cell(uint64_t row_id, const std::string& record) {
  return varint(record.size()) + varint(row_id) + record;
}

// type, name, tbl_name, rootpage, sql of one table in the schema.
std::string schema_cell(std::string_view type, std::string_view table, uint8_t root_page) {
  std::string header;
  for (const std::string_view text : {type, table, table}) header += varint(13 + 2 * text.size());
  header += std::string{1, 13};  // an 8-bit integer, empty text
  return leaf_cell(1, varint(header.size() + 1) + header + std::string(type) + std::string(table) + std::string(table) +
                          static_cast<char>(root_page));
}

// A database of page 1 (the schema, with these cells) and the pages given.
std::string database(const std::vector<std::string>& schema, const std::vector<std::string>& pages) {
  std::string first = page(0x0d, schema, 0, 100);
  std::string header =
      std::string("SQLite format 3\0", 16) + big_endian16(kPageBytes) + std::string{1, 1, 0, 64, 32, 32};
  header += HeaderBuilder::big_endian(1) + HeaderBuilder::big_endian(static_cast<uint32_t>(pages.size() + 1));
  header.resize(56);
  header += HeaderBuilder::big_endian(1);
  header.resize(92);
  header += HeaderBuilder::big_endian(1);
  first.replace(0, header.size(), header);
  for (const std::string& each : pages) first += each;
  return first;
}

std::string row_of(char text) {
  return std::string{2, 15, text};
}  // one column of one character

Result<std::string> read_rows(const std::string& file, const SqliteLimits& limits = {}) {
  std::string rows;
  TRY_ASSIGN(const SqliteFile database, SqliteFile::open(as_bytes(file), limits));
  TRY(database.for_each_row("t", [&](int64_t row_id, std::span<const SqliteValue> columns) -> Status {
    rows += fmt::format("{}={};", row_id, columns.empty() ? "" : as_text(columns[0].bytes));
    return {};
  }));
  return rows;
}

std::string error_of(const std::string& file, const SqliteLimits& limits = {}) {
  const auto rows = read_rows(file, limits);
  return rows ? "" : rows.error().to_string();
}

TEST(SqliteFile, ReadsTheRowsOfATreeInOrder) {
  const std::string file =
      database({schema_cell("table", "t", 2)},
               {page(5, {HeaderBuilder::big_endian(3) + varint(1), HeaderBuilder::big_endian(4) + varint(2)}, 5),
                page(0x0d, {leaf_cell(1, row_of('a'))}), page(0x0d, {leaf_cell(2, row_of('b'))}),
                page(0x0d, {leaf_cell(3, row_of('c')), leaf_cell(1000000, row_of('d'))})});
  const auto rows = read_rows(file);
  ASSERT_TRUE(rows) << rows.error().to_string();
  EXPECT_EQ(*rows, "1=a;2=b;3=c;1000000=d;");
}

TEST(SqliteFile, DecodesEveryKindOfValue) {
  const std::string header{11, 0, 1, 2, 6, 7, 8, 9, 14, 13, 17};
  const std::string body = std::string("\xff", 1) + std::string("\x01\x00", 2) + std::string("\x80\0\0\0\0\0\0\0", 8) +
                           std::string("\x3f\xf0\0\0\0\0\0\0", 8) + "b" + "te";
  const std::string file = database({schema_cell("table", "t", 2)}, {page(0x0d, {leaf_cell(1, header + body)})});
  const auto opened = SqliteFile::open(as_bytes(file));
  ASSERT_TRUE(opened);
  const auto done = opened->for_each_row("t", [&](int64_t, std::span<const SqliteValue> columns) -> Status {
    using Kind = SqliteValue::Kind;
    EXPECT_EQ(columns.size(), 10U);
    EXPECT_EQ(columns[0].kind, Kind::kNull);
    EXPECT_EQ(columns[1].integer, -1);
    EXPECT_EQ(columns[2].integer, 256);
    EXPECT_EQ(columns[3].integer, INT64_MIN);
    EXPECT_EQ(columns[4].kind, Kind::kReal);
    EXPECT_EQ(columns[4].integer, 0x3ff0000000000000);
    EXPECT_EQ(columns[5].integer, 0);
    EXPECT_EQ(columns[6].integer, 1);
    EXPECT_EQ(columns[7].kind, Kind::kBlob);
    EXPECT_EQ(as_text(columns[7].bytes), "b");
    EXPECT_EQ(columns[8].kind, Kind::kText);
    EXPECT_EQ(as_text(columns[9].bytes), "te");
    return {};
  });
  EXPECT_TRUE(done) << done.error().to_string();
}

TEST(SqliteFile, SaysWhenThereIsNoSuchTable) {
  const auto rows = read_rows(database({schema_cell("table", "u", 2)}, {page(0x0d, {})}));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), Code::kNotFound);
}

TEST(SqliteFile, DoesNotTakeAViewOrAnIndexForATable) {
  EXPECT_THAT(error_of(database({schema_cell("view", "t", 2)}, {page(0x0d, {})})), HasSubstr("no table"));
  EXPECT_THAT(error_of(database({schema_cell("index", "t", 2)}, {page(0x0d, {})})), HasSubstr("no table"));
}

TEST(SqliteFile, RefusesPagesThatLoop) {
  const std::string to_itself = database({schema_cell("table", "t", 2)}, {page(5, {}, 2)});
  EXPECT_THAT(error_of(to_itself), HasSubstr("referred to twice"));
  const std::string shared_child = database({schema_cell("table", "t", 2)},
                                            {page(5, {HeaderBuilder::big_endian(3) + varint(1)}, 3), page(0x0d, {})});
  EXPECT_THAT(error_of(shared_child), HasSubstr("referred to twice"));
}

TEST(SqliteFile, RefusesOverflowPagesThatLoop) {
  const uint64_t row_bytes = 2000;
  // usable 512: at most 477 bytes are local; of 2000 it is 39 + (2000 - 39) % 508 = 476.
  const std::string cell = varint(row_bytes) + varint(1) + std::string(476, 'x') + HeaderBuilder::big_endian(3);
  const std::string loop = HeaderBuilder::big_endian(3) + std::string(kPageBytes - 4, 'x');
  EXPECT_THAT(error_of(database({schema_cell("table", "t", 2)}, {page(0x0d, {cell}), loop, loop, loop})),
              HasSubstr("referred to twice"));
}

TEST(SqliteFile, RefusesPagesOutsideTheFile) {
  EXPECT_THAT(error_of(database({schema_cell("table", "t", 9)}, {page(0x0d, {})})), HasSubstr("is referred to"));
  EXPECT_THAT(error_of(database({schema_cell("table", "t", 2)}, {page(5, {}, 0)})), HasSubstr("is referred to"));
}

TEST(SqliteFile, RefusesRowsLongerThanTheFileOrTheLimit) {
  const std::string endless = varint(uint64_t{1} << 50) + varint(1) + std::string(400, 'x');
  EXPECT_THAT(error_of(database({schema_cell("table", "t", 2)}, {page(0x0d, {endless})})), HasSubstr("in a file of"));
  const std::string large = varint(600) + varint(1) + std::string(100, 'x');
  EXPECT_THAT(error_of(database({schema_cell("table", "t", 2)}, {page(0x0d, {large})}), {.max_row_bytes = 599}),
              HasSubstr("the limit is 599"));
}

TEST(SqliteFile, RefusesRecordsThatContradictThemselves) {
  const struct {
    const char* why;
    std::string record;
  } cases[] = {
      {"header longer than the row", std::string{5, 15}},
      {"header of no length", std::string{0, 15}},
      {"text longer than the row", std::string{2, 127, 'x'}},
      {"reserved type", std::string{2, 10, 'x'}},
  };
  for (const auto& each : cases) {
    const std::string file = database({schema_cell("table", "t", 2)}, {page(0x0d, {leaf_cell(1, each.record)})});
    EXPECT_THAT(error_of(file), HasSubstr("SQLite page 2")) << each.why;
  }
}

TEST(SqliteFile, RefusesMoreColumnsThanTheLimit) {
  const std::string file =
      database({schema_cell("table", "t", 2)}, {page(0x0d, {leaf_cell(1, std::string{9, 0, 0, 0, 0, 0, 0, 0, 0})})});
  EXPECT_EQ(error_of(file), "");
  EXPECT_THAT(error_of(file, {.max_columns = 7}), HasSubstr("more than 7 columns"));
}

TEST(SqliteFile, RefusesOddHeaders) {
  const std::string sound = database({schema_cell("table", "t", 2)}, {page(0x0d, {})});
  ASSERT_EQ(error_of(sound), "");
  const auto changed = [&](size_t at, std::string_view bytes) {
    std::string file = sound;
    return file.replace(at, bytes.size(), bytes);
  };
  EXPECT_THAT(error_of(changed(0, "sqlite")), HasSubstr("magic"));
  EXPECT_THAT(error_of(changed(16, std::string_view("\x03\x00", 2))), HasSubstr("page size 768"));
  EXPECT_THAT(error_of(changed(20, "\x40")), HasSubstr("64 reserved"));
  EXPECT_THAT(error_of(changed(28, std::string_view("\0\0\0\x03", 4))), HasSubstr("cut short"));
  EXPECT_THAT(error_of(changed(59, "\x02")), HasSubstr("UTF-16"));
}

TEST(SqliteLog, CountsThePagesOfCommittedTransactions) {
  const auto frame = [](uint32_t pages_after_commit, std::string_view salts) {
    return HeaderBuilder::big_endian(1) + HeaderBuilder::big_endian(pages_after_commit) + std::string(salts) +
           std::string(8, '\0') + std::string(kPageBytes, 'p');
  };
  const std::string header = HeaderBuilder::big_endian(0x377f0683) + HeaderBuilder::big_endian(3007000) +
                             HeaderBuilder::big_endian(kPageBytes) + HeaderBuilder::big_endian(0) + "saltsalt" +
                             std::string(8, '\0');
  EXPECT_EQ(committed_wal_frames({}), 0U);
  EXPECT_EQ(committed_wal_frames(as_bytes(header)), 0U);
  const std::string two = header + frame(0, "saltsalt") + frame(2, "saltsalt");
  EXPECT_EQ(committed_wal_frames(as_bytes(two)), 2U);
  const std::string uncommitted = two + frame(0, "saltsalt");
  EXPECT_EQ(committed_wal_frames(as_bytes(uncommitted)), 2U);
  const std::string left_over = header + frame(2, "oldsalt!");
  EXPECT_EQ(committed_wal_frames(as_bytes(left_over)), 0U);
  EXPECT_FALSE(committed_wal_frames(as_bytes(std::string_view("hello"))));
  EXPECT_FALSE(committed_wal_frames(as_bytes(header).first(20)));
}

}  // namespace
}  // namespace bulkhead::inventory::rpm
