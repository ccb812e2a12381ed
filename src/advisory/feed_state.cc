#include "advisory/feed_state.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "advisory/ecosystem.h"
#include "advisory/feed.h"
#include "advisory/freshness.h"

namespace bulkhead::advisory {
namespace {

void add_reason(std::string& incomplete, std::string_view reason) {
  incomplete += fmt::format("{}{}", incomplete.empty() ? "" : "; ", reason);
}

}  // namespace

FeedState feed_state(const FeedView& feed, std::string_view ecosystem, std::string_view now, int64_t max_age_days) {
  FeedState state;
  state.name = feed.name;
  state.ecosystem = ecosystem;
  state.date = feed.date;
  state.fetched = feed.fetched;
  state.licence = feed.licence;
  state.attribution = feed.attribution;
  // A date that lies ahead is a slip of somebody's pen, and must not keep the data fresh until then; a day is left to
  // the time zones.
  const bool ahead = age_in_days(feed.date, now).value_or(0) < -1;
  state.age_days = age_in_days(ahead ? feed.fetched : later_date(feed.date, feed.fetched), now);
  state.stale = !state.age_days || *state.age_days > max_age_days;
  const bool says_nothing = feed.documents == 0 && feed.records == 0 && feed.vulnerabilities == 0;
  state.covers = feed.covers.contains(ecosystem) || (ecosystem.empty() && find_feed(feed.name) == nullptr);
  if (feed.failed > 0) {
    state.incomplete =
        fmt::format("{} of its {} documents could not be read", feed.failed, feed.failed + feed.documents);
  }
  if (!feed.extract.empty()) {
    add_reason(state.incomplete, fmt::format("an extract: {}", feed.extract));
  }
  state.missing = says_nothing && feed.date.empty() && feed.fetched.empty();
  return state;
}

namespace {

bool further_behind(const FeedState& a, const FeedState& b) {
  if (a.missing != b.missing) return a.missing;
  if (!a.age_days || !b.age_days) return !a.age_days && b.age_days;
  return *a.age_days > *b.age_days;
}

bool only_advisories(std::string_view name) {
  const Feed* feed = find_feed(name);
  return feed != nullptr && feed->only_advisories;
}

// Lists of advisories aside.
bool is_judged_as_a_whole(const Database& database, std::string_view ecosystem) {
  for (uint32_t i = 0; i < database.feeds(); ++i) {
    const FeedView feed = database.feed(i);
    if (feed.covers.contains(ecosystem) && !only_advisories(feed.name)) return true;
  }
  return false;
}

// What a database does not even name could have told something, too.
FeedState absent_feed(const Feed& feed) {
  return {.name = std::string(feed.name),
          .licence = std::string(feed.licence),
          .attribution = std::string(feed.attribution),
          .stale = true,
          .missing = true};
}

// "debian:10, debian:11, debian:12 and 4 more"
std::string some_of(const std::vector<std::string_view>& names) {
  constexpr size_t kNamed = 3;
  const size_t named = std::min(names.size(), kNamed);
  std::string text = fmt::format("{}", fmt::join(std::span(names).first(named), ", "));
  if (names.size() > named) text += fmt::format(" and {} more", names.size() - named);
  return text;
}

}  // namespace

std::vector<FeedState> feed_states(const Database& database, const std::vector<std::string>& ecosystems,
                                   std::string_view now, int64_t max_age_days) {
  std::map<std::pair<std::string, std::string>, FeedState> states;
  // Where a feed is there as a whole, an extract of it takes nothing away.
  const auto is_superseded = [&](const FeedView& feed, std::string_view ecosystem) {
    if (feed.extract.empty()) return false;
    for (uint32_t i = 0; i < database.feeds(); ++i) {
      const FeedView other = database.feed(i);
      if (other.name == feed.name && other.extract.empty() && other.covers.contains(ecosystem) &&
          !feed_state(other, ecosystem, now, max_age_days).missing) {
        return true;
      }
    }
    return false;
  };
  const auto add = [&](uint32_t index, std::string_view ecosystem) {
    FeedState state = feed_state(database.feed(index), ecosystem, now, max_age_days);
    if (is_superseded(database.feed(index), ecosystem)) return;
    const auto [place, fresh] = states.try_emplace({state.ecosystem, state.name}, state);
    if (fresh) return;
    FeedState& known = place->second;
    const bool covers = known.covers || state.covers;
    std::string incomplete = known.incomplete;
    if (!state.incomplete.empty() && !incomplete.contains(state.incomplete)) {
      add_reason(incomplete, state.incomplete);
    }
    if (further_behind(state, known)) known = std::move(state);
    known.covers = covers;
    known.incomplete = std::move(incomplete);
  };
  for (const std::string& key : ecosystems) {
    const auto ecosystem = database.find_ecosystem(key);
    bool covered = false;
    if (ecosystem) {
      for (const uint32_t feed : database.ecosystem_feeds(*ecosystem)) {
        add(feed, key);
        covered = covered || database.feed(feed).covers.contains(key);
      }
    }
    if (!covered) {
      FeedState state{.name = key, .ecosystem = key, .stale = true, .missing = true};
      states.try_emplace({key, key}, std::move(state));
    }
  }
  for (uint32_t i = 0; i < database.feeds(); ++i) {
    if (database.feed(i).ecosystems.empty()) add(i, {});
  }
  for (const Feed* feed : all_feeds()) {
    if (feed->ecosystems.empty()) states.try_emplace({"", std::string(feed->name)}, absent_feed(*feed));
  }
  for (auto& [key, state] : states) {
    if (!state.covers || !only_advisories(state.name) || is_judged_as_a_whole(database, state.ecosystem)) continue;
    add_reason(state.incomplete, "a list of advisories: what has none is not in it");
  }
  std::vector<FeedState> sorted;
  for (auto& [key, state] : states) sorted.push_back(std::move(state));
  return sorted;
}

std::vector<FeedState> input_states(const Database& database, std::string_view now, int64_t max_age_days) {
  std::set<std::string, std::less<>> whole;
  for (uint32_t i = 0; i < database.feeds(); ++i) {
    const FeedView feed = database.feed(i);
    if (only_advisories(feed.name)) continue;
    for (size_t e = 0; e < feed.covers.size(); ++e) whole.emplace(feed.covers[e]);
  }
  std::vector<FeedState> states;
  for (uint32_t i = 0; i < database.feeds(); ++i) {
    const FeedView feed = database.feed(i);
    FeedState& state = states.emplace_back(feed_state(feed, {}, now, max_age_days));
    if (!only_advisories(feed.name)) continue;
    std::vector<std::string_view> alone;
    for (size_t e = 0; e < feed.covers.size(); ++e) {
      if (!whole.contains(feed.covers[e])) alone.push_back(feed.covers[e]);
    }
    if (alone.empty()) continue;
    add_reason(state.incomplete,
               fmt::format("a list of advisories, alone for {}: what has none is not in it", some_of(alone)));
  }
  for (const Feed* feed : all_feeds()) {
    const auto is_there = std::ranges::find(states, feed->name, &FeedState::name) != states.end();
    if (feed->ecosystems.empty() && !is_there) states.push_back(absent_feed(*feed));
  }
  return states;
}

std::string_view lacking_without(const FeedState& state) {
  const Feed* feed = find_feed(state.name);
  return feed == nullptr ? std::string_view() : feed->tells;
}

}  // namespace bulkhead::advisory
