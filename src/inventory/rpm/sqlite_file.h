// Reads the rows of a table out of an SQLite database file, without SQLite: two of the databases that images carry
// (rpmdb.sqlite, dnf's history.sqlite) need no query, only "every row of this table", and a reader of that over a span
// of bytes needs no copy of the file, runs no schema, no trigger and no view of it, and has a bound on everything.
//
// Not read: indexes, WITHOUT ROWID tables, virtual tables, UTF-16 databases, and the write-ahead log beside the file
// (rows that are only in the log are not seen: see committed_wal_frames()).
//
// SqliteFile is a view of the bytes, which must outlive it; immutable, safe to use from several threads. Trust: none. A
// page that is reached twice is kMalformed, so that no loop and no shared subtree can multiply the work.
//
// Source: sqlite.org, "Database File Format", sections 1.3, 1.5, 1.6, 2.1, 2.6 and 4.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bulkhead::inventory::rpm {

struct SqliteLimits {
  uint64_t max_row_bytes = 80U << 20;
  uint32_t max_columns = 2000;  // SQLite's own default
};

struct SqliteValue {
  enum class Kind : uint8_t { kNull, kInteger, kReal, kText, kBlob };
  Kind kind = Kind::kNull;
  int64_t integer = 0;  // kInteger; of kReal the bits
  ByteSpan bytes;       // kText, kBlob; valid during the visit
};

class SqliteFile {
 public:
  // kMalformed, kUnsupported (UTF-16).
  static Result<SqliteFile> open(ByteSpan file, const SqliteLimits& limits = {});

  // Called with the row's id and its columns in the order of CREATE TABLE. A row may have fewer columns than the table
  // (added later, defaults apply); an INTEGER PRIMARY KEY column reads as null, its value is the row's id.
  using Visitor = std::function<Status(int64_t row_id, std::span<const SqliteValue> columns)>;

  // All rows of the table, in ascending order of their ids. kNotFound when there is no such table; an error of the
  // visitor ends the walk and is returned.
  Status for_each_row(std::string_view table, const Visitor& visit) const;

 private:
  SqliteFile(ByteSpan file, uint32_t page_bytes, uint32_t usable_bytes, const SqliteLimits& limits)
      : file_(file), page_bytes_(page_bytes), usable_bytes_(usable_bytes), limits_(limits) {}

  class Walk;
  Status walk_table(uint32_t root_page, const Visitor& visit) const;

  ByteSpan file_;
  uint32_t page_bytes_;
  uint32_t usable_bytes_;
  SqliteLimits limits_;
};

// How many pages of committed transactions a write-ahead log (the "-wal" file beside a database) holds; 0 for an empty
// log. Frames whose salts differ from the header's are left over from an earlier use of the log and do not count
// (section 4.1). kMalformed when it is no such log.
Result<uint64_t> committed_wal_frames(ByteSpan log);

}  // namespace bulkhead::inventory::rpm
