// Operators, sizes, conversions, and the parts of times.
#include "cel/functions_standard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "cel/network.h"
#include "cel/time_text.h"
#include "cel/utf8.h"

namespace bulkhead::cel {
namespace {

using Arguments = std::span<const Value>;

Value overflow() {
  return Value::error("integer overflow");
}
Value out_of_range() {
  return Value::error("value out of range");
}
Value time_out_of_range() {
  return Value::error("timestamp or duration out of range");
}

bool both(Arguments arguments, Kind kind) {
  return arguments[0].is(kind) && arguments[1].is(kind);
}

Value checked(std::optional<Time> time, Value (*make)(Time)) {
  return time ? make(*time) : time_out_of_range();
}

Value concatenated_text(Context& context, const Value& a, const Value& b) {
  const std::string_view x = a.as_text();
  const std::string_view y = b.as_text();
  if (!context.charge((x.size() + y.size()) / 16)) return out_of_memory();
  char* text = context.arena.allocate<char>(x.size() + y.size());
  if (text == nullptr || x.size() + y.size() > kMaxSize) return out_of_memory();
  std::ranges::copy(x, text);
  std::ranges::copy(y, text + x.size());
  const std::string_view joined(text, x.size() + y.size());
  return a.is(Kind::kString) ? Value::string(joined) : Value::bytes(joined);
}

Value concatenated_lists(Context& context, const Value& a, const Value& b) {
  const size_t size = a.as_list().size() + b.as_list().size();
  if (a.as_list().empty()) return b;
  if (b.as_list().empty()) return a;
  Value* elements = new_elements(context, size);
  if (elements == nullptr) return out_of_memory();
  std::ranges::copy(b.as_list(), std::ranges::copy(a.as_list(), elements).out);
  return Value::list({elements, size});
}

template <auto Wanted, auto OrElse>
Value ordered(Context& /*context*/, Arguments arguments) {
  if (!comparable(arguments[0], arguments[1])) return no_such_overload();
  const Order order = compare(arguments[0], arguments[1]);
  return Value::boolean(order == Wanted || order == OrElse);
}

}  // namespace

Value fn_equal(Context& context, Arguments arguments) {
  if (!charge_comparison(context, arguments[0], arguments[1])) return out_of_memory();
  return Value::boolean(equal(arguments[0], arguments[1]));
}
Value fn_not_equal(Context& context, Arguments arguments) {
  if (!charge_comparison(context, arguments[0], arguments[1])) return out_of_memory();
  return Value::boolean(!equal(arguments[0], arguments[1]));
}
Value fn_less(Context& context, Arguments arguments) {
  return ordered<Order::kLess, Order::kLess>(context, arguments);
}
Value fn_less_or_equal(Context& context, Arguments arguments) {
  return ordered<Order::kLess, Order::kEqual>(context, arguments);
}
Value fn_greater(Context& context, Arguments arguments) {
  return ordered<Order::kGreater, Order::kGreater>(context, arguments);
}
Value fn_greater_or_equal(Context& context, Arguments arguments) {
  return ordered<Order::kGreater, Order::kEqual>(context, arguments);
}

Value fn_not(Context& /*context*/, Arguments arguments) {
  return arguments[0].is(Kind::kBool) ? Value::boolean(!arguments[0].as_bool()) : no_such_overload();
}

Value fn_negate(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kDouble)) return Value::number(-value.as_double());
  if (!value.is(Kind::kInt)) return no_such_overload();
  return value.as_int() == INT64_MIN ? overflow() : Value::integer(-value.as_int());
}

