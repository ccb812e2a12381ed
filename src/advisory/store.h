// Where the compiled database lives, and how it travels as one file.
//
// In use:    CACHE/advisories.db            put there by update and import, mapped as it is
// Shipped:   SHARE/advisories-DATE.db.zst   the snapshot that comes with the program; unpacked once, to
//            CACHE/snapshot/advisories-DATE-SIZE.db, and mapped from then on
// Travelling: any name ending in .db.zst: the database as one zstd frame with a checksum
//
// Paths are the user's or the program's own (trusted); contents are not: they are verified before they replace
// anything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/database.h"

namespace bulkhead::advisory {

inline constexpr std::string_view kDatabaseName = "advisories.db";

struct StoreLimits {
  uint64_t max_database_bytes = uint64_t{4} << 30;  // of an unpacked database (--max-database-bytes)
};

enum class Origin : uint8_t {
  kNamed,     // the user named the file (--db)
  kCache,     // updated or imported
  kSnapshot,  // what the program came with
};

struct OpenedDatabase {
  std::shared_ptr<const Database> database;
  std::string path;  // of the file that is mapped, or that it was unpacked from
  Origin origin = Origin::kCache;
};

struct StorePaths {
  std::string named;                       // --db; empty: look for one
  std::string cache_dir;                   // CACHE; empty: none, nothing is unpacked to disk
  std::vector<std::string> snapshot_dirs;  // SHARE, in order
};

// The database to use: the named one, else the updated one, else the newest snapshot of the first folder that has any.
// A named file may be packed (.db.zst). kNotFound when there is none; the message says how to get one. A cached file
// that cannot be opened is an error, not a reason to answer from older data; the unpacked copy of a packed file that is
// damaged is unpacked again.
Result<OpenedDatabase> open_database(const StorePaths& paths, const StoreLimits& limits = {});

// Unpacks (or copies) `from` ("-": standard input), verifies all of it, and puts it at CACHE/advisories.db. On failure
// or when stopped (kCancelled) what was there stays.
Result<std::shared_ptr<const Database>> import_database(const std::string& from, const std::string& cache_dir,
                                                        const StoreLimits& limits = {},
                                                        const std::stop_token& stop = {});

// Puts freshly built bytes at CACHE/advisories.db, or at the path given.
Status install_database(std::string_view bytes, const std::string& path);
std::string cached_database_path(const std::string& cache_dir);

// What `db export` writes: zstd with a checksum and a long window, deterministic.
Result<std::string> pack_database(ByteSpan database);

}  // namespace bulkhead::advisory
