// Which feeds an answer about some ecosystems rests on, and how old they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/database.h"
#include "advisory/finding.h"

namespace bulkhead::advisory {

// One input of a database, for an ecosystem or none. It is missing when the database only names it: an update could not
// fetch it.
FeedState feed_state(const FeedView& feed, std::string_view ecosystem, std::string_view now, int64_t max_age_days);

// One state for each feed and ecosystem (of several inputs, the one that is furthest
// behind; an extract beside the whole does not count), one `missing` state for
// each ecosystem that no feed covers, and one for each feed about ids that there is, in the database or not. A feed is
// as fresh as the later of its data and the day it was fetched, since a publisher that has nothing new to say changes
// no date. Sorted by ecosystem, then name.
std::vector<FeedState> feed_states(const Database& database, const std::vector<std::string>& ecosystems,
                                   std::string_view now, int64_t max_age_days);

// One state for each input of the database, in its order and for no ecosystem, incomplete for any reason that holds for
// one of its own; behind them one `missing` state for each feed about ids of which there is no input.
std::vector<FeedState> input_states(const Database& database, std::string_view now, int64_t max_age_days);

// What findings lack when the feed is missing ("known exploitation"); empty for feeds that are not about ids.
std::string_view lacking_without(const FeedState& state);

}  // namespace bulkhead::advisory