Value fn_add(Context& context, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (a.is(Kind::kTimestamp) && b.is(Kind::kDuration)) {
    return checked(add_to_timestamp(a.as_time(), b.as_time()), Value::timestamp);
  }
  if (a.is(Kind::kDuration) && b.is(Kind::kTimestamp)) {
    return checked(add_to_timestamp(b.as_time(), a.as_time()), Value::timestamp);
  }
  if (a.kind() != b.kind()) return no_such_overload();
  switch (a.kind()) {
    case Kind::kInt: {
      int64_t sum = 0;
      return __builtin_add_overflow(a.as_int(), b.as_int(), &sum) ? overflow() : Value::integer(sum);
    }
    case Kind::kUint: {
      uint64_t sum = 0;
      return __builtin_add_overflow(a.as_uint(), b.as_uint(), &sum) ? overflow() : Value::unsigned_integer(sum);
    }
    case Kind::kDouble:
      return Value::number(a.as_double() + b.as_double());
    case Kind::kString:
    case Kind::kBytes:
      return concatenated_text(context, a, b);
    case Kind::kList:
      return concatenated_lists(context, a, b);
    case Kind::kDuration:
      return checked(add_durations(a.as_time(), b.as_time()), Value::duration);
    default:
      return no_such_overload();
  }
}

Value fn_subtract(Context& /*context*/, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (a.is(Kind::kTimestamp) && b.is(Kind::kDuration)) {
    return checked(add_to_timestamp(a.as_time(), negated(b.as_time())), Value::timestamp);
  }
  if (a.kind() != b.kind()) return no_such_overload();
  switch (a.kind()) {
    case Kind::kInt: {
      int64_t difference = 0;
      return __builtin_sub_overflow(a.as_int(), b.as_int(), &difference) ? overflow() : Value::integer(difference);
    }
    case Kind::kUint: {
      uint64_t difference = 0;
      return __builtin_sub_overflow(a.as_uint(), b.as_uint(), &difference) ? overflow()
                                                                           : Value::unsigned_integer(difference);
    }
    case Kind::kDouble:
      return Value::number(a.as_double() - b.as_double());
    case Kind::kTimestamp:
      return checked(between(a.as_time(), b.as_time()), Value::duration);
    case Kind::kDuration:
      return checked(add_durations(a.as_time(), negated(b.as_time())), Value::duration);
    default:
      return no_such_overload();
  }
}

Value fn_multiply(Context& /*context*/, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (both(arguments, Kind::kInt)) {
    int64_t product = 0;
    return __builtin_mul_overflow(a.as_int(), b.as_int(), &product) ? overflow() : Value::integer(product);
  }
  if (both(arguments, Kind::kUint)) {
    uint64_t product = 0;
    return __builtin_mul_overflow(a.as_uint(), b.as_uint(), &product) ? overflow() : Value::unsigned_integer(product);
  }
  if (both(arguments, Kind::kDouble)) return Value::number(a.as_double() * b.as_double());
  return no_such_overload();
}

Value fn_divide(Context& /*context*/, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (both(arguments, Kind::kDouble)) return Value::number(a.as_double() / b.as_double());
  if (both(arguments, Kind::kInt)) {
    if (b.as_int() == 0) return Value::error("division by zero");
    if (a.as_int() == INT64_MIN && b.as_int() == -1) return overflow();
    return Value::integer(a.as_int() / b.as_int());
  }
  if (!both(arguments, Kind::kUint)) return no_such_overload();
  return b.as_uint() == 0 ? Value::error("division by zero") : Value::unsigned_integer(a.as_uint() / b.as_uint());
}

Value fn_modulo(Context& /*context*/, Arguments arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments[1];
  if (both(arguments, Kind::kInt)) {
    if (b.as_int() == 0) return Value::error("modulus by zero");
    if (a.as_int() == INT64_MIN && b.as_int() == -1) return overflow();
    return Value::integer(a.as_int() % b.as_int());
  }
  if (!both(arguments, Kind::kUint)) return no_such_overload();
  return b.as_uint() == 0 ? Value::error("modulus by zero") : Value::unsigned_integer(a.as_uint() % b.as_uint());
}

Value fn_in(Context& context, Arguments arguments) {
  const Value& container = arguments[1];
  if (container.is(Kind::kMap)) {
    if (!context.charge(container.is_sorted_map() ? 1 : container.as_map().size())) return out_of_memory();
    return Value::boolean(find(container, arguments[0]) != nullptr);
  }
  if (!container.is(Kind::kList)) return no_such_overload();
  for (const Value& element : container.as_list()) {
    if (!charge_comparison(context, arguments[0], element)) return out_of_memory();
    if (equal(arguments[0], element)) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value fn_size(Context& context, Arguments arguments) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kString:
      if (!context.charge(value.as_text().size() / 64)) return out_of_memory();
      return Value::integer(static_cast<int64_t>(count_characters(value.as_text())));
    case Kind::kBytes:
      return Value::integer(static_cast<int64_t>(value.as_text().size()));
    case Kind::kList:
      return Value::integer(static_cast<int64_t>(value.as_list().size()));
    case Kind::kMap:
      return Value::integer(static_cast<int64_t>(value.as_map().size()));
    default:
      return no_such_overload();
  }
}

