// From feed files on disk to a compiled database: `bulkhead db build --from DIR`.
//
// The folder is walked in the order of its paths; each file is inflated, walked when it is an archive, and read by the
// feed that recognises its documents (feed.h). A folder with a feeds.json (feed_manifest.h) is read by it: only the
// files that it lists, each with the date, origin and checksum it gives. A document that cannot be read is left out
// whole and told, also by the database, whose feed is incomplete then; it does not stop the others. The result depends
// on the files' names and contents only.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/database_builder.h"
#include "advisory/feed.h"
#include "advisory/feed_manifest.h"
#include "base/result.h"

namespace bulkhead::advisory {

// A feed that should be in the database and of which there is nothing: it stands there without a date and without
// documents, so that every answer about its ecosystems names it.
struct MissingFeed {
  std::string feed;  // its name
  std::string url;
  std::vector<std::string> ecosystems;  // empty: about ids
};

struct BuildOptions {
  std::string from;      // a folder, or one feed file
  std::string manifest;  // a manifest to go by instead of the folder's own; empty: none
  // Keep only records of these ecosystems: keys ("debian:12"; its pockets count as its own), or a family and ":*".
  // Empty: all. What feeds say of ids is kept where a kept record needs it.
  std::vector<std::string> ecosystems;
  std::vector<MissingFeed> missing;
  bool only_shippable = false;  // leave out feeds whose licence does not let us pass compiled data on
  DatabaseBuilder::Options database;
  FeedLimits limits;
  std::function<void(std::string_view path)> on_file;  // before each file is read; may be empty
  // Of each document that no feed recognises, its file's path and, behind "!", its own; may be empty.
  std::function<void(std::string_view path)> on_unrecognised;
  std::stop_token stop;  // kCancelled between two documents
};

struct BuiltFile {
  std::string path;
  uint32_t documents = 0;
  uint32_t unknown = 0;  // documents that no feed recognises
  uint32_t failed = 0;
};

struct FailedDocument {
  std::string path;  // of the file and, behind "!", of the document in it
  std::string feed;
  Error error;
};

struct BuildResult {
  std::string database;  // the bytes, verified to open
  std::vector<BuiltFile> files;
  std::vector<FailedDocument> failed;  // the first kMaxFailures of them
  uint64_t failures = 0;
  std::vector<std::string> unrecognised;  // documents that no feed recognises, the first kMaxFailures of them
  uint64_t unrecognised_documents = 0;
  // Files that the manifest lists and of which nothing could be read. The database names their feeds as missing.
  std::vector<std::string> unreadable;
  static constexpr size_t kMaxFailures = 100;
};

// kNotFound when the folder is not there or no feed recognises anything in it; kVerificationFailed when a listed file
// has another checksum; the builder's and the file system's errors.
Result<BuildResult> build_database(const BuildOptions& options);

}  // namespace bulkhead::advisory
