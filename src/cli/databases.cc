#include "cli/databases.h"

#include <cstdio>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/update.h"
#include "base/text.h"
#include "cli/environment.h"

namespace bulkhead::cli {

advisory::StorePaths store_paths(const std::string& named, const std::string& cache_dir) {
  namespace fs = std::filesystem;
  advisory::StorePaths paths{.named = named, .cache_dir = cache_directory(cache_dir), .snapshot_dirs = {}};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path folder = program.parent_path();
    paths.snapshot_dirs.push_back((folder.parent_path() / "share/bulkhead").string());
    // build/<preset>/bin/bulkhead
    const fs::path source = folder.parent_path().parent_path().parent_path();
    if (fs::exists(source / "CMakePresets.json", error)) paths.snapshot_dirs.push_back((source / "data").string());
  }
  paths.snapshot_dirs.emplace_back("/usr/share/bulkhead");
  return paths;
}

std::string feeds_directory(const std::string& chosen, const std::string& cache_dir) {
  return chosen.empty() ? cache_directory(cache_dir) + "/feeds" : chosen;
}

void remember_what_was_met(const scan::ScanResult& result, const std::string& cache_dir) {
  std::set<std::string> met;
  if (auto key = advisory::ecosystem_key(result.image.os)) met.insert(*std::move(key));
  for (const inventory::Package& package : result.packages) {
    if (auto key = advisory::ecosystem_key(package.type)) met.insert(*std::move(key));
  }
  if (met.empty()) return;
  (void)advisory::remember_ecosystems(feeds_directory({}, cache_dir), {met.begin(), met.end()});
}

std::string size_text(uint64_t bytes) {
  return bytes < 1'000'000 ? fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3)
                           : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string written_line(const std::string& file, uint64_t bytes, const advisory::Database& database) {
  std::set<std::string_view> feeds;
  std::set<std::string_view> dates;
  for (size_t i = 0; i < database.feeds(); ++i) {
    const advisory::FeedView feed = database.feed(i);
    feeds.insert(feed.name);
    if (!feed.date.empty()) dates.insert(feed.date.substr(0, 10));
  }
  std::string of;
  if (!dates.empty()) of = fmt::format(" of {}", *dates.begin());
  if (dates.size() > 1) of += fmt::format(" to {}", *dates.rbegin());
  return printable(fmt::format("{}: {}, {} about {} from {}{}", file, size_text(bytes),
                               scan::counted(database.total_records(), "record"),
                               scan::counted(database.vulnerabilities(), "vulnerability", "vulnerabilities"),
                               scan::counted(feeds.size(), "feed"), of)) +
         "\n";
}

std::string one_line(const Error& error) {
  std::string text = printable(error.to_string());
  if (!error.remedy().empty()) text += fmt::format(" ({})", printable(error.remedy()));
  return text;
}

void print_left_out(std::span<const advisory::FailedDocument> failed, uint64_t failures) {
  for (const advisory::FailedDocument& document : failed) {
    fmt::print(stderr, "warning: {}: left out: {}\n", printable(document.path), one_line(document.error));
  }
  if (failures > failed.size()) {
    fmt::print(stderr, "warning: {} more documents were left out\n", failures - failed.size());
  }
}

}  // namespace bulkhead::cli
