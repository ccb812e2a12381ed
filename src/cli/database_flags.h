// Flags that several commands share beside those of images: the advisory database, the cache, the network, quietness.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "advisory/feed.h"
#include "advisory/store.h"
#include "cli/flags.h"

namespace bulkhead::cli {

// Which database to read.
void add_database_flag(Flags& flags, std::string& file);
void add_database_limit(Flags& flags, advisory::StoreLimits& limits);
void add_feed_age_flag(Flags& flags, std::optional<uint32_t>& days);

// What reading feeds and holding a new database may cost.
struct BuildLimits {
  advisory::FeedLimits feeds;
  advisory::StoreLimits store;
};
void add_build_limits(Flags& flags, BuildLimits& limits);

void add_cache_dir_flag(Flags& flags, std::string& folder, std::string help);
// Each file is looked at: kNotFound, kMalformed when it holds no certificate (not of pipes, which are read only once).
void add_ca_file_flag(Flags& flags, std::vector<std::string>& files, std::string_view group);
void add_quiet_flag(Flags& flags, bool& quiet, std::string help);

}  // namespace bulkhead::cli