// ---- Conversions

namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  if constexpr (std::is_signed_v<T>) {
    if (text.starts_with("+") && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  }
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_double(std::string_view text) {
  static constexpr size_t kMaxDigits = 400;
  if (text.empty() || text.size() > kMaxDigits || text.front() == ' ' || text.front() == '\t') return std::nullopt;
  const std::string terminated(text);
  char* end = nullptr;
  const double number = std::strtod(terminated.c_str(), &end);
  if (end != terminated.c_str() + terminated.size()) return std::nullopt;
  if (std::isinf(number) && std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return number;
}

}  // namespace

Value fn_int(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kInt:
      return value;
    case Kind::kUint:
      return value.as_uint() > INT64_MAX ? out_of_range() : Value::integer(static_cast<int64_t>(value.as_uint()));
    case Kind::kDouble:
      // Both ends are out: they are what larger numbers are rounded to.
      if (!(value.as_double() > -0x1p63 && value.as_double() < 0x1p63)) return out_of_range();
      return Value::integer(static_cast<int64_t>(value.as_double()));
    case Kind::kString: {
      const auto number = parse_number<int64_t>(value.as_text());
      return number ? Value::integer(*number) : Value::error("the text is no int");
    }
    case Kind::kTimestamp:
      return Value::integer(value.as_time().seconds);
    default:
      return no_such_overload();
  }
}

Value fn_uint(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kUint:
      return value;
    case Kind::kInt:
      return value.as_int() < 0 ? out_of_range() : Value::unsigned_integer(static_cast<uint64_t>(value.as_int()));
    case Kind::kDouble:
      if (!(value.as_double() > -1 && value.as_double() < 0x1p64)) return out_of_range();
      return Value::unsigned_integer(static_cast<uint64_t>(value.as_double()));
    case Kind::kString: {
      const auto number = parse_number<uint64_t>(value.as_text());
      return number ? Value::unsigned_integer(*number) : Value::error("the text is no uint");
    }
    default:
      return no_such_overload();
  }
}

Value fn_double(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::kDouble:
      return value;
    case Kind::kInt:
      return Value::number(static_cast<double>(value.as_int()));
    case Kind::kUint:
      return Value::number(static_cast<double>(value.as_uint()));
    case Kind::kString: {
      const auto number = parse_double(value.as_text());
      return number ? Value::number(*number) : Value::error("the text is no double");
    }
    default:
      return no_such_overload();
  }
}

Value fn_string(Context& context, Arguments arguments) {
  const Value& value = arguments[0];
  const auto text = [&](const std::string& made) { return copy_text(context.arena, Kind::kString, made); };
  switch (value.kind()) {
    case Kind::kString:
      return value;
    case Kind::kBool:
      return Value::string(value.as_bool() ? "true" : "false");
    case Kind::kInt:
      return text(fmt::format("{}", value.as_int()));
    case Kind::kUint:
      return text(fmt::format("{}", value.as_uint()));
    case Kind::kDouble:
      return text(double_text(value.as_double()));
    case Kind::kBytes:
      if (!context.charge(value.as_text().size() / 16)) return out_of_memory();
      return is_utf8(value.as_text()) ? Value::string(value.as_text()) : Value::error("the bytes are not UTF-8");
    case Kind::kTimestamp:
      return text(timestamp_text(value.as_time()));
    case Kind::kDuration:
      return text(duration_text(value.as_time()));
    case Kind::kIp:
      return text(address_text(value.as_address()));
    case Kind::kCidr:
      return text(network_text(value.as_address()));
    default:
      return no_such_overload();
  }
}

