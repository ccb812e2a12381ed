// `bulkhead db update`: fetches feeds from their publishers and compiles them. There is no server of ours.
//
// State, in FEEDS (a folder of the cache, all its own):
//   feeds.json                   feed_manifest.h: which files there are, where each came from, when, its validators,
//   and
//                                which ecosystems are kept up to date
//   FEED/<checksum>/<name>       a feed file as it was published; never changed once it is there
//   incoming/                    downloads that are not complete
//   lock                         held by whoever writes feeds.json
//
// Invariants:
//   1. feeds.json is the one place that says what counts, and is replaced atomically, after each file. An update that
//      is interrupted anywhere leaves a feeds.json whose files are all there, and goes on where it stopped.
//   2. A feed file counts only when it came complete, has the checksum that its publisher promised (where one does),
//      and can be read by the feeds.
//   3. The database is replaced only by one that was built and verified whole; readers keep the one that they opened.
//   4. A feed that cannot be fetched or read leaves its old file in force, is told, and does not stop the others. One
//   of
//      which there is no old file stands in the database as missing, so that every answer tells.
//
// The network is behind FeedFetcher, the present comes from the caller. Two updates of one FEEDS exclude each other.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/build.h"
#include "advisory/feed.h"
#include "advisory/feed_fetcher.h"
#include "base/progress.h"

namespace bulkhead::advisory {

struct UpdateOptions {
  std::string feeds_dir;                   // FEEDS
  std::string database_path;               // where the result goes
  std::vector<std::string> ecosystems;     // keys to keep up to date from now on, beside those that the state names
  std::vector<std::string> forgotten;      // keys to keep up to date no more
  std::vector<std::string> skipped_feeds;  // names of feeds that are not asked this time: their old files stay in force
  std::string now;                         // RFC 3339
  std::string made_by;                     // the program and its version: another one builds anew from the same files
  uint64_t max_download_bytes = uint64_t{8} << 30;  // of one file (--max-download-bytes)
  BuildOptions build;                               // `from`, `manifest`, `ecosystems`, `missing` are set by the update
  Progress* progress = nullptr;
  std::stop_token stop;
};

// What an update would fetch for these ecosystems (keys) and those whose disclosures they take (with_disclosures), each
// URL once: the table's downloads, filled in. Of the latter only what judges packages: what supplements them (the names
// of Red Hat's repositories) serves nobody but their own images. `now` says which year it is.
struct PlannedDownload {
  const Feed* feed = nullptr;
  Fetch fetch = Fetch::kFile;
  std::string url;
  std::vector<std::string> wanted_by;  // ecosystems; empty for feeds that everybody gets
  // Those of them that the file speaks for even without a record: its URL names them, so that it would not be there
  // otherwise. (A file of all releases says nothing about one that it does not know.)
  std::vector<std::string> covers;
};
std::vector<PlannedDownload> plan_downloads(const std::vector<std::string>& ecosystems, std::string_view now);

// With the ecosystems whose records are consulted for theirs: Red Hat's for its rebuilds.
std::vector<std::string> with_disclosures(const std::vector<std::string>& ecosystems);

enum class DownloadOutcome : uint8_t { kFetched, kUnchanged, kFailed, kSkipped };
std::string_view outcome_name(DownloadOutcome outcome);  // "fetched", "unchanged", "failed", "skipped"

struct DownloadResult {
  std::string feed;
  std::string url;  // as planned
  DownloadOutcome outcome = DownloadOutcome::kFetched;
  uint64_t bytes = 0;          // of the file that is in force
  std::string in_force_since;  // when that was fetched or last found unchanged; empty: there is none
  std::optional<Error> error;  // when failed
};

struct UpdateResult {
  std::vector<std::string> ecosystems;  // that are kept up to date
  std::vector<DownloadResult> downloads;
  bool rebuilt = false;  // false: the database is current, or could not be built
  std::optional<Error> build_error;
  std::vector<FailedDocument> failed;  // documents that were left out of a new database, the first of them
  uint64_t failed_documents = 0;
  size_t failures() const;  // downloads that failed
};

// Which ecosystems FEEDS keeps up to date, and what an update of it would fetch; nothing is written.
struct UpdatePlan {
  std::vector<std::string> ecosystems;
  std::vector<PlannedDownload> downloads;
};
Result<UpdatePlan> plan_update(const UpdateOptions& options);

// kInvalidArgument when no ecosystem was asked for or met; kUnavailable when another update is at work; kCancelled;
// kMalformed for a feeds.json that is none; errors of the file system. What went wrong with a feed, or with building,
// is in the result: the old file, or database, is in force then.
Result<UpdateResult> update_database(const UpdateOptions& options, FeedFetcher& fetcher);

// Remembers ecosystems that a scan met, for the next update. Writes only when there are new ones. kUnavailable while an
// update is at work.
Status remember_ecosystems(const std::string& feeds_dir, const std::vector<std::string>& ecosystems);

}  // namespace bulkhead::advisory
