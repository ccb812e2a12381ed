// From the table of feeds to what is fetched.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/match_rules.h"
#include "advisory/update.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

constexpr std::string_view kYear = "{year}";
constexpr std::string_view kRelease = "{release}";
constexpr std::string_view kNumber = "{number}";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// Whether the download is for this key, and not better served by another one of its feed.
bool is_for(const Feed& feed, const Download& download, std::string_view key) {
  if (download.ecosystem == key) return true;
  const Family* family = family_of(key);
  if (family == nullptr || !download.ecosystem.ends_with(":*")) return false;
  if (download.ecosystem.substr(0, download.ecosystem.size() - 2) != family->name) return false;
  if (std::ranges::find(feed.downloads, key, &Download::ecosystem) != feed.downloads.end()) return false;
  const std::string_view release = release_of(key);
  return !download.url.contains(kNumber) || (!release.empty() && is_digit(release.front()));
}

class Planner {
 public:
  explicit Planner(std::string_view now) : year_(parse_decimal(now.substr(0, 4)).value_or(0)) {}

  void plan(const Feed& feed, const Download& download, std::string_view key) {
    std::string url(download.url);
    const std::string_view release = release_of(key);
    replace_all(url, kRelease, release);
    replace_all(url, kNumber, release);
    replace_all(url, "{major}", release.substr(0, release.find('.')));
    const bool covers = !key.empty() && (download.ecosystem == key || download.url.contains(kRelease) ||
                                         download.url.contains(kNumber));
    if (!url.contains(kYear)) {
      add(feed, download.fetch, std::move(url), key, covers);
      return;
    }
    for (uint64_t year = kFirstFeedYear; year <= year_; ++year) {
      std::string of_year = url;
      replace_all(of_year, kYear, fmt::format("{}", year));
      add(feed, download.fetch, std::move(of_year), key, covers);
    }
  }

  std::vector<PlannedDownload> take() && { return std::move(plans_); }

 private:
  void add(const Feed& feed, Fetch fetch, std::string url, std::string_view key, bool covers) {
    auto place = std::ranges::find_if(
        plans_, [&](const PlannedDownload& each) { return each.feed == &feed && each.url == url; });
    if (place == plans_.end()) {
      plans_.push_back({.feed = &feed, .fetch = fetch, .url = std::move(url)});
      place = plans_.end() - 1;
    }
    if (!key.empty()) place->wanted_by.emplace_back(key);
    if (covers) place->covers.emplace_back(key);
  }

  const uint64_t year_;
  std::vector<PlannedDownload> plans_;
};

}  // namespace

std::vector<PlannedDownload> plan_downloads(const std::vector<std::string>& ecosystems, std::string_view now) {
  Planner planner(now);
  const std::vector<std::string> consulted = with_disclosures(ecosystems);
  for (const Feed* feed : all_feeds()) {
    for (const Download& download : feed->downloads) {
      if (download.ecosystem.empty()) planner.plan(*feed, download, {});
      for (const std::string& key : feed->supplements ? ecosystems : consulted) {
        if (is_for(*feed, download, key)) planner.plan(*feed, download, key);
      }
    }
  }
  return std::move(planner).take();
}

std::vector<std::string> with_disclosures(const std::vector<std::string>& ecosystems) {
  std::set<std::string> all(ecosystems.begin(), ecosystems.end());
  for (const std::string& key : ecosystems) {
    const Family* family = family_of(key);
    const FamilyRules* rules = family == nullptr ? nullptr : rules_of(family->name);
    if (rules == nullptr || rules->disclosures.empty()) continue;
    if (auto other = ecosystem_key(rules->disclosures, release_of(key))) all.insert(*std::move(other));
  }
  return {all.begin(), all.end()};
}

}  // namespace bulkhead::advisory
