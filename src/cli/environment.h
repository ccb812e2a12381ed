// What the process's surroundings say: variables, the user's folders, the clock. Only here.
#pragma once

#include <string>

#include "base/environment.h"

namespace bulkhead::cli {

// The process's own variables.
Environment process_environment();

// `chosen` when it is not empty; else $XDG_CACHE_HOME/bulkhead, else ~/.cache/bulkhead, else (no home) a folder of the
// user's own under the system's temporary folder.
std::string cache_directory(const std::string& chosen);

// The present as RFC 3339 in UTC: "2026-11-22T10:40:00Z".
std::string now();

// SOURCE_DATE_EPOCH (reproducible-builds.org) as RFC 3339; empty when it is not set.
std::string source_date();

}  // namespace bulkhead::cli
