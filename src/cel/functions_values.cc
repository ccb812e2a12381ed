// Optional values, network addresses, and Base64.
#include "cel/functions_values.h"

#include <new>

#include "base/base64.h"
#include "cel/network.h"

namespace bulkhead::cel {
namespace {

using Arguments = std::span<const Value>;

Value kept_address(Context& context, const Address& address, Value (*make)(const Address*)) {
  auto* kept = context.arena.allocate<Address>(1);
  if (kept == nullptr) return out_of_memory();
  *kept = address;
  return make(kept);
}

template <bool (*Test)(const Address&)>
Value tested_address(Arguments arguments) {
  return arguments[0].is(Kind::kIp) ? Value::boolean(Test(arguments[0].as_address())) : no_such_overload();
}

}  // namespace

Value fn_optional_none(Context& /*context*/, Arguments /*arguments*/) {
  return Value::none();
}

Value fn_optional_of(Context& context, Arguments arguments) {
  auto* kept = context.arena.allocate<Value>(1);
  if (kept == nullptr) return out_of_memory();
  return Value::optional(new (kept) Value(arguments[0]));
}

Value fn_optional_of_non_zero(Context& context, Arguments arguments) {
  return is_zero_value(arguments[0]) ? Value::none() : fn_optional_of(context, arguments);
}

Value fn_has_value(Context& /*context*/, Arguments arguments) {
  return arguments[0].is(Kind::kOptional) ? Value::boolean(arguments[0].as_optional() != nullptr) : no_such_overload();
}

Value fn_optional_value(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kOptional)) return no_such_overload();
  return arguments[0].as_optional() != nullptr ? *arguments[0].as_optional()
                                               : Value::error("optional.none() has no value");
}

Value fn_optional_or(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kOptional)) return no_such_overload();
  if (arguments[0].as_optional() != nullptr) return arguments[0];
  return arguments[1].is(Kind::kOptional) || arguments[1].is_error() ? arguments[1] : no_such_overload();
}

Value fn_optional_or_value(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kOptional)) return no_such_overload();
  return arguments[0].as_optional() != nullptr ? *arguments[0].as_optional() : arguments[1];
}

Value fn_ip(Context& context, Arguments arguments) {
  if (arguments[0].is(Kind::kIp)) return arguments[0];
  if (arguments[0].is(Kind::kCidr)) {
    Address address = arguments[0].as_address();
    address.prefix = 0;
    return kept_address(context, address, Value::ip);
  }
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  const auto address = parse_address(arguments[0].as_text());
  return address ? kept_address(context, *address, Value::ip) : Value::error("the text is no IP address");
}

Value fn_cidr(Context& context, Arguments arguments) {
  if (arguments[0].is(Kind::kCidr)) return arguments[0];
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  const auto network = parse_network(arguments[0].as_text());
  return network ? kept_address(context, *network, Value::cidr)
                 : Value::error("the text is no network like 10.0.0.0/8");
}

Value fn_is_ip(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  return Value::boolean(parse_address(arguments[0].as_text()).has_value());
}

Value fn_is_cidr(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  return Value::boolean(parse_network(arguments[0].as_text()).has_value());
}

Value fn_ip_is_canonical(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  const auto address = parse_address(arguments[0].as_text());
  if (!address) return Value::error("the text is no IP address");
  return Value::boolean(address_text(*address) == arguments[0].as_text());
}

Value fn_family(Context& /*context*/, Arguments arguments) {
  return arguments[0].is(Kind::kIp) ? Value::integer(arguments[0].as_address().length == 4 ? 4 : 6)
                                    : no_such_overload();
}

Value fn_is_loopback(Context& /*context*/, Arguments arguments) {
  return tested_address<is_loopback>(arguments);
}
Value fn_is_unspecified(Context& /*context*/, Arguments arguments) {
  return tested_address<is_unspecified>(arguments);
}
Value fn_is_global_unicast(Context& /*context*/, Arguments arguments) {
  return tested_address<is_global_unicast>(arguments);
}
Value fn_is_link_local_unicast(Context& /*context*/, Arguments arguments) {
  return tested_address<is_link_local_unicast>(arguments);
}
Value fn_is_link_local_multicast(Context& /*context*/, Arguments arguments) {
  return tested_address<is_link_local_multicast>(arguments);
}

Value fn_contains_ip(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kCidr)) return no_such_overload();
  const Value address = fn_ip(context, arguments.subspan(1));
  if (address.is_error()) return address;
  return Value::boolean(contains_address(arguments[0].as_address(), address.as_address()));
}

Value fn_contains_cidr(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kCidr)) return no_such_overload();
  const Value network = fn_cidr(context, arguments.subspan(1));
  if (network.is_error()) return network;
  return Value::boolean(contains_network(arguments[0].as_address(), network.as_address()));
}

Value fn_masked(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kCidr)) return no_such_overload();
  return kept_address(context, masked(arguments[0].as_address()), Value::cidr);
}

Value fn_prefix_length(Context& /*context*/, Arguments arguments) {
  return arguments[0].is(Kind::kCidr) ? Value::integer(arguments[0].as_address().prefix) : no_such_overload();
}

Value fn_base64_encode(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kBytes)) return no_such_overload();
  if (!context.charge(arguments[0].as_text().size() / 16)) return out_of_memory();
  return copy_text(context.arena, Kind::kString, base64_encode(as_bytes(arguments[0].as_text())));
}

Value fn_base64_decode(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  std::string padded(arguments[0].as_text());
  if (!context.charge(padded.size() / 16)) return out_of_memory();
  while (padded.size() % 4 != 0 && !padded.ends_with("==")) padded += '=';
  const auto decoded = base64_decode(padded);
  return decoded ? copy_text(context.arena, Kind::kBytes, *decoded) : Value::error("the text is not Base64");
}

}  // namespace bulkhead::cel
