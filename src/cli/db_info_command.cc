// bulkhead db info
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "advisory/feed_state.h"
#include "advisory/match.h"
#include "advisory/store.h"
#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/environment.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

// How current each is, by the report's own measure, so that both say the same of a feed. Behind the inputs stand the
// feeds that the database does not have and every report misses.
std::vector<advisory::FeedState> states_of(const advisory::Database& database, int64_t max_age) {
  return advisory::input_states(database, now(), max_age);
}

std::string info_text(const advisory::OpenedDatabase& opened, int64_t max_age) {
  const advisory::Database& database = *opened.database;
  std::string text =
      fmt::format("{}{}\n{} records about {} vulnerabilities, {:.1f} MB, sha256 {}\n\n", printable(opened.path),
                  opened.origin == advisory::Origin::kSnapshot ? " (the snapshot that came with the program)" : "",
                  database.total_records(), database.vulnerabilities(),
                  static_cast<double>(database.bytes().size()) / 1e6, database.checksum());
  text += fmt::format("{:<24} {:<11} {:<11} {:>9} {:>9} {:<8} {}\n", "FEED", "DATE", "FETCHED", "RECORDS", "AGE", "",
                      "LICENCE");
  size_t behind = 0;
  std::string incomplete;
  const std::vector<advisory::FeedState> states = states_of(database, max_age);
  for (size_t i = 0; i < states.size(); ++i) {
    const advisory::FeedState& state = states[i];
    behind += state.stale ? 1 : 0;
    text += fmt::format("{:<24} {:<11} {:<11} {:>9} {:>9} {:<8} {}\n", printable(state.name),
                        printable(state.date.substr(0, 10)), printable(state.fetched.substr(0, 10)),
                        i < database.feeds() ? database.feed(i).records : 0,
                        state.age_days ? fmt::format("{} days", *state.age_days) : "unknown",
                        state.missing ? "missing" : (state.stale ? "stale" : ""), printable(state.licence));
    if (!state.incomplete.empty())
      incomplete += fmt::format("{}: {}\n", printable(state.name), printable(state.incomplete));
  }
  if (!incomplete.empty()) text += fmt::format("\nIncomplete:\n{}", incomplete);
  if (behind > 0) {
    text += fmt::format("\n{} of {} feeds are stale or missing: fetch them with `bulkhead db update`\n", behind,
                        states.size());
  }
  return text;
}

void write_strings(json::Writer& w, std::string_view key, const std::vector<std::string>& texts) {
  w.key(key);
  w.begin_array();
  for (const std::string& text : texts) w.string(text);
  w.end_array();
}

std::string info_json(const advisory::OpenedDatabase& opened, int64_t max_age) {
  const advisory::Database& database = *opened.database;
  json::Writer w;
  w.begin_object();
  w.member("path", opened.path);
  w.member("snapshot", opened.origin == advisory::Origin::kSnapshot);
  w.member("sha256", database.checksum());
  w.key("size");
  w.unsigned_integer(database.bytes().size());
  w.key("records");
  w.unsigned_integer(database.total_records());
  w.key("vulnerabilities");
  w.unsigned_integer(database.vulnerabilities());
  w.key("feeds");
  w.begin_array();
  const std::vector<advisory::FeedState> states = states_of(database, max_age);
  for (size_t i = 0; i < states.size(); ++i) {
    const advisory::FeedState& state = states[i];
    const auto feed = i < database.feeds() ? std::optional(database.feed(i)) : std::nullopt;
    w.begin_object();
    w.member("name", state.name);
    w.member("url", feed ? feed->url : "");
    w.member("licence", state.licence);
    w.member("attribution", state.attribution);
    w.member("date", state.date);
    w.member("fetched", state.fetched);
    w.member("sha256", feed ? to_hex(feed->sha256) : "");
    w.key("age_days");
    if (state.age_days) {
      w.integer(*state.age_days);
    } else {
      w.null();
    }
    w.member("stale", state.stale);
    w.member("missing", state.missing);
    w.member_if("incomplete", state.incomplete);
    w.key("records");
    w.unsigned_integer(feed ? feed->records : 0);
    write_strings(w, "ecosystems", feed ? feed->ecosystems.to_vector() : std::vector<std::string>());
    write_strings(w, "covers", feed ? feed->covers.to_vector() : std::vector<std::string>());
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

// What was damaged since it was put in place: scans read only what they look up.
Status verified(const advisory::OpenedDatabase& opened) {
  auto status = opened.database->verify();
  if (status) return {};
  Error error = std::move(status).error().with_context(opened.path);
  if (opened.origin != advisory::Origin::kSnapshot) return fail(std::move(error));
  return fail(std::move(error).with_remedy(
      "remove the folder snapshot in the cache (--cache-dir): the snapshot is unpacked again"));
}

class DbInfoCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    add_database_flag(flags, database_);
    add_cache_dir_flag(flags, cache_dir_, "where the database is kept");
    add_feed_age_flag(flags, max_feed_age_days_);
    flags.add_switch({.names = "--json", .help = "for machines"}, json_);
    flags.add_switch({.names = "--verify", .help = "read all of the database first, and fail if its checksum differs"},
                     verify_);
    add_database_limit(flags, limits_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(const advisory::OpenedDatabase opened,
               advisory::open_database(store_paths(database_, cache_dir_), limits_));
    if (verify_) TRY(verified(opened));
    const int64_t max_age = max_feed_age_days_ ? *max_feed_age_days_ : advisory::MatchOptions().max_feed_age_days;
    TRY(write_standard_output(json_ ? info_json(opened, max_age) : info_text(opened, max_age)));
    return kSuccess;
  }

 private:
  std::string database_;
  std::string cache_dir_;
  std::optional<uint32_t> max_feed_age_days_;
  bool json_ = false;
  bool verify_ = false;
  advisory::StoreLimits limits_;
};

}  // namespace

CommandInfo db_info_command() {
  return {.name = "db info",
          .summary = "what is in the database, and how old each feed is",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<DbInfoCommand>(); }};
}

}  // namespace bulkhead::cli
