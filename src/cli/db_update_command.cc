// bulkhead db update
#include <cstdio>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/http_feed_fetcher.h"
#include "advisory/store.h"
#include "advisory/update.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace bulkhead::cli {
namespace {

using advisory::DownloadOutcome;
using advisory::DownloadResult;
using advisory::PlannedDownload;

Result<std::string> key_of(std::string_view text) {
  if (auto key = advisory::ecosystem_key_of_text(text)) return *std::move(key);
  const advisory::Family* family = advisory::family_of(to_lower(text));
  if (family != nullptr && family->release != advisory::ReleaseForm::kNone) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" names no release", printable(text)),
                fmt::format("write it with its release, as {}:RELEASE", family->name));
  }
  std::vector<std::string_view> names;
  for (const advisory::Family& each : advisory::families()) names.push_back(each.name);
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" is unknown", printable(text)),
              fmt::format("write it as debian:12 or alpine:3.19; known are {}", fmt::join(names, ", ")));
}

void write_strings(json::Writer& w, std::string_view name, const std::vector<std::string>& texts) {
  w.key(name);
  w.begin_array();
  for (const std::string& text : texts) w.string(text);
  w.end_array();
}

// Feeds in many files (NVD's years) are one line in a text for people.
constexpr size_t kFilesOnLines = 3;

std::string plan_text(const advisory::UpdatePlan& plan, const std::vector<advisory::FeedMirror>& mirrors) {
  std::string text;
  const std::vector<PlannedDownload>& all = plan.downloads;
  for (size_t i = 0; i < all.size();) {
    size_t end = i;
    while (end < all.size() && all[end].feed == all[i].feed) ++end;
    const bool summed = end - i > kFilesOnLines;
    for (; i < end; i = summed ? end : i + 1) {
      const std::string real = advisory::mirrored_url(mirrors, all[i].url);
      text += fmt::format("{:<24} {}{}{}\n", all[i].feed->name, all[i].url, real == all[i].url ? "" : " from " + real,
                          summed ? fmt::format(" and {} more", end - i - 1) : "");
    }
  }
  return text + fmt::format("{} downloads for {}; nothing was fetched\n", all.size(), fmt::join(plan.ecosystems, ", "));
}

