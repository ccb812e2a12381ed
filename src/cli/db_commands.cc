// bulkhead db …
#include <cstdio>

#include <fmt/format.h>

#include "advisory/build.h"
#include "advisory/freshness.h"
#include "advisory/store.h"
#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/databases.h"
#include "cli/environment.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

std::string info_text(const advisory::OpenedDatabase& opened) {
  const advisory::Database& database = *opened.database;
  std::string text =
      fmt::format("{}{}\n{} records about {} vulnerabilities, {:.1f} MB, sha256 {}\n\n", printable(opened.path),
                  opened.origin == advisory::Origin::kSnapshot ? " (the snapshot that came with the program)" : "",
                  database.total_records(), database.vulnerabilities(),
                  static_cast<double>(database.bytes().size()) / 1e6, database.checksum());
  text += fmt::format("{:<24} {:<11} {:>9} {:>9}  {}\n", "FEED", "DATE", "RECORDS", "AGE", "LICENCE");
  const std::string today = now();
  for (size_t i = 0; i < database.feeds(); ++i) {
    const advisory::FeedView feed = database.feed(i);
    const auto age = advisory::age_in_days(feed.date, today);
    text += fmt::format("{:<24} {:<11} {:>9} {:>9}  {}\n", printable(feed.name), printable(feed.date.substr(0, 10)),
                        feed.records, age ? fmt::format("{} days", *age) : "unknown", printable(feed.licence));
  }
  return text;
}

std::string info_json(const advisory::OpenedDatabase& opened) {
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
  for (size_t i = 0; i < database.feeds(); ++i) {
    const advisory::FeedView feed = database.feed(i);
    w.begin_object();
    w.member("name", feed.name);
    w.member("url", feed.url);
    w.member("licence", feed.licence);
    w.member("attribution", feed.attribution);
    w.member("date", feed.date);
    w.member("fetched", feed.fetched);
    w.member("sha256", to_hex(feed.sha256));
    w.key("records");
    w.unsigned_integer(feed.records);
    w.key("ecosystems");
    w.begin_array();
    for (size_t e = 0; e < feed.ecosystems.size(); ++e) w.string(feed.ecosystems[e]);
    w.end_array();
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

}  // namespace

Result<int> run_command(const DbBuildArguments& arguments, const std::stop_token& /*stop*/) {
  advisory::BuildOptions options;
  options.from = arguments.from;
  options.manifest = arguments.manifest;
  options.only_shippable = arguments.only_shippable;
  TRY_ASSIGN(const advisory::BuildResult built, advisory::build_database(options));
  for (const advisory::FailedDocument& failed : built.failed) {
    fmt::print(stderr, "warning: {}: left out: {}\n", printable(failed.path), printable(failed.error.to_string()));
  }
  if (built.failures > built.failed.size()) {
    fmt::print(stderr, "warning: {} more documents were left out\n", built.failures - built.failed.size());
  }
  TRY(advisory::install_database(built.database, arguments.output));
  return kSuccess;
}

Result<int> run_command(const DbInfoArguments& arguments, const std::stop_token& /*stop*/) {
  TRY_ASSIGN(const advisory::OpenedDatabase opened,
             advisory::open_database(store_paths(arguments.database, arguments.cache_dir)));
  TRY(write_standard_output(arguments.json ? info_json(opened) : info_text(opened)));
  return kSuccess;
}

Result<int> run_command(const DbExportArguments& arguments, const std::stop_token& /*stop*/) {
  TRY_ASSIGN(const advisory::OpenedDatabase opened,
             advisory::open_database(store_paths(arguments.database, arguments.cache_dir)));
  TRY(advisory::export_database(*opened.database, arguments.file));
  return kSuccess;
}

Result<int> run_command(const DbImportArguments& arguments, const std::stop_token& /*stop*/) {
  TRY(advisory::import_database(arguments.file, cache_directory(arguments.cache_dir)));
  return kSuccess;
}

}  // namespace bulkhead::cli
