#include "advisory/feed_state.h"

#include <algorithm>
#include <map>
#include <utility>

#include "advisory/ecosystem.h"
#include "advisory/freshness.h"

namespace bulkhead::advisory {

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
  state.missing = says_nothing && feed.date.empty() && feed.fetched.empty();
  return state;
}

namespace {

bool further_behind(const FeedState& a, const FeedState& b) {
  if (a.missing != b.missing) return a.missing;
  if (!a.age_days || !b.age_days) return !a.age_days && b.age_days;
  return *a.age_days > *b.age_days;
}

}  // namespace

std::vector<FeedState> feed_states(const Database& database, const std::vector<std::string>& ecosystems,
                                   std::string_view now, int64_t max_age_days) {
  std::map<std::pair<std::string, std::string>, FeedState> states;
  const auto add = [&](uint32_t index, std::string_view ecosystem) {
    FeedState state = feed_state(database.feed(index), ecosystem, now, max_age_days);
    const auto [place, fresh] = states.try_emplace({state.ecosystem, state.name}, state);
    if (!fresh && further_behind(state, place->second)) place->second = std::move(state);
  };
  for (const std::string& key : ecosystems) {
    const auto ecosystem = database.find_ecosystem(key);
    if (!ecosystem) {
      FeedState state{.name = key, .ecosystem = key, .stale = true, .missing = true};
      states.try_emplace({key, key}, std::move(state));
      continue;
    }
    for (const uint32_t feed : database.ecosystem_feeds(*ecosystem)) add(feed, key);
  }
  for (uint32_t i = 0; i < database.feeds(); ++i) {
    if (database.feed(i).ecosystems.empty()) add(i, {});
  }
  std::vector<FeedState> sorted;
  for (auto& [key, state] : states) sorted.push_back(std::move(state));
  return sorted;
}

}  // namespace bulkhead::advisory
