// The challenges of a WWW-Authenticate field. Source: RFC 9110 sections 11.2 to 11.6.1 and 5.6.
//
// Exact: what the grammar does not allow is an error, never a guess, because where credentials are sent hangs on it.
// Pure and thread-safe; trust of the input: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bulkhead::net {

struct Challenge {
  std::string scheme;                                           // lower case
  std::string token68;                                          // empty when parameters are given instead
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case, quotes and escapes undone

  std::optional<std::string_view> find(std::string_view name) const;
};

struct ChallengeLimits {
  size_t max_bytes = 16 << 10;
  size_t max_parameters = 64;  // of all challenges together, each scheme counted as well
};

// The challenges of one field value, in order. kMalformed with the offset; a parameter given twice to one challenge is
// malformed too (section 11.2). kLimitExceeded.
Result<std::vector<Challenge>> parse_challenges(std::string_view field_value, const ChallengeLimits& limits = {});

}  // namespace bulkhead::net
