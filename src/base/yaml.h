// YAML in, as a JSON document: one value type for both, read through json::Value. Source: YAML 1.2.2.
//
// The stream must hold exactly one document. Mapping keys become strings as they are written; anchors and aliases are
// copied (the copies count against max_nodes); tags other than the core schema's are ignored. Trust of the input: none.
// kMalformed names line and column; kLimitExceeded names the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/document_options.h"
#include "base/json.h"
#include "base/result.h"

namespace bulkhead::yaml {

enum class Scalars : uint8_t {
  kText,   // every scalar is a string, as written, except null: versions like 1.10 stay what they are
  kTyped,  // YAML 1.2 core schema: plain true, 12, 1.5 become boolean, integer, number; quoted ones stay strings
};

struct Limits {
  size_t max_bytes = size_t{8} << 20;
  size_t max_depth = 64;
  size_t max_nodes = 4'000'000;  // no option raises it, which its error says
  DocumentOptions options{};
};

Result<json::Document> parse(std::string_view text, Scalars scalars, const Limits& limits = {});

}  // namespace bulkhead::yaml
