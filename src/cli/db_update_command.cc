// bulkhead db update
#include <cstdio>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/http_feed_fetcher.h"
#include "advisory/store.h"
#include "advisory/update.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/databases.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace bulkhead::cli {
namespace {

using advisory::DownloadOutcome;
using advisory::DownloadResult;
using advisory::PlannedDownload;

Result<std::vector<std::string>> keys_of(const std::vector<std::string>& texts, std::string_view option) {
  std::vector<std::string> keys;
  for (const std::string& text : texts) {
    for (const std::string_view piece : split(text, ',')) {
      auto key = advisory::ecosystem_key_of_text(piece);
      if (key) {
        keys.push_back(*std::move(key));
        continue;
      }
      const advisory::Family* family = advisory::family_of(to_lower(trim(piece)));
      if (family != nullptr && family->release != advisory::ReleaseForm::kNone) {
        return fail(Code::kInvalidArgument, fmt::format("{}: \"{}\" names no release", option, printable(piece)),
                    fmt::format("write it with its release, as {}:RELEASE", family->name));
      }
      std::vector<std::string_view> names;
      for (const advisory::Family& each : advisory::families()) names.push_back(each.name);
      return fail(Code::kInvalidArgument, fmt::format("{}: \"{}\" is unknown", option, printable(piece)),
                  fmt::format("write it as debian:12 or alpine:3.19; known are {}", fmt::join(names, ", ")));
    }
  }
  return keys;
}

Result<advisory::HttpFeedOptions> network_options(const DbUpdateArguments& arguments, const std::stop_token& stop) {
  advisory::HttpFeedOptions options;
  options.http.user_agent = "bulkhead/" BULKHEAD_VERSION;
  options.http.proxies = net::ProxyOptions::from_environment(process_environment());
  options.http.tls.ca_files = arguments.ca_files;
  options.stop = stop;
  for (const std::string& text : arguments.feed_mirrors) {
    TRY_CONTEXT(advisory::FeedMirror mirror, advisory::parse_feed_mirror(text), "--feed-mirror");
    options.mirrors.push_back(std::move(mirror));
  }
  return options;
}

Result<advisory::UpdateOptions> update_options(const DbUpdateArguments& arguments, const std::stop_token& stop) {
  advisory::UpdateOptions options;
  options.feeds_dir = feeds_directory(arguments.feeds_dir, arguments.cache_dir);
  options.database_path = arguments.database.empty()
                              ? advisory::cached_database_path(cache_directory(arguments.cache_dir))
                              : arguments.database;
  TRY_ASSIGN(options.ecosystems, keys_of(arguments.distributions, "--distribution"));
  TRY_ASSIGN(options.forgotten, keys_of(arguments.forget, "--forget"));
  for (const std::string& text : arguments.skip_feeds) {
    for (const std::string_view name : split(text, ',')) {
      if (advisory::find_feed(name) == nullptr) {
        return fail(Code::kInvalidArgument, fmt::format("--skip-feed: there is no feed \"{}\"", printable(name)),
                    "`bulkhead db update --dry-run` lists those that would be fetched");
      }
      options.skipped_feeds.emplace_back(name);
    }
  }
  options.now = now();
  options.made_by = "bulkhead/" BULKHEAD_VERSION;
  options.max_download_bytes = arguments.max_download_bytes;
  options.build.limits = arguments.limits;
  options.build.database.max_bytes = arguments.store_limits.max_database_bytes;
  options.stop = stop;
  return options;
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

std::string size_text(uint64_t bytes) {
  return bytes < 1'000'000 ? fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3)
                           : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
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

}  // namespace

Result<int> run_command(const DbUpdateArguments& arguments, const std::stop_token& stop) {
  TRY_ASSIGN(advisory::HttpFeedOptions network, network_options(arguments, stop));
  TRY_ASSIGN(advisory::UpdateOptions options, update_options(arguments, stop));
  if (arguments.dry_run) {
    TRY_ASSIGN(const advisory::UpdatePlan plan, advisory::plan_update(options));
    TRY(write_standard_output(arguments.json ? plan_json(plan, network.mirrors) : plan_text(plan, network.mirrors)));
    return kSuccess;
  }
  advisory::HttpFeedFetcher fetcher(std::move(network));
  std::unique_ptr<Progress> progress = arguments.quiet ? nullptr : make_terminal_progress();
  options.progress = progress.get();
  const auto result = advisory::update_database(options, fetcher);
  progress.reset();
  if (!result) return std::unexpected(result.error());

  TRY(write_standard_output(arguments.json ? result_json(*result, options.database_path)
                                           : result_text(*result, options.database_path)));
  if (!arguments.json) print_warnings(*result);
  if (result->build_error) return fail(Error(*result->build_error).with_context("the database was not rebuilt"));
  if (const size_t failures = result->failures(); failures > 0) {
    fmt::print(stderr, "bulkhead: {} of {} downloads failed\n", failures, result->downloads.size());
    return kFailure;
  }
  return kSuccess;
}

}  // namespace bulkhead::cli
