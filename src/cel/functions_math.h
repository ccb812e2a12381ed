// What the functions of numbers do. Their contract is that of cel/functions.h.
#pragma once

#include "cel/functions.h"

namespace bulkhead::cel {

Value fn_greatest(Context& context, std::span<const Value> arguments);
Value fn_least(Context& context, std::span<const Value> arguments);
Value fn_ceil(Context& context, std::span<const Value> arguments);
Value fn_floor(Context& context, std::span<const Value> arguments);
Value fn_round(Context& context, std::span<const Value> arguments);
Value fn_trunc(Context& context, std::span<const Value> arguments);
Value fn_sqrt(Context& context, std::span<const Value> arguments);
Value fn_is_nan(Context& context, std::span<const Value> arguments);
Value fn_is_inf(Context& context, std::span<const Value> arguments);
Value fn_is_finite(Context& context, std::span<const Value> arguments);
Value fn_abs(Context& context, std::span<const Value> arguments);
Value fn_sign(Context& context, std::span<const Value> arguments);
Value fn_bit_and(Context& context, std::span<const Value> arguments);
Value fn_bit_or(Context& context, std::span<const Value> arguments);
Value fn_bit_xor(Context& context, std::span<const Value> arguments);
Value fn_bit_not(Context& context, std::span<const Value> arguments);
Value fn_bit_shift_left(Context& context, std::span<const Value> arguments);
Value fn_bit_shift_right(Context& context, std::span<const Value> arguments);

}  // namespace bulkhead::cel
