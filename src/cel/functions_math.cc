// The extension `math`.
#include "cel/functions_math.h"

#include <algorithm>
#include <cmath>

namespace bulkhead::cel {
namespace {

using Arguments = std::span<const Value>;

Value extreme(Arguments arguments, Order wanted) {
  if (arguments.size() == 1 && arguments[0].is(Kind::kList)) arguments = arguments[0].as_list();
  if (arguments.empty()) return Value::error("an empty list has no least and no greatest element");
  if (!std::ranges::all_of(arguments, [](const Value& value) { return value.is_numeric(); })) return no_such_overload();
  Value best = arguments[0];
  for (const Value& each : arguments.subspan(1)) {
    if (compare(each, best) == wanted) best = each;
  }
  return best;
}

template <typename Change>
Value changed_double(Arguments arguments, Change change) {
  return arguments[0].is(Kind::kDouble) ? Value::number(change(arguments[0].as_double())) : no_such_overload();
}

template <typename Test>
Value tested_double(Arguments arguments, Test test) {
  return arguments[0].is(Kind::kDouble) ? Value::boolean(test(arguments[0].as_double())) : no_such_overload();
}

template <typename Combine>
Value combined_bits(Arguments arguments, Combine combine) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (a.is(Kind::kInt) && b.is(Kind::kInt)) {
    return Value::integer(
        static_cast<int64_t>(combine(static_cast<uint64_t>(a.as_int()), static_cast<uint64_t>(b.as_int()))));
  }
  if (a.is(Kind::kUint) && b.is(Kind::kUint)) return Value::unsigned_integer(combine(a.as_uint(), b.as_uint()));
  return no_such_overload();
}

// Shifts move zeros in, also from the left, and by 64 and more leave nothing.
template <typename Shift>
Value shifted(Arguments arguments, Shift shift) {
  const Value& value = arguments[0];
  if (!arguments[1].is(Kind::kInt) || (!value.is(Kind::kInt) && !value.is(Kind::kUint))) return no_such_overload();
  const int64_t by = arguments[1].as_int();
  if (by < 0) return Value::error("a shift by less than nothing");
  const uint64_t bits = value.is(Kind::kInt) ? static_cast<uint64_t>(value.as_int()) : value.as_uint();
  const uint64_t result = by > 63 ? 0 : shift(bits, static_cast<unsigned>(by));
  return value.is(Kind::kInt) ? Value::integer(static_cast<int64_t>(result)) : Value::unsigned_integer(result);
}

}  // namespace

Value fn_greatest(Context& /*context*/, Arguments arguments) {
  return extreme(arguments, Order::kGreater);
}
Value fn_least(Context& /*context*/, Arguments arguments) {
  return extreme(arguments, Order::kLess);
}

Value fn_ceil(Context& /*context*/, Arguments arguments) {
  return changed_double(arguments, [](double d) { return std::ceil(d); });
}
Value fn_floor(Context& /*context*/, Arguments arguments) {
  return changed_double(arguments, [](double d) { return std::floor(d); });
}
Value fn_round(Context& /*context*/, Arguments arguments) {
  return changed_double(arguments, [](double d) { return std::round(d); });
}
Value fn_trunc(Context& /*context*/, Arguments arguments) {
  return changed_double(arguments, [](double d) { return std::trunc(d); });
}
Value fn_sqrt(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kInt)) return Value::number(std::sqrt(static_cast<double>(value.as_int())));
  if (value.is(Kind::kUint)) return Value::number(std::sqrt(static_cast<double>(value.as_uint())));
  return changed_double(arguments, [](double d) { return std::sqrt(d); });
}
Value fn_is_nan(Context& /*context*/, Arguments arguments) {
  return tested_double(arguments, [](double d) { return std::isnan(d); });
}
Value fn_is_inf(Context& /*context*/, Arguments arguments) {
  return tested_double(arguments, [](double d) { return std::isinf(d); });
}
Value fn_is_finite(Context& /*context*/, Arguments arguments) {
  return tested_double(arguments, [](double d) { return std::isfinite(d); });
}

Value fn_abs(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kUint)) return value;
  if (value.is(Kind::kInt)) {
    if (value.as_int() == INT64_MIN) return Value::error("integer overflow");
    return Value::integer(std::abs(value.as_int()));
  }
  return changed_double(arguments, [](double d) { return std::fabs(d); });
}

Value fn_sign(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kUint)) return Value::unsigned_integer(value.as_uint() == 0 ? 0 : 1);
  if (value.is(Kind::kInt)) return Value::integer((value.as_int() > 0 ? 1 : 0) - (value.as_int() < 0 ? 1 : 0));
  return changed_double(arguments, [](double d) { return std::isnan(d) || d == 0 ? d : std::copysign(1.0, d); });
}

Value fn_bit_and(Context& /*context*/, Arguments arguments) {
  return combined_bits(arguments, [](uint64_t a, uint64_t b) { return a & b; });
}
Value fn_bit_or(Context& /*context*/, Arguments arguments) {
  return combined_bits(arguments, [](uint64_t a, uint64_t b) { return a | b; });
}
Value fn_bit_xor(Context& /*context*/, Arguments arguments) {
  return combined_bits(arguments, [](uint64_t a, uint64_t b) { return a ^ b; });
}
Value fn_bit_not(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kInt)) return Value::integer(~value.as_int());
  return value.is(Kind::kUint) ? Value::unsigned_integer(~value.as_uint()) : no_such_overload();
}
Value fn_bit_shift_left(Context& /*context*/, Arguments arguments) {
  return shifted(arguments, [](uint64_t bits, unsigned by) { return bits << by; });
}
Value fn_bit_shift_right(Context& /*context*/, Arguments arguments) {
  return shifted(arguments, [](uint64_t bits, unsigned by) { return bits >> by; });
}

}  // namespace bulkhead::cel
