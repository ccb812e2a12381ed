#include "cel/time_text.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

namespace bulkhead::cel {
namespace {

constexpr int64_t kBillion = 1'000'000'000;
constexpr int64_t kMinTimestamp = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTimestamp = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int64_t kSecondsOfDay = 86'400;

// Both parts of one sign, and less than a second in the second one.
Time normalised_duration(__int128 nanoseconds) {
  return {static_cast<int64_t>(nanoseconds / kBillion), static_cast<int32_t>(nanoseconds % kBillion)};
}

__int128 in_nanoseconds(Time duration) {
  return static_cast<__int128>(duration.seconds) * kBillion + duration.nanoseconds;
}

// Timestamps count forward from the second that they name, also before 1970.
std::optional<Time> timestamp_of(__int128 nanoseconds) {
  __int128 seconds = nanoseconds / kBillion;
  auto rest = static_cast<int32_t>(nanoseconds % kBillion);
  if (rest < 0) {
    rest += static_cast<int32_t>(kBillion);
    --seconds;
  }
  if (seconds < kMinTimestamp || seconds > kMaxTimestamp) return std::nullopt;
  return Time{static_cast<int64_t>(seconds), rest};
}

std::optional<Time> checked_duration(__int128 nanoseconds) {
  if (nanoseconds > INT64_MAX || nanoseconds < INT64_MIN) return std::nullopt;
  return normalised_duration(nanoseconds);
}

// Takes exactly `count` digits off the front.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int number = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "+05:30", "-09:30", and without a sign: seconds east of Greenwich.
std::optional<int64_t> parse_offset(std::string_view text) {
  const bool west = !text.empty() && text.front() == '-';
  if (west || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  const int64_t seconds = (*hours * 60LL + *minutes) * 60;
  return west ? -seconds : seconds;
}

std::string fraction_text(int32_t nanoseconds) {
  if (nanoseconds == 0) return {};
  std::string digits = fmt::format(".{:09}", std::abs(nanoseconds));
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

}  // namespace

bool valid_timestamp(Time time) {
  return time.seconds >= kMinTimestamp && time.seconds <= kMaxTimestamp && time.nanoseconds >= 0 &&
         time.nanoseconds < kBillion;
}

bool valid_duration(Time time) {
  const __int128 nanoseconds = in_nanoseconds(time);
  return nanoseconds <= INT64_MAX && nanoseconds >= INT64_MIN;
}

std::optional<Time> parse_timestamp(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || !take(text, ':')) return std::nullopt;
  const auto seconds = take_digits(text, 2);
  if (!seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;

  int64_t nanoseconds = 0;
  if (take(text, '.')) {
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      if (digits < 9) nanoseconds = nanoseconds * 10 + (text[digits] - '0');
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (size_t i = digits; i < 9; ++i) nanoseconds *= 10;
    text.remove_prefix(digits);
  }
  int64_t offset = 0;
  if (text != "Z" && text != "z") {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const auto parsed = parse_offset(text);
    if (!parsed) return std::nullopt;
    offset = *parsed;
  }
  const cctz::civil_day date(*year, *month, *day);
  if (date.year() != *year || date.month() != *month || date.day() != *day) return std::nullopt;  // 30 February
  const int64_t days = date - cctz::civil_day(1970, 1, 1);
  const Time time{days * kSecondsOfDay + (*hours * 60LL + *minutes) * 60 + *seconds - offset,
                  static_cast<int32_t>(nanoseconds)};
  return valid_timestamp(time) ? std::optional(time) : std::nullopt;
}

std::optional<Time> parse_duration(std::string_view text) {
  bool negative = false;
  if (take(text, '-')) {
    negative = true;
  } else {
    take(text, '+');
  }
  if (text == "0") return Time{};
  if (text.empty()) return std::nullopt;
  struct Unit {
    std::string_view name;
    int64_t nanoseconds;
  };
  static constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                                  {"us", 1'000},
                                                  {"\xc2\xb5s", 1'000},
                                                  {"\xce\xbcs", 1'000},
                                                  {"ms", 1'000'000},
                                                  {"s", kBillion},
                                                  {"m", 60 * kBillion},
                                                  {"h", 3600 * kBillion}}};
  __int128 total = 0;
  while (!text.empty()) {
    __int128 whole = 0;
    size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      whole = whole * 10 + (text.front() - '0');
      if (whole > INT64_MAX) return std::nullopt;
      text.remove_prefix(1);
      ++digits;
    }
    __int128 fraction = 0;
    __int128 scale = 1;
    if (take(text, '.')) {
      while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        if (scale < kBillion * static_cast<__int128>(kBillion)) {
          fraction = fraction * 10 + (text.front() - '0');
          scale *= 10;
        }
        text.remove_prefix(1);
        ++digits;
      }
    }
    if (digits == 0) return std::nullopt;
    const auto unit = std::ranges::find_if(kUnits, [&](const Unit& each) {
      return text.starts_with(each.name) &&
             (text.size() == each.name.size() || (text[each.name.size()] >= '0' && text[each.name.size()] <= '9') ||
              text[each.name.size()] == '.');
    });
    if (unit == kUnits.end()) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += whole * unit->nanoseconds + fraction * unit->nanoseconds / scale;
    if (total > static_cast<__int128>(INT64_MAX) + 1) return std::nullopt;
  }
  return checked_duration(negative ? -total : total);
}

std::string timestamp_text(Time time) {
  const auto civil = civil_time(time, {});
  if (!civil) return "out of range";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", civil->year, civil->month + 1, civil->day_of_month,
                     civil->hours, civil->minutes, civil->seconds, fraction_text(time.nanoseconds));
}

std::string duration_text(Time time) {
  const bool negative = time.seconds < 0 || time.nanoseconds < 0;
  const auto seconds = static_cast<uint64_t>(negative ? -time.seconds : time.seconds);
  return fmt::format("{}{}{}s", negative ? "-" : "", seconds, fraction_text(time.nanoseconds));
}

std::optional<Time> add_to_timestamp(Time timestamp, Time duration) {
  return timestamp_of(in_nanoseconds(timestamp) + in_nanoseconds(duration));
}

std::optional<Time> add_durations(Time a, Time b) {
  return checked_duration(in_nanoseconds(a) + in_nanoseconds(b));
}

std::optional<Time> between(Time later, Time earlier) {
  return checked_duration(in_nanoseconds(later) - in_nanoseconds(earlier));
}

Time negated(Time duration) {
  return {-duration.seconds, -duration.nanoseconds};
}

std::optional<CivilTime> civil_time(Time timestamp, std::string_view zone) {
  cctz::time_zone place = cctz::utc_time_zone();
  if (!zone.empty() && zone != "UTC") {
    if (const auto offset = parse_offset(zone)) {
      place = cctz::fixed_time_zone(cctz::seconds(*offset));
    } else {
      // cctz would open what the name leads to: a path is not a name.
      const bool name = zone.size() <= 64 && std::ranges::all_of(zone, [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 c == '/' || c == '_' || c == '-' || c == '+';
                        });
      if (!name || zone.front() == '/' || !cctz::load_time_zone(std::string(zone), &place)) return std::nullopt;
    }
  }
  const cctz::time_point<cctz::seconds> point{cctz::seconds(timestamp.seconds)};
  const cctz::civil_second local = cctz::convert(point, place);
  const cctz::civil_day day(local);
  return CivilTime{.year = local.year(),
                   .month = local.month() - 1,
                   .day_of_month = local.day(),
                   .day_of_week = (static_cast<int>(cctz::get_weekday(day)) + 1) % 7,
                   .day_of_year = cctz::get_yearday(day) - 1,
                   .hours = local.hour(),
                   .minutes = local.minute(),
                   .seconds = local.second()};
}

}  // namespace bulkhead::cel
