// TOML in, as a JSON document: one value type for all three, read through json::Value. Source: TOML 1.0.0 (toml.io).
//
// Dates and times become strings as they are written; integers outside of 64 bits are kMalformed, as TOML wants;
// infinities and NaN become null. Redefined keys and tables are kMalformed. Trust of the input: none. Errors name the
// line.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/document_options.h"
#include "base/json.h"
#include "base/result.h"

namespace bulkhead::toml {

struct Limits {
  size_t max_bytes = size_t{64} << 20;
  size_t max_depth = 64;
  size_t max_nodes = 8'000'000;
  DocumentOptions options{};
};

Result<json::Document> parse(std::string_view text, const Limits& limits = {});

}  // namespace bulkhead::toml
