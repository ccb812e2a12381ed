// Where this program keeps its advisory database and its feeds, and what several commands say about them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "advisory/build.h"
#include "advisory/store.h"
#include "scan/result.h"

namespace bulkhead::cli {

// `named` is --db, `cache_dir` is --cache-dir; both may be empty. Snapshots lie beside the installed program
// (../share/bulkhead), or in data/ of the source tree that it was built in.
advisory::StorePaths store_paths(const std::string& named, const std::string& cache_dir);

// Where `db update` keeps feed files: `chosen`, else feeds/ in the cache.
std::string feeds_directory(const std::string& chosen, const std::string& cache_dir);

// Remembers the distributions and languages of what was scanned, so that the next update fetches their feeds. Nobody
// depends on it: a cache that cannot be written to is no error.
void remember_what_was_met(const scan::ScanResult& result, const std::string& cache_dir);

// "4.1 MB"
std::string size_text(uint64_t bytes);

// What was written, in a line: the file with its size, and how many records, from which feeds, of which dates.
std::string written_line(const std::string& file, uint64_t bytes, const advisory::Database& database);

// "what happened (what to do)": for lists of what went wrong, where each has one line.
std::string one_line(const Error& error);

// Tells on standard error which documents are not in a database that was built: those of `failed`, and how many more.
void print_left_out(std::span<const advisory::FailedDocument> failed, uint64_t failures);

}  // namespace bulkhead::cli