std::string plan_json(const advisory::UpdatePlan& plan, const std::vector<advisory::FeedMirror>& mirrors) {
  json::Writer w;
  w.begin_object();
  write_strings(w, "ecosystems", plan.ecosystems);
  w.key("downloads");
  w.begin_array();
  for (const PlannedDownload& each : plan.downloads) {
    w.begin_object();
    w.member("feed", each.feed->name);
    w.member("url", each.url);
    w.member("fetched_from", advisory::mirrored_url(mirrors, each.url));
    write_strings(w, "wanted_by", each.wanted_by);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

std::string result_text(const advisory::UpdateResult& result, const std::string& database) {
  std::string text;
  const std::vector<DownloadResult>& all = result.downloads;
  for (size_t i = 0; i < all.size();) {
    size_t end = i;
    while (end < all.size() && all[end].feed == all[i].feed && all[end].outcome == all[i].outcome) ++end;
    const bool summed = end - i > kFilesOnLines;
    if (all[i].outcome == DownloadOutcome::kFailed) i = end;  // print_warnings() tells of each
    while (i < end) {
      const size_t files = summed ? end - i : 1;
      uint64_t bytes = 0;
      for (size_t each = i; each < i + files; ++each) bytes += all[each].bytes;
      text += fmt::format("{:<10} {:<24} {:>9}  {}{}\n", advisory::outcome_name(all[i].outcome), all[i].feed,
                          bytes == 0 ? "none" : size_text(bytes), all[i].url,
                          summed ? fmt::format(" and {} more", files - 1) : "");
      i += files;
    }
  }
  if (result.build_error) return text;
  const std::string_view what = result.rebuilt ? "rebuilt" : "nothing has changed, not rebuilt";
  return text + fmt::format("{}: {}; it is kept up to date for {}\n", printable(database), what,
                            fmt::join(result.ecosystems, ", "));
}

std::string result_json(const advisory::UpdateResult& result, const std::string& database) {
  json::Writer w;
  w.begin_object();
  write_strings(w, "ecosystems", result.ecosystems);
  w.key("downloads");
  w.begin_array();
  for (const DownloadResult& row : result.downloads) {
    w.begin_object();
    w.member("feed", row.feed);
    w.member("url", row.url);
    w.member("outcome", advisory::outcome_name(row.outcome));
    w.key("bytes");
    w.unsigned_integer(row.bytes);
    w.member("in_force_since", row.in_force_since);
    if (row.error) w.member("error", one_line(*row.error));
    w.end_object();
  }
  w.end_array();
  w.key("database");
  w.begin_object();
  w.member("path", database);
  w.member("rebuilt", result.rebuilt);
  if (result.build_error) w.member("error", one_line(*result.build_error));
  w.key("documents_left_out");
  w.unsigned_integer(result.failed_documents);
  w.end_object();
  w.end_object();
  return std::move(w).take();
}

// What went wrong, and what holds in its place.
void print_warnings(const advisory::UpdateResult& result) {
  for (const DownloadResult& row : result.downloads) {
    if (!row.error) continue;
    std::string holds = "there is no earlier copy";
    if (!row.in_force_since.empty()) {
      holds = fmt::format("the copy of {} stays in force", row.in_force_since.substr(0, 10));
    } else if (!result.build_error) {
      holds += ": answers will call it missing";
    }
    fmt::print(stderr, "warning: {}: {}; {}\n", row.feed, one_line(*row.error), holds);
  }
  print_left_out(result.failed, result.failed_documents);
}

class DbUpdateCommand final : public Command {
 public:
  void declare(Flags& flags) override;
  Result<int> run(Interrupts& interrupts) override;

 private:
  advisory::HttpFeedOptions network_options(const std::stop_token& stop) const;
  advisory::UpdateOptions update_options(const std::stop_token& stop) const;

  std::vector<std::string> distributions_;  // keys: "debian:12"
  std::vector<std::string> forget_;
  std::vector<std::string> skip_feeds_;
  std::string database_;  // written; empty: the cache's
  std::string cache_dir_;
  std::string feeds_dir_;  // empty: feeds/ in the cache
  std::vector<advisory::FeedMirror> mirrors_;
  std::vector<std::string> ca_files_;
  uint64_t max_download_bytes_ = advisory::UpdateOptions().max_download_bytes;
  BuildLimits limits_;
  bool dry_run_ = false;
  bool json_ = false;
  bool quiet_ = false;
};

void DbUpdateCommand::declare(Flags& flags) {
  constexpr std::string_view kNetworkGroup = "Network";
  const auto add_keys = [&](std::string names, std::string help, std::vector<std::string>& keys) {
    flags.add({.names = std::move(names),
               .value = "NAME[:RELEASE]",
               .help = std::move(help),
               .form = Option::Form::kList,
               .repeats = true},
              [&keys](std::string_view value) -> Status {
                TRY_ASSIGN(std::string key, key_of(value));
                keys.push_back(std::move(key));
                return {};
              });
  };
  add_keys("--distribution,--ecosystem",
           "keep this up to date from now on: debian:12, alpine:3.19, pypi; several with commas", distributions_);
  add_keys("--forget", "keep this up to date no more", forget_);
  std::vector<Choice> feeds;
  for (const advisory::Feed* feed : advisory::all_feeds()) {
    if (!feed->downloads.empty()) feeds.push_back({std::string(feed->name), {}});
  }
  flags.add({.names = "--skip-feed",
             .value = "FEED",
             .help = "do not ask for this feed now (nvd is the largest): its last copy stays in force",
             .choices = std::move(feeds),
             .form = Option::Form::kList,
             .repeats = true},
            skip_feeds_);
  flags.add_switch({.names = "--dry-run", .help = "list what would be fetched, and fetch nothing"}, dry_run_);
  flags.add_switch({.names = "--json", .help = "for machines"}, json_);
  add_quiet_flag(flags, quiet_, "no progress on standard error");
  flags.add({.names = "--db",
             .value = "FILE",
             .help = "write the database to this file instead of the cache",
             .kind = Option::Kind::kFile},
            database_);
  add_cache_dir_flag(flags, cache_dir_, "where the database is kept");
  flags.add({.names = "--feeds-dir",
             .value = "DIR",
             .help = "where feed files are kept",
             .preset = "feeds in the cache",
             .kind = Option::Kind::kFolder},
            feeds_dir_);
  flags.add({.names = "--feed-mirror",
             .value = "URL=URL",
             .help = "fetch what begins with the first URL from the second",
             .group = kNetworkGroup,
             .repeats = true},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(advisory::FeedMirror mirror, advisory::parse_feed_mirror(value));
              mirrors_.push_back(std::move(mirror));
              return {};
            });
  add_ca_file_flag(flags, ca_files_, kNetworkGroup);
  flags.add({.names = "--max-download-bytes",
             .value = "N",
             .help = "stop past so many bytes of one feed file",
             .group = kLimitGroup},
            max_download_bytes_);
  add_build_limits(flags, limits_);
}

advisory::HttpFeedOptions DbUpdateCommand::network_options(const std::stop_token& stop) const {
  advisory::HttpFeedOptions options;
  options.http.user_agent = "bulkhead/" BULKHEAD_VERSION;
  options.http.proxies = net::ProxyOptions::from_environment(process_environment());
  options.http.tls.ca_files = ca_files_;
  options.mirrors = mirrors_;
  options.stop = stop;
  return options;
}

advisory::UpdateOptions DbUpdateCommand::update_options(const std::stop_token& stop) const {
  advisory::UpdateOptions options;
  options.feeds_dir = feeds_directory(feeds_dir_, cache_dir_);
  options.database_path = database_.empty() ? advisory::cached_database_path(cache_directory(cache_dir_)) : database_;
  options.ecosystems = distributions_;
  options.forgotten = forget_;
  options.skipped_feeds = skip_feeds_;
  options.now = now();
  options.made_by = "bulkhead/" BULKHEAD_VERSION;
  options.max_download_bytes = max_download_bytes_;
  options.build.limits = limits_.feeds;
  options.build.database.max_bytes = limits_.store.max_database_bytes;
  options.stop = stop;
  return options;
}

Result<int> DbUpdateCommand::run(Interrupts& interrupts) {
  const std::stop_token stop = interrupts.stop_in_order();
  advisory::HttpFeedOptions network = network_options(stop);
  advisory::UpdateOptions options = update_options(stop);
  if (dry_run_) {
    TRY_ASSIGN(const advisory::UpdatePlan plan, advisory::plan_update(options));
    TRY(write_standard_output(json_ ? plan_json(plan, mirrors_) : plan_text(plan, mirrors_)));
    return kSuccess;
  }
  advisory::HttpFeedFetcher fetcher(std::move(network));
  std::unique_ptr<Progress> progress = quiet_ ? nullptr : make_terminal_progress();
  options.progress = progress.get();
  const auto result = advisory::update_database(options, fetcher);
  progress.reset();
  if (!result) return std::unexpected(result.error());

  TRY(write_standard_output(json_ ? result_json(*result, options.database_path)
                                  : result_text(*result, options.database_path)));
  if (!json_) print_warnings(*result);
  if (result->build_error) return fail(Error(*result->build_error).with_context("the database was not rebuilt"));
  if (const size_t failures = result->failures(); failures > 0) {
    fmt::print(stderr, "bulkhead: {} of {} downloads failed\n", failures, result->downloads.size());
    return kFailure;
  }
  return kSuccess;
}

}  // namespace

CommandInfo db_update_command() {
  return {
      .name = "db update",
      .summary = "fetch advisory feeds from their publishers and compile them into the database",
      .details =
          "Fetches the feeds of the distributions and languages that were named here or met by a scan, from their own "
          "publishers, and compiles them into the database that scans use. What has not changed since the last time is "
          "not fetched again; when nothing has, nothing is rebuilt. A feed that cannot be fetched is told, and its "
          "last "
          "copy stays in force; an update that is interrupted leaves the old database whole, and the next one goes "
          "on.\n\n"
          "Proxies are taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Those who keep copies of feeds in their own "
          "network name them: whatever begins with the first URL is fetched from the second.",
      .examples =
          "bulkhead db update --distribution debian:12 --distribution alpine:3.19\n"
          "bulkhead db update\n"
          "bulkhead db update --dry-run\n"
          "bulkhead db update --feed-mirror https://secdb.alpinelinux.org=https://mirror.example/secdb",
      .exit_status =
          "0; 1 when a feed could not be fetched or the database not be built, and on any other error; 130 when "
          "stopped by a signal.",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<DbUpdateCommand>(); }};
}

}  // namespace bulkhead::cli
