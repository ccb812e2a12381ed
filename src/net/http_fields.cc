#include "net/http_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::net {
namespace {

using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

struct Fields {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// The three forms of an HTTP-date, in the letters of strftime(3).
constexpr std::string_view kDateForms[] = {
    "%a, %d %b %Y %H:%M:%S GMT",  // IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT"
    "%A, %d-%b-%y %H:%M:%S GMT",  // RFC 850: "Sunday, 06-Nov-94 08:49:37 GMT"
    "%a %b %e %H:%M:%S %Y",       // asctime: "Sun Nov  6 08:49:37 1994"
};

// Cuts the name that comes next off `rest`; its index.
std::optional<unsigned> cut_name(std::string_view& rest, std::span<const std::string_view> names) {
  const auto found = std::ranges::find_if(names, [&](std::string_view name) { return rest.starts_with(name); });
  if (found == names.end()) return std::nullopt;
  rest.remove_prefix(found->size());
  return static_cast<unsigned>(found - names.begin());
}

// Cuts exactly so many digits off.
std::optional<unsigned> cut_number(std::string_view& rest, size_t digits) {
  if (rest.size() < digits) return std::nullopt;
  const auto value = parse_decimal(rest.substr(0, digits));
  rest.remove_prefix(digits);
  return value ? std::optional(static_cast<unsigned>(*value)) : std::nullopt;
}

// What one letter of a form stands for.
std::optional<unsigned> cut_field(std::string_view& rest, char letter) {
  switch (letter) {
    case 'a':
      return cut_name(rest, kDays);
    case 'A':
      return cut_name(rest, kLongDays);
    case 'b':
      return cut_name(rest, kMonths);
    case 'Y':
      return cut_number(rest, 4);
    case 'e':  // a space stands for the first digit's zero
      if (rest.starts_with(' ')) {
        rest.remove_prefix(1);
        return cut_number(rest, 1);
      }
      [[fallthrough]];
    default:
      return cut_number(rest, 2);
  }
}

void set_field(Fields& fields, char letter, unsigned value) {
  switch (letter) {
    case 'd':
    case 'e':
      fields.day = value;
      break;
    case 'b':
      fields.month = value + 1;
      break;
    case 'Y':
      fields.year = value;
      break;
    case 'y':  // taken as 1970 to 2069
      fields.year = value + (value < 70 ? 2000 : 1900);
      break;
    case 'H':
      fields.hour = value;
      break;
    case 'M':
      fields.minute = value;
      break;
    case 'S':
      fields.second = value;
      break;
    default:
      break;  // which day of the week it is says nothing new
  }
}

std::optional<Fields> fields_of(std::string_view text, std::string_view form) {
  Fields fields;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '%') {
      if (!text.starts_with(form[i])) return std::nullopt;
      text.remove_prefix(1);
      continue;
    }
    const char letter = form[++i];
    const auto value = cut_field(text, letter);
    if (!value) return std::nullopt;
    set_field(fields, letter, *value);
  }
  return text.empty() ? std::optional(fields) : std::nullopt;
}

std::optional<sys_seconds> to_time(const Fields& f) {
  namespace ch = std::chrono;
  const ch::year_month_day date(ch::year(static_cast<int>(f.year)), ch::month(f.month), ch::day(f.day));
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;  // 60: a leap second
  return ch::sys_days(date) + ch::hours(f.hour) + ch::minutes(f.minute) + ch::seconds(std::min(f.second, 59U));
}

}  // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text) {
  for (const std::string_view form : kDateForms) {
    if (const auto fields = fields_of(text, form)) return to_time(*fields);
  }
  return std::nullopt;
}

std::string format_http_date(sys_seconds time) {
  namespace ch = std::chrono;
  const auto day = ch::floor<ch::days>(time);
  const ch::year_month_day date(day);
  const ch::hh_mm_ss clock(time - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[ch::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, sys_seconds now) {
  constexpr std::chrono::seconds kLongest = std::chrono::days(365);  // more than anyone waits; keeps the sum in range
  if (const auto seconds = parse_decimal(text)) {
    return std::chrono::seconds(std::min<uint64_t>(*seconds, static_cast<uint64_t>(kLongest.count())));
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::clamp<std::chrono::seconds>(*date - now, std::chrono::seconds(0), kLongest);
}

std::optional<std::chrono::milliseconds> retry_after_of(const Headers& headers) {
  const auto wish = headers.find("Retry-After");
  if (!wish) return std::nullopt;
  auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (const auto date = headers.find("Date")) now = parse_http_date(*date).value_or(now);
  return parse_retry_after(*wish, now);
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (text.size() < kUnit.size() || !equals_ignoring_case(text.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const size_t dash = text.find('-');
  const size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto first = parse_decimal(text.substr(0, dash));
  const auto last = parse_decimal(text.substr(dash + 1, slash - dash - 1));
  const std::string_view complete_text = text.substr(slash + 1);
  const auto complete = parse_decimal(complete_text);
  if (!first || !last || *last < *first || (!complete && complete_text != "*")) return std::nullopt;
  if (complete && *complete <= *last) return std::nullopt;
  return ContentRange{*first, *last, complete};
}

namespace {

// Cuts a token or a quoted string (its escapes undone) off the front of `rest`; nothing when it starts with neither.
std::optional<std::string> take_word(std::string_view& rest) {
  std::string word;
  if (!rest.starts_with('"')) {
    while (!rest.empty() && (is_alnum(rest.front()) || std::string_view("!#$%&'*+-.^_`|~").contains(rest.front()))) {
      word += rest.front();
      rest.remove_prefix(1);
    }
    return word.empty() ? std::nullopt : std::optional(word);
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\') rest.remove_prefix(1);
    if (rest.empty()) return std::nullopt;
    word += rest.front();
    rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  rest.remove_prefix(1);
  return word;
}

bool take(std::string_view& rest, char c) {
  rest = trim(rest);
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  rest = trim(rest);
  return true;
}

bool lists(std::string_view relations, std::string_view wanted) {
  return std::ranges::any_of(split(relations, ' '),
                             [&](std::string_view relation) { return equals_ignoring_case(relation, wanted); });
}

std::optional<std::string> target_in(std::string_view rest, std::string_view relation) {
  do {
    if (!take(rest, '<')) return std::nullopt;
    const size_t end = rest.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view target = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    bool found = false;
    bool seen = false;
    while (take(rest, ';')) {
      const auto name = take_word(rest);
      if (!name) return std::nullopt;
      std::optional<std::string> value;
      if (take(rest, '=') && !(value = take_word(rest))) return std::nullopt;
      // Of several only the first counts (section 3.3).
      if (!equals_ignoring_case(*name, "rel") || std::exchange(seen, true)) continue;
      found = value && lists(*value, relation);
    }
    if (found) return std::string(target);
  } while (take(rest, ','));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> link_target(const Headers& headers, std::string_view relation) {
  for (const std::string_view field : headers.find_all("Link")) {
    if (auto target = target_in(field, relation)) return target;
  }
  return std::nullopt;
}

std::string media_type_of(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  const size_t slash = type.find('/');
  const bool valid =
      slash != std::string_view::npos && slash > 0 && slash + 1 < type.size() &&
      std::ranges::all_of(type, [](char c) { return is_alnum(c) || std::string_view("/!#$&-^_.+").contains(c); });
  return valid ? to_lower(type) : std::string();
}

}  // namespace bulkhead::net
