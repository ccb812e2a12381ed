// From the text of an expression to its syntax tree. The text is untrusted.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "cel/syntax.h"

namespace bulkhead::cel {

struct ParseLimits {
  size_t max_bytes = size_t{64} << 10;
  uint32_t max_nodes = 20'000;
  uint32_t max_depth = 200;
};

// kMalformed with line and column; kLimitExceeded. The tree does not move: pointers into it stay good.
Result<std::unique_ptr<const Syntax>> parse(std::string_view text, const ParseLimits& limits = {});

}  // namespace bulkhead::cel
