// What the process's surroundings say: variables, the user's folders, the clock. Only here.
#pragma once

#include <string>

#include "base/environment.h"

namespace bulkhead::cli {

// The process's own variables.
Environment process_environment();

// `chosen` when it is not empty; else $XDG_CACHE_HOME/bulkhead, else ~/.cache/bulkhead, also when $HOME is not set; a
// relative path in either variable is ignored (XDG Base Directory Specification 0.8, "Basics"); else (the user has no
// home) the private_directory() /var/tmp/bulkhead-<uid>.
std::string cache_directory(const std::string& chosen);

// What must outlive a cache: $XDG_DATA_HOME/bulkhead, else ~/.local/share/bulkhead, with the rules of
// cache_directory().
std::string data_directory();
// In it: private keys (keys/key_store.h), and what was seen of trust repositories (trust/freshness_map.h).
std::string key_store_directory();
std::string trust_directory();

// `wanted`, made (0700) when it is missing; when it is not this user's alone, a new folder beside it: what others have
// put there, in a name that everybody can foresee, must not be believed.
std::string private_directory(std::string wanted);

// The present as RFC 3339 in UTC: "2026-11-22T10:40:00Z".
std::string now();

// SOURCE_DATE_EPOCH (reproducible-builds.org) as RFC 3339; empty when it is not set.
std::string source_date();

}  // namespace bulkhead::cli
