// `bulkhead db update`: fetches feeds from their publishers and compiles them. There is no server of ours.
//
// State, in FEEDS (a folder of the cache): the feed files as they were published, and feeds.json (feed_manifest.h) with
// where each came from, when, its validators, and which ecosystems are kept up to date.
//
// Invariants:
//   1. A feed file is replaced only by a complete download that its feed can read: fetched beside it, read once,
//   renamed.
//   2. feeds.json is written after each file, so that an interrupted update goes on where it stopped, and it never
//   names a
//      file that is not there as it says: the file is renamed first, and the checksum in feeds.json is taken from its
//      bytes.
//   3. The database is replaced only by one that was built and verified whole; readers keep the one that they opened.
//   4. A feed that cannot be fetched or read leaves its old file in force, is told, and does not stop the others.
//
// The network is behind FeedFetcher, the present comes from the caller. One update at a time for each folder: the
// caller holds a lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/build.h"
#include "advisory/feed.h"
#include "base/block_source.h"

namespace bulkhead::advisory {

struct FetchRequest {
  std::string url;
  std::string etag;           // of the copy that is here; empty: none
  std::string last_modified;  // likewise
};

struct FetchAnswer {
  bool not_modified = false;          // the copy that is here is current; then there is no body
  std::unique_ptr<BlockSource> body;  // as published
  std::string etag;
  std::string last_modified;
};

class FeedFetcher {
 public:
  FeedFetcher() = default;
  FeedFetcher(const FeedFetcher&) = delete;
  FeedFetcher& operator=(const FeedFetcher&) = delete;
  virtual ~FeedFetcher() = default;
  // A conditional GET when the request has validators. Any status but 200 and 304 is an error that names the URL.
  virtual Result<FetchAnswer> fetch(const FetchRequest& request) = 0;
};

struct UpdateOptions {
  std::string feeds_dir;                            // FEEDS
  std::string database_path;                        // where the result goes
  std::vector<std::string> ecosystems;              // to keep up to date from now on, beside those that the state names
  std::string now;                                  // RFC 3339
  uint64_t max_download_bytes = uint64_t{8} << 30;  // of one file (--max-download-bytes)
  BuildOptions build;                               // `from`, `manifest` and `ecosystems` are set by the update
  std::function<void(std::string_view url)> on_download;  // before each; may be empty
};

enum class DownloadOutcome : uint8_t { kFetched, kUnchanged, kFailed };

struct DownloadResult {
  std::string feed;
  std::string url;
  std::string path;  // in FEEDS
  DownloadOutcome outcome = DownloadOutcome::kFetched;
  std::string error;  // when failed
};

struct UpdateResult {
  std::vector<DownloadResult> downloads;
  bool rebuilt = false;  // false: nothing changed, the database is current
  std::vector<BuiltFile> files;
  std::vector<FailedDocument> failed;
  size_t failures() const;  // downloads that failed
};

// What an update would fetch for these ecosystems (keys), each URL once: the table's downloads, filled in.
struct PlannedDownload {
  const Feed* feed = nullptr;
  Fetch fetch = Fetch::kFile;
  std::string url;
  std::string path;  // "alpine-secdb/secdb.alpinelinux.org_v3.19_main.json"
  std::vector<std::string> ecosystems;
};
std::vector<PlannedDownload> plan_downloads(const std::vector<std::string>& ecosystems);

// kUnavailable when nothing could be fetched and there is nothing from before; otherwise failures are in the result.
Result<UpdateResult> update_database(const UpdateOptions& options, FeedFetcher& fetcher);

// Remembers ecosystems that a scan met, for the next update. Writes only when there are new ones.
Status remember_ecosystems(const std::string& feeds_dir, const std::vector<std::string>& ecosystems);

}  // namespace bulkhead::advisory
