// Strings: tests, search, and the extension that takes them apart and puts them together.
#include "cel/functions_text.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <re2/re2.h>

#include "base/glob.h"
#include "cel/utf8.h"

namespace bulkhead::cel {
namespace {

using Arguments = std::span<const Value>;

bool all_strings(Arguments arguments) {
  return std::ranges::all_of(arguments, [](const Value& value) { return value.is(Kind::kString); });
}

Value text(Context& context, std::string_view made) {
  if (!context.charge(made.size() / 16)) return out_of_memory();
  return copy_text(context.arena, Kind::kString, made);
}

Value index_value(size_t index) {
  return Value::integer(static_cast<int64_t>(index));
}

Value index_out_of_range() {
  return Value::error("index out of range");
}

// The byte where character number `index` begins; nothing for indexes that are none.
std::optional<size_t> byte_at(std::string_view text, const Value& index) {
  if (index.as_int() < 0) return std::nullopt;
  return byte_of_character(text, static_cast<size_t>(index.as_int()));
}

template <typename Change>
Value changed_ascii(Context& context, Arguments arguments, Change change) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  std::string copy(arguments[0].as_text());
  std::ranges::transform(copy, copy.begin(), change);
  return text(context, copy);
}

// What Unicode calls white space; the characters that trim() takes away.
size_t leading_space(std::string_view text) {
  static constexpr std::string_view kWide[] = {
      "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
      "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a",
      "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
  if (text.empty()) return 0;
  if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return 1;
  for (const std::string_view wide : kWide) {
    if (text.starts_with(wide)) return wide.size();
  }
  return 0;
}

// Where the last character begins.
size_t last_character(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) --at;
  return at;
}

}  // namespace

Value fn_contains(Context& context, Arguments arguments) {
  if (!all_strings(arguments)) return no_such_overload();
  if (!context.charge(arguments[0].as_text().size() / 16)) return out_of_memory();
  return Value::boolean(arguments[0].as_text().find(arguments[1].as_text()) != std::string_view::npos);
}

Value fn_starts_with(Context& /*context*/, Arguments arguments) {
  if (!all_strings(arguments)) return no_such_overload();
  return Value::boolean(arguments[0].as_text().starts_with(arguments[1].as_text()));
}

Value fn_ends_with(Context& /*context*/, Arguments arguments) {
  if (!all_strings(arguments)) return no_such_overload();
  return Value::boolean(arguments[0].as_text().ends_with(arguments[1].as_text()));
}

Value fn_matches(Context& context, Arguments arguments) {
  if (!all_strings(arguments)) return no_such_overload();
  static constexpr size_t kMaxPattern = 1024;
  static constexpr uint64_t kPatternCost = 200;  // to compile it costs more than most matches
  const std::string_view pattern = arguments[1].as_text();
  if (pattern.size() > kMaxPattern) return Value::error("the pattern is too long");
  if (!context.charge(kPatternCost + pattern.size() * 8 + arguments[0].as_text().size() / 8)) return out_of_memory();
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(size_t{1} << 20);
  const RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!expression.ok()) return Value::error("the pattern is no regular expression of RE2");
  const std::string_view subject = arguments[0].as_text();
  return Value::boolean(RE2::PartialMatch(re2::StringPiece(subject.data(), subject.size()), expression));
}

Value fn_glob(Context& context, Arguments arguments) {
  if (!all_strings(arguments)) return no_such_overload();
  const std::string_view subject = arguments[0].as_text();
  const std::string_view pattern = arguments[1].as_text();
  if (!context.charge(1 + subject.size() * pattern.size() / 64)) return out_of_memory();
  return Value::boolean(matches_glob(pattern, subject));
}

Value fn_char_at(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kString) || !arguments[1].is(Kind::kInt)) return no_such_overload();
  const std::string_view subject = arguments[0].as_text();
  const auto at = byte_at(subject, arguments[1]);
  if (!at) return index_out_of_range();
  if (*at == subject.size()) return Value::string("");
  return Value::string(subject.substr(*at, first_length(subject.substr(*at))));
}

Value fn_index_of(Context& context, Arguments arguments) {
  if (!all_strings(arguments.first(2)) || (arguments.size() > 2 && !arguments[2].is(Kind::kInt)))
    return no_such_overload();
  const std::string_view subject = arguments[0].as_text();
  if (!context.charge(subject.size() / 16)) return out_of_memory();
  size_t from = 0;
  if (arguments.size() > 2) {
    const auto at = byte_at(subject, arguments[2]);
    if (!at) return index_out_of_range();
    from = *at;
  }
  const size_t found = subject.find(arguments[1].as_text(), from);
  if (found == std::string_view::npos) return Value::integer(-1);
  return index_value(count_characters(subject.substr(0, found)));
}

Value fn_last_index_of(Context& context, Arguments arguments) {
  if (!all_strings(arguments.first(2)) || (arguments.size() > 2 && !arguments[2].is(Kind::kInt)))
    return no_such_overload();
  const std::string_view subject = arguments[0].as_text();
  if (!context.charge(subject.size() / 16)) return out_of_memory();
  size_t from = std::string_view::npos;
  if (arguments.size() > 2) {
    const auto at = byte_at(subject, arguments[2]);
    if (!at) return index_out_of_range();
    from = *at;
  }
  const size_t found = subject.rfind(arguments[1].as_text(), from);
  if (found == std::string_view::npos) return Value::integer(-1);
  return index_value(count_characters(subject.substr(0, found)));
}

