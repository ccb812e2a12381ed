// Calls that are no functions: has, all, exists, exists_one, map, filter and their like are written as calls and mean
// loops and bindings. Source: cel-spec, langdef.md, "Macros"; cel-go's extensions of bindings, two-variable
// comprehensions, optionals and blocks.
#pragma once

#include <functional>

#include "base/result.h"
#include "cel/syntax.h"

namespace bulkhead::cel {

// Adds the call as it is, or what it stands for. kMalformed, with the place, for a macro with arguments that it cannot
// have.
Result<NodeId> expand_macro(Syntax& syntax, Node call, const std::function<Result<NodeId>(Node)>& add);

}  // namespace bulkhead::cel
