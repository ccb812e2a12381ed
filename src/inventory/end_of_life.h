// When the support of a distribution release ends. The dates are data (data/end-of-life-data.tsv, which names its
// sources and their dates); there is no clock here: the caller compares with the day it asks for. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>

#include "inventory/package.h"

namespace bulkhead::inventory {

struct EndOfLife {
  std::string date;           // last day of general security support, YYYY-MM-DD
  std::string extended;       // last day of longer support that must be asked or paid for; empty when there is none
  std::string extended_name;  // "LTS", "ESM", "ELS", "LTSS"
  std::string source;         // who says so, and the date of what they said
};

// Nothing for an unknown system, a rolling one, or a release whose date is not known. Looks for the release as
// os-release numbers it, then without its last components ("3.19.1", "3.19"), then by code name; where the data has
// nothing, the date that os-release itself gives (SUPPORT_END).
std::optional<EndOfLife> end_of_life(const OperatingSystem& os);

}  // namespace bulkhead::inventory
