#include "cel/value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "cel/network.h"
#include "cel/time_text.h"

namespace bulkhead::cel {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null_type";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kList:
      return "list";
    case Kind::kMap:
      return "map";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kType:
      return "type";
    case Kind::kOptional:
      return "optional_type";
    case Kind::kIp:
      return "net.IP";
    case Kind::kCidr:
      return "net.CIDR";
    case Kind::kError:
      return "error";
  }
  return "error";
}

Value Value::boolean(bool b) {
  Value value;
  value.kind_ = Kind::kBool;
  value.data_.i = 0;
  value.data_.b = b;
  return value;
}

Value Value::integer(int64_t i) {
  Value value;
  value.kind_ = Kind::kInt;
  value.data_.i = i;
  return value;
}

Value Value::unsigned_integer(uint64_t u) {
  Value value;
  value.kind_ = Kind::kUint;
  value.data_.u = u;
  return value;
}

Value Value::number(double d) {
  Value value;
  value.kind_ = Kind::kDouble;
  value.data_.d = d;
  return value;
}

namespace {

uint32_t checked_size(size_t size) {
  return static_cast<uint32_t>(std::min(size, kMaxSize));
}

}  // namespace

Value Value::string(std::string_view text) {
  Value value;
  value.kind_ = Kind::kString;
  value.size_ = checked_size(text.size());
  value.data_.text = text.data();
  return value;
}

Value Value::bytes(std::string_view bytes) {
  Value value = string(bytes);
  value.kind_ = Kind::kBytes;
  return value;
}

Value Value::type(std::string_view name) {
  Value value = string(name);
  value.kind_ = Kind::kType;
  return value;
}

Value Value::error(std::string_view message) {
  Value value = string(message);
  value.kind_ = Kind::kError;
  return value;
}

Value Value::list(std::span<const Value> elements) {
  Value value;
  value.kind_ = Kind::kList;
  value.size_ = checked_size(elements.size());
  value.data_.value = elements.data();
  return value;
}

Value Value::map(std::span<const Entry> entries, bool sorted) {
  Value value;
  value.kind_ = Kind::kMap;
  value.flag_ = sorted;
  value.size_ = checked_size(entries.size());
  value.data_.entries = entries.data();
  return value;
}

Value Value::timestamp(Time time) {
  Value value;
  value.kind_ = Kind::kTimestamp;
  value.size_ = static_cast<uint32_t>(time.nanoseconds);
  value.data_.i = time.seconds;
  return value;
}

Value Value::duration(Time time) {
  Value value = timestamp(time);
  value.kind_ = Kind::kDuration;
  return value;
}

Value Value::none() {
  return optional(nullptr);
}

Value Value::optional(const Value* held) {
  Value value;
  value.kind_ = Kind::kOptional;
  value.data_.value = held;
  return value;
}

Value Value::ip(const Address* address) {
  Value value;
  value.kind_ = Kind::kIp;
  value.data_.address = address;
  return value;
}

Value Value::cidr(const Address* address) {
  Value value = ip(address);
  value.kind_ = Kind::kCidr;
  return value;
}

std::span<const Value> Value::as_list() const {
  return {data_.value, size_};
}

std::span<const Entry> Value::as_map() const {
  return {data_.entries, size_};
}

namespace {

Order order_of(std::strong_ordering ordering) {
  if (ordering < 0) return Order::kLess;
  return ordering > 0 ? Order::kGreater : Order::kEqual;
}

Order compare_doubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return Order::kUnordered;
  if (a < b) return Order::kLess;
  return a > b ? Order::kGreater : Order::kEqual;
}

Order reversed(Order order) {
  if (order == Order::kLess) return Order::kGreater;
  return order == Order::kGreater ? Order::kLess : order;
}

// An integer and a double as doubles, which is what the conformance cases want: 2^63 - 1 is not less than 2^63.
Order compare_numbers(const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::kInt:
      if (b.is(Kind::kInt)) return order_of(a.as_int() <=> b.as_int());
      if (b.is(Kind::kDouble)) return compare_doubles(static_cast<double>(a.as_int()), b.as_double());
      if (a.as_int() < 0) return Order::kLess;
      return order_of(static_cast<uint64_t>(a.as_int()) <=> b.as_uint());
    case Kind::kUint:
      if (b.is(Kind::kUint)) return order_of(a.as_uint() <=> b.as_uint());
      if (b.is(Kind::kDouble)) return compare_doubles(static_cast<double>(a.as_uint()), b.as_double());
      return reversed(compare_numbers(b, a));
    default:
      if (b.is(Kind::kDouble)) return compare_doubles(a.as_double(), b.as_double());
      return reversed(compare_numbers(b, a));
  }
}

bool equal_lists(std::span<const Value> a, std::span<const Value> b) {
  return std::ranges::equal(a, b, [](const Value& x, const Value& y) { return equal(x, y); });
}

bool equal_maps(const Value& a, const Value& b) {
  if (a.as_map().size() != b.as_map().size()) return false;
  return std::ranges::all_of(a.as_map(), [&](const Entry& entry) {
    const Value* other = find(b, entry.key);
    return other != nullptr && equal(entry.value, *other);
  });
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  if (a.is_numeric() && b.is_numeric()) return compare_numbers(a, b) == Order::kEqual;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return a.as_bool() == b.as_bool();
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      return a.as_text() == b.as_text();
    case Kind::kList:
      return equal_lists(a.as_list(), b.as_list());
    case Kind::kMap:
      return equal_maps(a, b);
    case Kind::kTimestamp:
    case Kind::kDuration:
      return a.as_time() == b.as_time();
    case Kind::kOptional: {
      const Value* x = a.as_optional();
      const Value* y = b.as_optional();
      return (x == nullptr || y == nullptr) ? x == y : equal(*x, *y);
    }
    case Kind::kIp:
      return same_address(a.as_address(), b.as_address());
    case Kind::kCidr:
      return same_network(a.as_address(), b.as_address());
    default:
      return false;
  }
}

