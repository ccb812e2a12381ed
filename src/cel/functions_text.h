// What the functions of strings do. Their contract is that of cel/functions.h.
#pragma once

#include "cel/functions.h"

namespace bulkhead::cel {

Value fn_contains(Context& context, std::span<const Value> arguments);
Value fn_starts_with(Context& context, std::span<const Value> arguments);
Value fn_ends_with(Context& context, std::span<const Value> arguments);
Value fn_matches(Context& context, std::span<const Value> arguments);
Value fn_glob(Context& context, std::span<const Value> arguments);
Value fn_char_at(Context& context, std::span<const Value> arguments);
Value fn_index_of(Context& context, std::span<const Value> arguments);
Value fn_last_index_of(Context& context, std::span<const Value> arguments);
Value fn_lower_ascii(Context& context, std::span<const Value> arguments);
Value fn_upper_ascii(Context& context, std::span<const Value> arguments);
Value fn_replace(Context& context, std::span<const Value> arguments);
Value fn_split(Context& context, std::span<const Value> arguments);
Value fn_substring(Context& context, std::span<const Value> arguments);
Value fn_trim(Context& context, std::span<const Value> arguments);
Value fn_join(Context& context, std::span<const Value> arguments);
Value fn_reverse_text(Context& context, std::span<const Value> arguments);
Value fn_quote(Context& context, std::span<const Value> arguments);

}  // namespace bulkhead::cel
