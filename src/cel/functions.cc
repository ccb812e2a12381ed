#include "cel/functions.h"

#include <algorithm>
#include <map>
#include <new>

#include "cel/functions_format.h"
#include "cel/functions_lists.h"
#include "cel/functions_math.h"
#include "cel/functions_standard.h"
#include "cel/functions_text.h"
#include "cel/functions_values.h"

namespace bulkhead::cel {
namespace {

enum class Style : uint8_t { kGlobal, kMember, kBoth };

struct Row {
  std::string_view name;
  Style style;
  std::string_view signatures;
  Implementation run;
};

constexpr std::string_view kOrdered =
    "bool, bool -> bool; int, int -> bool; int, uint -> bool; int, double -> bool; uint, uint -> bool; uint, int -> "
    "bool; "
    "uint, double -> bool; double, double -> bool; double, int -> bool; double, uint -> bool; string, string -> bool; "
    "bytes, bytes -> bool; timestamp, timestamp -> bool; duration, duration -> bool";
constexpr std::string_view kNumbers = "int, int -> int; uint, uint -> uint; double, double -> double";
constexpr std::string_view kWholeNumbers = "int, int -> int; uint, uint -> uint";
constexpr std::string_view kOfDouble = "double -> double";
constexpr std::string_view kTestsDouble = "double -> bool";
constexpr std::string_view kPart = "timestamp -> int; timestamp, string -> int";
constexpr std::string_view kTimePart = "timestamp -> int; timestamp, string -> int; duration -> int";
constexpr std::string_view kShift = "int, int -> int; uint, int -> uint";
constexpr std::string_view kTwoLists = "list(A), list(A) -> bool";

constexpr Row kRows[] = {
    // Operators
    {"_==_", Style::kGlobal, "A, A -> bool", fn_equal},
    {"_!=_", Style::kGlobal, "A, A -> bool", fn_not_equal},
    {"_<_", Style::kGlobal, kOrdered, fn_less},
    {"_<=_", Style::kGlobal, kOrdered, fn_less_or_equal},
    {"_>_", Style::kGlobal, kOrdered, fn_greater},
    {"_>=_", Style::kGlobal, kOrdered, fn_greater_or_equal},
    {"!_", Style::kGlobal, "bool -> bool", fn_not},
    {"-_", Style::kGlobal, "int -> int; double -> double", fn_negate},
    {"_+_", Style::kGlobal,
     "int, int -> int; uint, uint -> uint; double, double -> double; string, string -> string; bytes, bytes -> bytes; "
     "list(A), list(A) -> list(A); timestamp, duration -> timestamp; duration, timestamp -> timestamp; "
     "duration, duration -> duration",
     fn_add},
    {"_-_", Style::kGlobal,
     "int, int -> int; uint, uint -> uint; double, double -> double; timestamp, timestamp -> duration; "
     "timestamp, duration -> timestamp; duration, duration -> duration",
     fn_subtract},
    {"_*_", Style::kGlobal, kNumbers, fn_multiply},
    {"_/_", Style::kGlobal, kNumbers, fn_divide},
    {"_%_", Style::kGlobal, kWholeNumbers, fn_modulo},
    {"@in", Style::kGlobal, "A, list(A) -> bool; A, map(A, B) -> bool", fn_in},

    // Sizes and conversions
    {"size", Style::kBoth, "string -> int; bytes -> int; list(A) -> int; map(A, B) -> int", fn_size},
    {"int", Style::kGlobal, "int -> int; uint -> int; double -> int; string -> int; timestamp -> int", fn_int},
    {"uint", Style::kGlobal, "uint -> uint; int -> uint; double -> uint; string -> uint", fn_uint},
    {"double", Style::kGlobal, "double -> double; int -> double; uint -> double; string -> double", fn_double},
    {"string", Style::kGlobal,
     "string -> string; bool -> string; int -> string; uint -> string; double -> string; bytes -> string; "
     "timestamp -> string; duration -> string; ip -> string; cidr -> string",
     fn_string},
    {"bytes", Style::kGlobal, "bytes -> bytes; string -> bytes", fn_bytes},
    {"bool", Style::kGlobal, "bool -> bool; string -> bool", fn_bool},
    {"timestamp", Style::kGlobal, "timestamp -> timestamp; string -> timestamp; int -> timestamp", fn_timestamp},
    {"duration", Style::kGlobal, "duration -> duration; string -> duration", fn_duration},
    {"dyn", Style::kGlobal, "A -> dyn", fn_dyn},
    {"type", Style::kGlobal, "A -> type", fn_type},

    // Parts of times
    {"getFullYear", Style::kMember, kPart, fn_full_year},
    {"getMonth", Style::kMember, kPart, fn_month},
    {"getDate", Style::kMember, kPart, fn_date},
    {"getDayOfMonth", Style::kMember, kPart, fn_day_of_month},
    {"getDayOfWeek", Style::kMember, kPart, fn_day_of_week},
    {"getDayOfYear", Style::kMember, kPart, fn_day_of_year},
    {"getHours", Style::kMember, kTimePart, fn_hours},
    {"getMinutes", Style::kMember, kTimePart, fn_minutes},
    {"getSeconds", Style::kMember, kTimePart, fn_seconds},
    {"getMilliseconds", Style::kMember, kTimePart, fn_milliseconds},

    // Strings
    {"contains", Style::kMember, "string, string -> bool", fn_contains},
    {"startsWith", Style::kMember, "string, string -> bool", fn_starts_with},
    {"endsWith", Style::kMember, "string, string -> bool", fn_ends_with},
    {"matches", Style::kBoth, "string, string -> bool", fn_matches},
    {"glob", Style::kMember, "string, string -> bool", fn_glob},
    {"charAt", Style::kMember, "string, int -> string", fn_char_at},
    {"indexOf", Style::kMember, "string, string -> int; string, string, int -> int", fn_index_of},
    {"lastIndexOf", Style::kMember, "string, string -> int; string, string, int -> int", fn_last_index_of},
    {"lowerAscii", Style::kMember, "string -> string", fn_lower_ascii},
    {"upperAscii", Style::kMember, "string -> string", fn_upper_ascii},
    {"replace", Style::kMember, "string, string, string -> string; string, string, string, int -> string", fn_replace},
    {"split", Style::kMember, "string, string -> list(string); string, string, int -> list(string)", fn_split},
    {"substring", Style::kMember, "string, int -> string; string, int, int -> string", fn_substring},
    {"trim", Style::kMember, "string -> string", fn_trim},
    {"join", Style::kMember, "list(string) -> string; list(string), string -> string", fn_join},
    {"format", Style::kMember, "string, list(dyn) -> string", fn_format},
    {"strings.quote", Style::kGlobal, "string -> string", fn_quote},

    // Numbers
    {"math.greatest", Style::kGlobal, "", fn_greatest},
    {"math.least", Style::kGlobal, "", fn_least},
    {"math.ceil", Style::kGlobal, kOfDouble, fn_ceil},
    {"math.floor", Style::kGlobal, kOfDouble, fn_floor},
    {"math.round", Style::kGlobal, kOfDouble, fn_round},
    {"math.trunc", Style::kGlobal, kOfDouble, fn_trunc},
    {"math.sqrt", Style::kGlobal, "int -> double; uint -> double; double -> double", fn_sqrt},
    {"math.isNaN", Style::kGlobal, kTestsDouble, fn_is_nan},
    {"math.isInf", Style::kGlobal, kTestsDouble, fn_is_inf},
    {"math.isFinite", Style::kGlobal, kTestsDouble, fn_is_finite},
    {"math.abs", Style::kGlobal, "int -> int; uint -> uint; double -> double", fn_abs},
    {"math.sign", Style::kGlobal, "int -> int; uint -> uint; double -> double", fn_sign},
    {"math.bitAnd", Style::kGlobal, kWholeNumbers, fn_bit_and},
    {"math.bitOr", Style::kGlobal, kWholeNumbers, fn_bit_or},
    {"math.bitXor", Style::kGlobal, kWholeNumbers, fn_bit_xor},
    {"math.bitNot", Style::kGlobal, "int -> int; uint -> uint", fn_bit_not},
    {"math.bitShiftLeft", Style::kGlobal, kShift, fn_bit_shift_left},
    {"math.bitShiftRight", Style::kGlobal, kShift, fn_bit_shift_right},

    // Lists and sets
    {"distinct", Style::kMember, "list(A) -> list(A)", fn_distinct},
    {"flatten", Style::kMember, "list(A) -> list(dyn); list(A), int -> list(dyn)", fn_flatten},
    {"slice", Style::kMember, "list(A), int, int -> list(A)", fn_slice},
    {"sort", Style::kMember, "list(A) -> list(A)", fn_sort},
    {"reverse", Style::kMember, "string -> string; list(A) -> list(A)", fn_reverse},
    {"first", Style::kMember, "list(A) -> optional(A)", fn_first},
    {"last", Style::kMember, "list(A) -> optional(A)", fn_last},
    {"lists.range", Style::kGlobal, "int -> list(int)", fn_range},
    {"sets.contains", Style::kGlobal, kTwoLists, fn_set_contains},
    {"sets.equivalent", Style::kGlobal, kTwoLists, fn_set_equivalent},
    {"sets.intersects", Style::kGlobal, kTwoLists, fn_set_intersects},

    // Optional values
    {"optional.none", Style::kGlobal, "-> optional(A)", fn_optional_none},
    {"optional.of", Style::kGlobal, "A -> optional(A)", fn_optional_of},
    {"optional.ofNonZeroValue", Style::kGlobal, "A -> optional(A)", fn_optional_of_non_zero},
    {"hasValue", Style::kMember, "optional(A) -> bool", fn_has_value},
    {"value", Style::kMember, "optional(A) -> A", fn_optional_value},
    {"or", Style::kMember, "optional(A), optional(A) -> optional(A)", fn_optional_or},
    {"orValue", Style::kMember, "optional(A), A -> A", fn_optional_or_value},

    // Network addresses, encodings
    {"ip", Style::kBoth, "string -> ip; ip -> ip; cidr -> ip", fn_ip},
    {"cidr", Style::kGlobal, "string -> cidr; cidr -> cidr", fn_cidr},
    {"isIP", Style::kGlobal, "string -> bool", fn_is_ip},
    {"isCIDR", Style::kGlobal, "string -> bool", fn_is_cidr},
    {"ip.isCanonical", Style::kGlobal, "string -> bool", fn_ip_is_canonical},
    {"family", Style::kMember, "ip -> int", fn_family},
    {"isLoopback", Style::kMember, "ip -> bool", fn_is_loopback},
    {"isUnspecified", Style::kMember, "ip -> bool", fn_is_unspecified},
    {"isGlobalUnicast", Style::kMember, "ip -> bool", fn_is_global_unicast},
    {"isLinkLocalUnicast", Style::kMember, "ip -> bool", fn_is_link_local_unicast},
    {"isLinkLocalMulticast", Style::kMember, "ip -> bool", fn_is_link_local_multicast},
    {"containsIP", Style::kMember, "cidr, ip -> bool; cidr, string -> bool", fn_contains_ip},
    {"containsCIDR", Style::kMember, "cidr, cidr -> bool; cidr, string -> bool", fn_contains_cidr},
    {"masked", Style::kMember, "cidr -> cidr", fn_masked},
    {"prefixLength", Style::kMember, "cidr -> int", fn_prefix_length},
    {"base64.encode", Style::kGlobal, "bytes -> string", fn_base64_encode},
    {"base64.decode", Style::kGlobal, "string -> bytes", fn_base64_decode},
};

using Table = std::map<std::pair<std::string_view, bool>, Function>;

Table make_table() {
  static TypePool pool;
  Table table;
  for (const Row& row : kRows) {
    Function function{.name = row.name, .member = false, .signatures = {}, .run = row.run};
    function.variadic = row.signatures.empty();
    // What stands for an absent value is not needed where there is one: an error in it does not matter.
    function.takes_errors = row.name == "or" || row.name == "orValue";
    if (!function.variadic) function.signatures = parse_signatures(pool, row.signatures);
    for (const bool member : {false, true}) {
      if ((member && row.style == Style::kGlobal) || (!member && row.style == Style::kMember)) continue;
      function.member = member;
      table.emplace(std::pair(row.name, member), function);
    }
  }
  return table;
}

}  // namespace

const Function* find_function(std::string_view name, bool member) {
  static const Table table = make_table();
  const auto it = table.find(std::pair(name, member));
  return it == table.end() ? nullptr : &it->second;
}

Value no_such_overload() {
  return Value::error("no such overload: the function is not defined for values of these types");
}

Value out_of_memory() {
  return Value::error("the evaluation needs more than it may");
}

Value* new_elements(Context& context, size_t count) {
  if (count > kMaxSize || !context.charge(count)) return nullptr;
  Value* elements = context.arena.allocate<Value>(count);
  if (elements == nullptr) return nullptr;
  std::uninitialized_default_construct_n(elements, count);
  return elements;
}

bool charge_comparison(Context& context, const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return context.charge(1);
  switch (a.kind()) {
    case Kind::kString:
    case Kind::kBytes:
      return context.charge(1 + std::min(a.as_text().size(), b.as_text().size()) / 64);
    case Kind::kList: {
      const auto x = a.as_list();
      const auto y = b.as_list();
      if (x.size() != y.size()) return context.charge(1);
      for (size_t i = 0; i < x.size(); ++i) {
        if (!charge_comparison(context, x[i], y[i])) return false;
      }
      return context.charge(1);
    }
    case Kind::kMap: {
      // Each key is looked for.
      const uint64_t keys = a.as_map().size();
      const uint64_t each = b.is_sorted_map() ? 8 : keys;
      if (keys != b.as_map().size()) return context.charge(1);
      if (keys > 0 && !context.charge(keys * each)) return false;
      return std::ranges::all_of(a.as_map(), [&](const Entry& entry) {
        const Value* other = find(b, entry.key);
        return other == nullptr || charge_comparison(context, entry.value, *other);
      });
    }
    default:
      return context.charge(1);
  }
}

}  // namespace bulkhead::cel
