#include "version/datetime.h"

#include <chrono>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

// Cuts exactly `count` digits off the front.
std::optional<unsigned> take_number(std::string_view& rest, size_t count) {
  if (rest.size() < count) return std::nullopt;
  unsigned value = 0;
  for (const char c : rest.substr(0, count)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  rest.remove_prefix(count);
  return value;
}

// Cuts hh:mm off the front, in minutes.
std::optional<unsigned> take_hours_and_minutes(std::string_view& rest) {
  const auto hours = take_number(rest, 2);
  if (!hours || *hours > 23 || !take_char(rest, ':')) return std::nullopt;
  const auto minutes = take_number(rest, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return *hours * 60 + *minutes;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& rest) {
  const auto year = take_number(rest, 4);
  if (!year || !take_char(rest, '-')) return std::nullopt;
  const auto month = take_number(rest, 2);
  if (!month || !take_char(rest, '-')) return std::nullopt;
  const auto day = take_number(rest, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// Minutes east of Greenwich.
std::optional<int> take_offset(std::string_view& rest) {
  if (take_char(rest, 'Z') || take_char(rest, 'z')) return 0;
  const bool west = take_char(rest, '-');
  if (!west && !take_char(rest, '+')) return std::nullopt;
  const auto minutes = take_hours_and_minutes(rest);
  if (!minutes) return std::nullopt;
  return west ? -static_cast<int>(*minutes) : static_cast<int>(*minutes);
}

}  // namespace

std::optional<DatetimeVersion> DatetimeVersion::parse(std::string_view text) {
  DatetimeVersion version;
  const auto date = take_date(text);
  if (!date || !(take_char(text, 'T') || take_char(text, 't'))) return std::nullopt;
  const auto minutes = take_hours_and_minutes(text);
  if (!minutes || !take_char(text, ':')) return std::nullopt;
  const auto seconds = take_number(text, 2);
  if (!seconds || *seconds > 60) return std::nullopt;
  if (take_char(text, '.')) {
    version.fraction = take_digits(text);
    if (version.fraction.empty()) return std::nullopt;
    while (version.fraction.ends_with('0')) version.fraction.remove_suffix(1);
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  version.seconds =
      int64_t{date->time_since_epoch().count()} * 86400 + int64_t{*minutes} * 60 + *seconds - int64_t{*offset} * 60;
  return version;
}

std::strong_ordering order(const DatetimeVersion& a, const DatetimeVersion& b) {
  if (const auto by_second = a.seconds <=> b.seconds; by_second != 0) return by_second;
  return a.fraction <=> b.fraction;
}

}  // namespace bulkhead::version
