// The command line as values. arguments.cc describes every command and flag once; help, completion and the man page are
// made from that description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "advisory/feed.h"
#include "advisory/record.h"
#include "advisory/store.h"
#include "advisory/update.h"
#include "archive/limits.h"
#include "oci/limits.h"
#include "version/compare.h"

namespace bulkhead::cli {

// Flags of every command that looks into images.
struct ImageArguments {
  std::vector<std::string> images;
  std::string platform;   // "linux/arm64"; empty: the host's
  unsigned jobs = 0;      // 0: one per processor
  std::string cache_dir;  // empty: $XDG_CACHE_HOME/bulkhead or ~/.cache/bulkhead
  bool no_cache = false;
  uint64_t max_cache_bytes = uint64_t{1} << 30;
  archive::Limits archive_limits;
  oci::ImageLimits image_limits;
  // Registries and engines
  bool fetch_foreign_layers = false;
  std::vector<std::string> insecure_registries;  // plain HTTP or unverified TLS allowed, by host[:port]
  std::vector<std::string> ca_files;             // further certificate authorities (PEM)
  std::vector<std::string> mirrors;              // "docker.io=https://mirror.example"
  bool offline = false;                          // no network at all: neither registries nor feeds
  bool quiet = false;                            // no progress
};

struct OutputArgument {
  std::string format;
  std::string file;  // empty: standard output
};

struct ScanArguments {
  ImageArguments image;
  std::vector<OutputArgument> outputs;
  std::string template_file;
  std::vector<advisory::Severity> severities;
  std::vector<advisory::AdvisoryStatus> statuses;
  bool only_fixed = false;
  std::optional<advisory::Severity> fail_on;
  std::string ignore_file;
  std::string database;  // a file; empty: the newest of the cache's and the one that came with the program
  advisory::StoreLimits database_limits;
  std::optional<uint32_t> max_feed_age_days;
  std::vector<std::string> explain;
};

struct SbomArguments {
  ImageArguments image;
  std::vector<OutputArgument> outputs;
};

// What reading feeds and holding a database may cost.
struct DbLimitArguments {
  advisory::FeedLimits limits;
  advisory::StoreLimits store_limits;
};
struct DbUpdateArguments : DbLimitArguments {
  std::vector<std::string> distributions;  // "debian:12", "alpine:3.19,pypi"
  std::vector<std::string> forget;
  std::vector<std::string> skip_feeds;
  std::string database;  // written; empty: the cache's
  std::string cache_dir;
  std::string feeds_dir;                  // empty: feeds/ in the cache
  std::vector<std::string> feed_mirrors;  // "https://secdb.alpinelinux.org=https://mirror.example/secdb"
  std::vector<std::string> ca_files;
  uint64_t max_download_bytes = advisory::UpdateOptions().max_download_bytes;
  bool dry_run = false;
  bool json = false;
  bool quiet = false;
};
struct DbBuildArguments : DbLimitArguments {
  std::string from;
  std::string output;
  std::string manifest;  // dates, origins and checksums of the files; empty: the folder's own feeds.json, if it has one
  bool only_shippable = false;
};
struct DbInfoArguments {
  advisory::StoreLimits limits;
  std::optional<uint32_t> max_feed_age_days;
  std::string database;
  std::string cache_dir;
  bool json = false;
};
struct DbTransferArguments {
  advisory::StoreLimits limits;
  std::string file;
  std::string database;  // export only
  std::string cache_dir;
};
struct DbExportArguments : DbTransferArguments {};
struct DbImportArguments : DbTransferArguments {};

struct VersionCompareArguments {
  version::Scheme scheme = version::Scheme::kGeneric;
  std::vector<std::string> versions;  // none, or two
};

// Text that the parser itself answers: help, version, completion scripts, the man page.
struct PrintArguments {
  std::string text;
};

using Arguments = std::variant<ScanArguments, SbomArguments, DbUpdateArguments, DbBuildArguments, DbInfoArguments,
                               DbExportArguments, DbImportArguments, VersionCompareArguments, PrintArguments>;

// kInvalidArgument says which argument is wrong and what is expected; the remedy names the help.
Result<Arguments> parse_arguments(int argc, const char* const* argv);

}  // namespace bulkhead::cli
