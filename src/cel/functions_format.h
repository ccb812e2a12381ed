// What format() does. Its contract is that of cel/functions.h.
#pragma once

#include "cel/functions.h"

namespace bulkhead::cel {

Value fn_format(Context& context, std::span<const Value> arguments);

}  // namespace bulkhead::cel
