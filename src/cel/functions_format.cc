// "%s of %d".format([…]). Source: cel-go's strings extension, "Format".
#include "cel/functions_format.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cel/functions_standard.h"
#include "cel/network.h"
#include "cel/time_text.h"

namespace bulkhead::cel {
namespace {

constexpr unsigned kMaxPrecision = 1000;

// %s of anything. False for what has no text.
bool append_text(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      return true;
    case Kind::kBool:
      out += value.as_bool() ? "true" : "false";
      return true;
    case Kind::kInt:
      out += fmt::format("{}", value.as_int());
      return true;
    case Kind::kUint:
      out += fmt::format("{}", value.as_uint());
      return true;
    case Kind::kDouble:
      out += double_text(value.as_double());
      return true;
    case Kind::kString:
    case Kind::kBytes:
    case Kind::kType:
      out += value.as_text();
      return true;
    case Kind::kTimestamp:
      out += timestamp_text(value.as_time());
      return true;
    case Kind::kDuration:
      out += duration_text(value.as_time());
      return true;
    case Kind::kIp:
      out += address_text(value.as_address());
      return true;
    case Kind::kCidr:
      out += network_text(value.as_address());
      return true;
    case Kind::kList: {
      out += '[';
      for (bool first = true; const Value& element : value.as_list()) {
        if (!std::exchange(first, false)) out += ", ";
        if (!append_text(out, element)) return false;
      }
      out += ']';
      return true;
    }
    case Kind::kMap: {
      // In the order of the texts of their keys, so that one map has one text.
      std::vector<std::pair<std::string, const Value*>> entries;
      for (const Entry& entry : value.as_map()) {
        std::string key;
        if (!append_text(key, entry.key)) return false;
        entries.emplace_back(std::move(key), &entry.value);
      }
      std::ranges::sort(entries, {}, [](const auto& entry) -> const std::string& { return entry.first; });
      out += '{';
      for (bool first = true; const auto& [key, held] : entries) {
        if (!std::exchange(first, false)) out += ", ";
        out += key;
        out += ": ";
        if (!append_text(out, *held)) return false;
      }
      out += '}';
      return true;
    }
    default:
      return false;
  }
}

bool append_special(std::string& out, double number) {
  if (std::isfinite(number)) return false;
  out += double_text(number);
  return true;
}

bool append_decimal(std::string& out, const Value& value) {
  if (value.is(Kind::kInt)) {
    out += fmt::format("{}", value.as_int());
  } else if (value.is(Kind::kUint)) {
    out += fmt::format("{}", value.as_uint());
  } else {
    return value.is(Kind::kDouble) && append_special(out, value.as_double());
  }
  return true;
}

bool append_number(std::string& out, const Value& value, unsigned precision, bool scientific) {
  if (!value.is_numeric()) return false;
  double number = 0;
  if (value.is(Kind::kDouble)) {
    number = value.as_double();
  } else {
    number = value.is(Kind::kInt) ? static_cast<double>(value.as_int()) : static_cast<double>(value.as_uint());
  }
  if (append_special(out, number)) return true;
  out += scientific ? fmt::format("{:.{}e}", number, precision) : fmt::format("{:.{}f}", number, precision);
  return true;
}

bool append_in_base(std::string& out, const Value& value, char verb) {
  const bool negative = value.is(Kind::kInt) && value.as_int() < 0;
  uint64_t magnitude = 0;
  if (value.is(Kind::kInt)) {
    magnitude = negative ? 0 - static_cast<uint64_t>(value.as_int()) : static_cast<uint64_t>(value.as_int());
  } else if (value.is(Kind::kUint)) {
    magnitude = value.as_uint();
  } else if (value.is(Kind::kBool) && verb == 'b') {
    magnitude = value.as_bool() ? 1 : 0;
  } else if ((value.is(Kind::kString) || value.is(Kind::kBytes)) && (verb == 'x' || verb == 'X')) {
    for (const char c : value.as_text()) {
      const auto byte = static_cast<unsigned char>(c);
      out += verb == 'x' ? fmt::format("{:02x}", byte) : fmt::format("{:02X}", byte);
    }
    return true;
  } else {
    return false;
  }
  if (negative) out += '-';
  switch (verb) {
    case 'b':
      out += fmt::format("{:b}", magnitude);
      break;
    case 'o':
      out += fmt::format("{:o}", magnitude);
      break;
    case 'x':
      out += fmt::format("{:x}", magnitude);
      break;
    default:
      out += fmt::format("{:X}", magnitude);
      break;
  }
  return true;
}

bool append_verb(std::string& out, char verb, const Value& value, unsigned precision) {
  switch (verb) {
    case 's':
      return append_text(out, value);
    case 'd':
      return append_decimal(out, value);
    case 'f':
      return append_number(out, value, precision, false);
    case 'e':
      return append_number(out, value, precision, true);
    case 'b':
    case 'o':
    case 'x':
    case 'X':
      return append_in_base(out, value, verb);
    default:
      return false;
  }
}

}  // namespace

Value fn_format(Context& context, std::span<const Value> arguments) {
  if (!arguments[0].is(Kind::kString) || !arguments[1].is(Kind::kList)) return no_such_overload();
  std::string_view pattern = arguments[0].as_text();
  const auto values = arguments[1].as_list();
  size_t next = 0;
  std::string out;
  while (!pattern.empty()) {
    const size_t percent = std::min(pattern.find('%'), pattern.size());
    out += pattern.substr(0, percent);
    pattern.remove_prefix(percent);
    if (pattern.empty()) break;
    pattern.remove_prefix(1);
    if (pattern.starts_with('%')) {
      out += '%';
      pattern.remove_prefix(1);
      continue;
    }
    unsigned precision = 6;
    if (pattern.starts_with('.')) {
      pattern.remove_prefix(1);
      precision = 0;
      if (pattern.empty() || pattern[0] < '0' || pattern[0] > '9')
        return Value::error("format: a precision lacks digits");
      while (!pattern.empty() && pattern[0] >= '0' && pattern[0] <= '9') {
        precision = precision * 10 + static_cast<unsigned>(pattern[0] - '0');
        if (precision > kMaxPrecision) return Value::error("format: the precision is too large");
        pattern.remove_prefix(1);
      }
    }
    if (pattern.empty()) return Value::error("format: the text ends within a verb");
    if (next >= values.size()) return Value::error("format: more verbs than values");
    if (!charge_comparison(context, values[next], values[next])) return out_of_memory();
    if (!append_verb(out, pattern[0], values[next++], precision)) {
      return Value::error("format: a verb that is unknown, or not for a value of this kind");
    }
    pattern.remove_prefix(1);
  }
  if (!context.charge(out.size() / 16)) return out_of_memory();
  return copy_text(context.arena, Kind::kString, out);
}

}  // namespace bulkhead::cel