Value fn_bytes(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kBytes)) return value;
  return value.is(Kind::kString) ? Value::bytes(value.as_text()) : no_such_overload();
}

Value fn_bool(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kBool)) return value;
  if (!value.is(Kind::kString)) return no_such_overload();
  static constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  static constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::ranges::find(kTrue, value.as_text()) != kTrue.end()) return Value::boolean(true);
  if (std::ranges::find(kFalse, value.as_text()) != kFalse.end()) return Value::boolean(false);
  return Value::error("the text is no bool");
}

Value fn_timestamp(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kTimestamp)) return value;
  if (value.is(Kind::kInt)) {
    const Time time{value.as_int(), 0};
    return valid_timestamp(time) ? Value::timestamp(time) : time_out_of_range();
  }
  if (!value.is(Kind::kString)) return no_such_overload();
  const auto time = parse_timestamp(value.as_text());
  return time ? Value::timestamp(*time) : Value::error("the text is no timestamp of RFC 3339");
}

Value fn_duration(Context& /*context*/, Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is(Kind::kDuration)) return value;
  if (!value.is(Kind::kString)) return no_such_overload();
  const auto time = parse_duration(value.as_text());
  return time ? Value::duration(*time) : Value::error("the text is no duration like 1h30m");
}

Value fn_dyn(Context& /*context*/, Arguments arguments) {
  return arguments[0];
}

Value fn_type(Context& /*context*/, Arguments arguments) {
  return Value::type(kind_name(arguments[0].kind()));
}

// ---- Parts of times

namespace {

template <auto Field>
Value part_of_timestamp(Arguments arguments, int64_t add) {
  std::string_view zone;
  if (arguments.size() > 1) {
    if (!arguments[1].is(Kind::kString)) return no_such_overload();
    zone = arguments[1].as_text();
  }
  if (!arguments[0].is(Kind::kTimestamp)) return no_such_overload();
  const auto civil = civil_time(arguments[0].as_time(), zone);
  if (!civil) return Value::error("no such time zone");
  return Value::integer(static_cast<int64_t>((*civil).*Field) + add);
}

bool whole_duration(Arguments arguments) {
  return arguments.size() == 1 && arguments[0].is(Kind::kDuration);
}

}  // namespace

Value fn_full_year(Context& /*context*/, Arguments a) {
  return part_of_timestamp<&CivilTime::year>(a, 0);
}
Value fn_month(Context& /*context*/, Arguments a) {
  return part_of_timestamp<&CivilTime::month>(a, 0);
}
Value fn_date(Context& /*context*/, Arguments a) {
  return part_of_timestamp<&CivilTime::day_of_month>(a, 0);
}
Value fn_day_of_month(Context& /*context*/, Arguments a) {
  return part_of_timestamp<&CivilTime::day_of_month>(a, -1);
}
Value fn_day_of_week(Context& /*context*/, Arguments a) {
  return part_of_timestamp<&CivilTime::day_of_week>(a, 0);
}
Value fn_day_of_year(Context& /*context*/, Arguments a) {
  return part_of_timestamp<&CivilTime::day_of_year>(a, 0);
}

Value fn_hours(Context& /*context*/, Arguments a) {
  if (whole_duration(a)) return Value::integer(a[0].as_time().seconds / 3600);
  return part_of_timestamp<&CivilTime::hours>(a, 0);
}
Value fn_minutes(Context& /*context*/, Arguments a) {
  if (whole_duration(a)) return Value::integer(a[0].as_time().seconds / 60);
  return part_of_timestamp<&CivilTime::minutes>(a, 0);
}
Value fn_seconds(Context& /*context*/, Arguments a) {
  if (whole_duration(a)) return Value::integer(a[0].as_time().seconds);
  return part_of_timestamp<&CivilTime::seconds>(a, 0);
}
Value fn_milliseconds(Context& /*context*/, Arguments a) {
  if (!a[0].is(Kind::kTimestamp) && !whole_duration(a)) return no_such_overload();
  return Value::integer(a[0].as_time().nanoseconds / 1'000'000);
}

std::string double_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return fmt::format("{}", number);
}

}  // namespace bulkhead::cel
