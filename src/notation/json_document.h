// JSON that decides about trust: no object has two members of one name, nor two that differ only in case, which Go
// takes for the same. For the .cc files of this folder only.
#pragma once

#include <string_view>

#include "base/json.h"

namespace bulkhead::notation {

// kMalformed and kLimitExceeded name `what`. Objects called "annotations" may have names that differ in case.
Result<json::Document> parse_unambiguous(std::string_view text, std::string_view what, size_t max_bytes);

}  // namespace bulkhead::notation
