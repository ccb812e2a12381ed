// What the standard definitions do. Their contract is that of cel/functions.h.
#pragma once

#include <string>

#include "cel/functions.h"

namespace bulkhead::cel {

Value fn_equal(Context& context, std::span<const Value> arguments);
Value fn_not_equal(Context& context, std::span<const Value> arguments);
Value fn_less(Context& context, std::span<const Value> arguments);
Value fn_less_or_equal(Context& context, std::span<const Value> arguments);
Value fn_greater(Context& context, std::span<const Value> arguments);
Value fn_greater_or_equal(Context& context, std::span<const Value> arguments);
Value fn_not(Context& context, std::span<const Value> arguments);
Value fn_negate(Context& context, std::span<const Value> arguments);
Value fn_add(Context& context, std::span<const Value> arguments);
Value fn_subtract(Context& context, std::span<const Value> arguments);
Value fn_multiply(Context& context, std::span<const Value> arguments);
Value fn_divide(Context& context, std::span<const Value> arguments);
Value fn_modulo(Context& context, std::span<const Value> arguments);
Value fn_in(Context& context, std::span<const Value> arguments);
Value fn_size(Context& context, std::span<const Value> arguments);
Value fn_int(Context& context, std::span<const Value> arguments);
Value fn_uint(Context& context, std::span<const Value> arguments);
Value fn_double(Context& context, std::span<const Value> arguments);
Value fn_string(Context& context, std::span<const Value> arguments);
Value fn_bytes(Context& context, std::span<const Value> arguments);
Value fn_bool(Context& context, std::span<const Value> arguments);
Value fn_timestamp(Context& context, std::span<const Value> arguments);
Value fn_duration(Context& context, std::span<const Value> arguments);
Value fn_dyn(Context& context, std::span<const Value> arguments);
Value fn_type(Context& context, std::span<const Value> arguments);
Value fn_full_year(Context& context, std::span<const Value> arguments);
Value fn_month(Context& context, std::span<const Value> arguments);
Value fn_date(Context& context, std::span<const Value> arguments);
Value fn_day_of_month(Context& context, std::span<const Value> arguments);
Value fn_day_of_week(Context& context, std::span<const Value> arguments);
Value fn_day_of_year(Context& context, std::span<const Value> arguments);
Value fn_hours(Context& context, std::span<const Value> arguments);
Value fn_minutes(Context& context, std::span<const Value> arguments);
Value fn_seconds(Context& context, std::span<const Value> arguments);
Value fn_milliseconds(Context& context, std::span<const Value> arguments);

std::string double_text(double number);  // as string() gives it

}  // namespace bulkhead::cel
