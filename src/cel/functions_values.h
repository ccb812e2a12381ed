// What the functions of optional values, addresses and encodings do. Their contract is that of cel/functions.h.
#pragma once

#include "cel/functions.h"

namespace bulkhead::cel {

Value fn_optional_none(Context& context, std::span<const Value> arguments);
Value fn_optional_of(Context& context, std::span<const Value> arguments);
Value fn_optional_of_non_zero(Context& context, std::span<const Value> arguments);
Value fn_has_value(Context& context, std::span<const Value> arguments);
Value fn_optional_value(Context& context, std::span<const Value> arguments);
Value fn_optional_or(Context& context, std::span<const Value> arguments);
Value fn_optional_or_value(Context& context, std::span<const Value> arguments);
Value fn_ip(Context& context, std::span<const Value> arguments);
Value fn_cidr(Context& context, std::span<const Value> arguments);
Value fn_is_ip(Context& context, std::span<const Value> arguments);
Value fn_is_cidr(Context& context, std::span<const Value> arguments);
Value fn_ip_is_canonical(Context& context, std::span<const Value> arguments);
Value fn_family(Context& context, std::span<const Value> arguments);
Value fn_is_loopback(Context& context, std::span<const Value> arguments);
Value fn_is_unspecified(Context& context, std::span<const Value> arguments);
Value fn_is_global_unicast(Context& context, std::span<const Value> arguments);
Value fn_is_link_local_unicast(Context& context, std::span<const Value> arguments);
Value fn_is_link_local_multicast(Context& context, std::span<const Value> arguments);
Value fn_contains_ip(Context& context, std::span<const Value> arguments);
Value fn_contains_cidr(Context& context, std::span<const Value> arguments);
Value fn_masked(Context& context, std::span<const Value> arguments);
Value fn_prefix_length(Context& context, std::span<const Value> arguments);
Value fn_base64_encode(Context& context, std::span<const Value> arguments);
Value fn_base64_decode(Context& context, std::span<const Value> arguments);

}  // namespace bulkhead::cel
