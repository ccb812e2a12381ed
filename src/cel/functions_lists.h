// What the functions of lists and sets do. Their contract is that of cel/functions.h.
#pragma once

#include "cel/functions.h"

namespace bulkhead::cel {

Value fn_distinct(Context& context, std::span<const Value> arguments);
Value fn_flatten(Context& context, std::span<const Value> arguments);
Value fn_slice(Context& context, std::span<const Value> arguments);
Value fn_sort(Context& context, std::span<const Value> arguments);
Value fn_reverse(Context& context, std::span<const Value> arguments);
Value fn_first(Context& context, std::span<const Value> arguments);
Value fn_last(Context& context, std::span<const Value> arguments);
Value fn_range(Context& context, std::span<const Value> arguments);
Value fn_set_contains(Context& context, std::span<const Value> arguments);
Value fn_set_equivalent(Context& context, std::span<const Value> arguments);
Value fn_set_intersects(Context& context, std::span<const Value> arguments);

}  // namespace bulkhead::cel