Value fn_lower_ascii(Context& context, Arguments arguments) {
  return changed_ascii(context, arguments,
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
}

Value fn_upper_ascii(Context& context, Arguments arguments) {
  return changed_ascii(context, arguments,
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
}

Value fn_replace(Context& context, Arguments arguments) {
  if (!all_strings(arguments.first(3)) || (arguments.size() > 3 && !arguments[3].is(Kind::kInt)))
    return no_such_overload();
  const std::string_view subject = arguments[0].as_text();
  const std::string_view old = arguments[1].as_text();
  const std::string_view fresh = arguments[2].as_text();
  int64_t left = arguments.size() > 3 ? arguments[3].as_int() : -1;
  std::string out;
  size_t at = 0;
  while (left != 0) {
    const size_t found = subject.find(old, at);
    if (found == std::string_view::npos) break;
    if (!context.charge(1 + (found - at + fresh.size()) / 16)) return out_of_memory();
    out.append(subject, at, found - at).append(fresh);
    at = found + old.size();
    if (left > 0) --left;
    if (!old.empty()) continue;
    if (at >= subject.size()) break;  // an empty text is before each character, and at the end
    const size_t length = first_length(subject.substr(at));
    out.append(subject, at, length);
    at += length;
  }
  out.append(subject.substr(std::min(at, subject.size())));
  return text(context, out);
}

Value fn_split(Context& context, Arguments arguments) {
  if (!all_strings(arguments.first(2)) || (arguments.size() > 2 && !arguments[2].is(Kind::kInt)))
    return no_such_overload();
  std::string_view subject = arguments[0].as_text();
  const std::string_view separator = arguments[1].as_text();
  const int64_t limit = arguments.size() > 2 ? arguments[2].as_int() : -1;
  if (limit == 0) return Value::list({});
  if (!context.charge(subject.size() / 4)) return out_of_memory();
  std::vector<Value> parts;
  while (limit < 0 || static_cast<int64_t>(parts.size()) + 1 < limit) {
    if (separator.empty()) {
      if (subject.size() <= (subject.empty() ? 0 : first_length(subject))) break;
      const size_t length = first_length(subject);
      parts.push_back(Value::string(subject.substr(0, length)));
      subject.remove_prefix(length);
      continue;
    }
    const size_t found = subject.find(separator);
    if (found == std::string_view::npos) break;
    parts.push_back(Value::string(subject.substr(0, found)));
    subject.remove_prefix(found + separator.size());
  }
  if (!separator.empty() || !subject.empty()) parts.push_back(Value::string(subject));
  Value* elements = new_elements(context, parts.size());
  if (elements == nullptr) return out_of_memory();
  std::ranges::copy(parts, elements);
  return Value::list({elements, parts.size()});
}

Value fn_substring(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kString) || !arguments[1].is(Kind::kInt) ||
      (arguments.size() > 2 && !arguments[2].is(Kind::kInt))) {
    return no_such_overload();
  }
  const std::string_view subject = arguments[0].as_text();
  if (!context.charge(subject.size() / 16)) return out_of_memory();
  const auto start = byte_at(subject, arguments[1]);
  const auto end = arguments.size() > 2 ? byte_at(subject, arguments[2]) : std::optional(subject.size());
  if (!start || !end || *start > *end) return index_out_of_range();
  return Value::string(subject.substr(*start, *end - *start));
}

Value fn_trim(Context& /*context*/, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  std::string_view subject = arguments[0].as_text();
  while (const size_t length = leading_space(subject)) subject.remove_prefix(length);
  while (!subject.empty() && leading_space(subject.substr(last_character(subject))) != 0) {
    subject = subject.substr(0, last_character(subject));
  }
  return Value::string(subject);
}

Value fn_join(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kList) || !all_strings(arguments.subspan(1)) || !all_strings(arguments[0].as_list())) {
    return no_such_overload();
  }
  std::string out;
  for (bool first = true; const Value& element : arguments[0].as_list()) {
    if (!std::exchange(first, false) && arguments.size() > 1) out += arguments[1].as_text();
    if (!context.charge(1 + element.as_text().size() / 16)) return out_of_memory();
    out += element.as_text();
  }
  return text(context, out);
}

Value fn_reverse_text(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  std::string_view subject = arguments[0].as_text();
  std::string out;
  while (!subject.empty()) {
    const size_t last = last_character(subject);
    out += subject.substr(last);
    subject = subject.substr(0, last);
  }
  return text(context, out);
}

Value fn_quote(Context& context, Arguments arguments) {
  if (!arguments[0].is(Kind::kString)) return no_such_overload();
  std::string out = "\"";
  static constexpr std::string_view kPlain = "\a\b\f\n\r\t\v\\\"";
  static constexpr std::string_view kEscaped = "abfnrtv\\\"";
  for (const char c : arguments[0].as_text()) {
    const size_t which = kPlain.find(c);
    if (which == std::string_view::npos) {
      out += c;
    } else {
      out += '\\';
      out += kEscaped[which];
    }
  }
  out += '"';
  return text(context, out);
}

}  // namespace bulkhead::cel
