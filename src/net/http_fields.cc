#include "net/http_fields.h"

#include <algorithm>
#include <array>

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

// Reads a text piece by piece; the first that does not fit makes everything after it fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

  void literal(std::string_view expected) {
    if (!ok_ || !rest_.starts_with(expected)) {
      ok_ = false;
      return;
    }
    rest_.remove_prefix(expected.size());
  }

  // The index of the name that comes next.
  template <size_t N>
  unsigned one_of(const std::array<std::string_view, N>& names) {
    for (unsigned i = 0; i < N; ++i) {
      if (ok_ && rest_.starts_with(names[i])) {
        rest_.remove_prefix(names[i].size());
        return i;
      }
    }
    ok_ = false;
    return 0;
  }

  // Exactly `digits` digits; a leading space may stand for a zero where allowed (asctime's day).
  unsigned number(size_t digits, bool space_for_zero = false) {
    unsigned value = 0;
    for (size_t i = 0; i < digits; ++i) {
      const bool padding = space_for_zero && i == 0 && rest_.starts_with(' ');
      if (!ok_ || rest_.empty() || !(is_digit(rest_.front()) || padding)) {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (padding ? 0 : static_cast<unsigned>(rest_.front() - '0'));
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Fields {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void time_of_day(Scanner& scanner, Fields& fields) {
  fields.hour = scanner.number(2);
  scanner.literal(":");
  fields.minute = scanner.number(2);
  scanner.literal(":");
  fields.second = scanner.number(2);
}

std::optional<sys_seconds> to_time(const Fields& f) {
  namespace ch = std::chrono;
  const ch::year_month_day date(ch::year(static_cast<int>(f.year)), ch::month(f.month), ch::day(f.day));
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;  // 60: a leap second
  return ch::sys_days(date) + ch::hours(f.hour) + ch::minutes(f.minute) + ch::seconds(std::min(f.second, 59U));
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<sys_seconds> imf_fixdate(std::string_view text) {
  Scanner scanner(text);
  Fields f;
  scanner.one_of(kDays);
  scanner.literal(", ");
  f.day = scanner.number(2);
  scanner.literal(" ");
  f.month = scanner.one_of(kMonths) + 1;
  scanner.literal(" ");
  f.year = scanner.number(4);
  scanner.literal(" ");
  time_of_day(scanner, f);
  scanner.literal(" GMT");
  return scanner.done() ? to_time(f) : std::nullopt;
}

// "Sunday, 06-Nov-94 08:49:37 GMT". A year of two digits is taken as 1970 to 2069.
std::optional<sys_seconds> rfc850_date(std::string_view text) {
  Scanner scanner(text);
  Fields f;
  scanner.one_of(kLongDays);
  scanner.literal(", ");
  f.day = scanner.number(2);
  scanner.literal("-");
  f.month = scanner.one_of(kMonths) + 1;
  scanner.literal("-");
  f.year = scanner.number(2);
  f.year += f.year < 70 ? 2000 : 1900;
  scanner.literal(" ");
  time_of_day(scanner, f);
  scanner.literal(" GMT");
  return scanner.done() ? to_time(f) : std::nullopt;
}

// "Sun Nov  6 08:49:37 1994"
std::optional<sys_seconds> asctime_date(std::string_view text) {
  Scanner scanner(text);
  Fields f;
  scanner.one_of(kDays);
  scanner.literal(" ");
  f.month = scanner.one_of(kMonths) + 1;
  scanner.literal(" ");
  f.day = scanner.number(2, true);
  scanner.literal(" ");
  time_of_day(scanner, f);
  scanner.literal(" ");
  f.year = scanner.number(4);
  return scanner.done() ? to_time(f) : std::nullopt;
}

}  // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text) {
  if (auto time = imf_fixdate(text)) return time;
  if (auto time = rfc850_date(text)) return time;
  return asctime_date(text);
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

std::string media_type_of(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  const size_t slash = type.find('/');
  const bool valid =
      slash != std::string_view::npos && slash > 0 && slash + 1 < type.size() &&
      std::ranges::all_of(type, [](char c) { return is_alnum(c) || std::string_view("/!#$&-^_.+").contains(c); });
  return valid ? to_lower(type) : std::string();
}

}  // namespace bulkhead::net