bool comparable(const Value& a, const Value& b) {
  if (a.is_numeric() && b.is_numeric()) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kBool:
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kTimestamp:
    case Kind::kDuration:
      return true;
    default:
      return false;
  }
}

Order compare(const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::kBool:
      return order_of(a.as_bool() <=> b.as_bool());
    case Kind::kString:
    case Kind::kBytes:
      return order_of(a.as_text() <=> b.as_text());
    case Kind::kTimestamp:
    case Kind::kDuration:
      return order_of(a.as_time() <=> b.as_time());
    default:
      return compare_numbers(a, b);
  }
}

const Value* find(const Value& map, std::string_view key) {
  const auto entries = map.as_map();
  if (map.is_sorted_map()) {
    const auto it = std::ranges::lower_bound(entries, key, {}, [](const Entry& entry) { return entry.key.as_text(); });
    return it != entries.end() && it->key.as_text() == key ? &it->value : nullptr;
  }
  const auto it = std::ranges::find_if(
      entries, [&](const Entry& entry) { return entry.key.is(Kind::kString) && entry.key.as_text() == key; });
  return it == entries.end() ? nullptr : &it->value;
}

const Value* find(const Value& map, const Value& key) {
  if (key.is(Kind::kString)) return find(map, key.as_text());
  if (map.is_sorted_map()) return nullptr;
  const auto entries = map.as_map();
  const auto it = std::ranges::find_if(entries, [&](const Entry& entry) { return equal(entry.key, key); });
  return it == entries.end() ? nullptr : &it->value;
}

bool is_zero_value(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
      return !value.as_bool();
    case Kind::kInt:
      return value.as_int() == 0;
    case Kind::kUint:
      return value.as_uint() == 0;
    case Kind::kDouble:
      return value.as_double() == 0;
    case Kind::kString:
    case Kind::kBytes:
      return value.as_text().empty();
    case Kind::kList:
      return value.as_list().empty();
    case Kind::kMap:
      return value.as_map().empty();
    case Kind::kTimestamp:
    case Kind::kDuration:
      return value.as_time() == Time{};
    case Kind::kOptional:
      return value.as_optional() == nullptr;
    default:
      return false;
  }
}

namespace {

void describe_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void describe_into(std::string& out, const Value& value, size_t max_bytes) {
  if (out.size() > max_bytes) return;
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      break;
    case Kind::kBool:
      out += value.as_bool() ? "true" : "false";
      break;
    case Kind::kInt:
      out += fmt::format("{}", value.as_int());
      break;
    case Kind::kUint:
      out += fmt::format("{}u", value.as_uint());
      break;
    case Kind::kDouble:
      out += fmt::format("{}", value.as_double());
      break;
    case Kind::kString:
      describe_text(out, value.as_text().substr(0, max_bytes));
      break;
    case Kind::kBytes:
      out += "b";
      for (const char c : value.as_text().substr(0, max_bytes)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
      break;
    case Kind::kList:
      out += '[';
      for (bool first = true; const Value& element : value.as_list()) {
        if (!std::exchange(first, false)) out += ", ";
        describe_into(out, element, max_bytes);
        if (out.size() > max_bytes) break;
      }
      out += ']';
      break;
    case Kind::kMap:
      out += '{';
      for (bool first = true; const Entry& entry : value.as_map()) {
        if (!std::exchange(first, false)) out += ", ";
        describe_into(out, entry.key, max_bytes);
        out += ": ";
        describe_into(out, entry.value, max_bytes);
        if (out.size() > max_bytes) break;
      }
      out += '}';
      break;
    case Kind::kTimestamp:
      out += fmt::format("timestamp(\"{}\")", timestamp_text(value.as_time()));
      break;
    case Kind::kDuration:
      out += fmt::format("duration(\"{}\")", duration_text(value.as_time()));
      break;
    case Kind::kType:
      out += value.as_text();
      break;
    case Kind::kOptional:
      if (value.as_optional() == nullptr) {
        out += "optional.none()";
      } else {
        out += "optional.of(";
        describe_into(out, *value.as_optional(), max_bytes);
        out += ')';
      }
      break;
    case Kind::kIp:
      out += fmt::format("ip(\"{}\")", address_text(value.as_address()));
      break;
    case Kind::kCidr:
      out += fmt::format("cidr(\"{}\")", network_text(value.as_address()));
      break;
    case Kind::kError:
      out += fmt::format("error: {}", value.as_text());
      break;
  }
}

}  // namespace

std::string describe(const Value& value, size_t max_bytes) {
  std::string out;
  describe_into(out, value, max_bytes);
  if (out.size() > max_bytes) out += "…";
  return out;
}

Value copy_text(Arena& arena, Kind kind, std::string_view text) {
  char* copy = arena.allocate<char>(text.size());
  if (copy == nullptr) return Value::error("out of the memory of one evaluation");
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  const std::string_view kept(copy, text.size());
  if (kind == Kind::kBytes) return Value::bytes(kept);
  return kind == Kind::kError ? Value::error(kept) : Value::string(kept);
}

}  // namespace bulkhead::cel
