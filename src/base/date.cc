#include "base/date.h"

#include <cstdint>
#include <ctime>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead {

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = parse_decimal(text.substr(0, 4));
  const auto month = parse_decimal(text.substr(5, 2));
  const auto day = parse_decimal(text.substr(8, 2));
  if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1) return false;
  static constexpr uint64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  return *day <= kDays[*month - 1] + (leap && *month == 2 ? 1 : 0);
}

std::string rfc3339_of(int64_t unix_seconds) {
  constexpr int64_t kYear0 = -62167219200;
  constexpr int64_t kYear10000 = 253402300800;
  if (unix_seconds < kYear0 || unix_seconds >= kYear10000) return {};
  const std::time_t time = unix_seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  const auto clock = [](std::string_view hh_mm) -> std::optional<int64_t> {
    if (hh_mm.size() != 5 || hh_mm[2] != ':') return std::nullopt;
    const auto hours = parse_decimal(hh_mm.substr(0, 2));
    const auto minutes = parse_decimal(hh_mm.substr(3, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    return static_cast<int64_t>(*hours) * kHour + static_cast<int64_t>(*minutes) * kMinute;
  };
  if (text.size() < 20 || !is_date(text.substr(0, 10)) || (text[10] != 'T' && text[10] != 't') || text[16] != ':') {
    return std::nullopt;
  }
  const auto time = clock(text.substr(11, 5));
  const auto seconds = parse_decimal(text.substr(17, 2));
  if (!time || !seconds || *seconds > 60) return std::nullopt;
  std::tm day{};
  day.tm_year = static_cast<int>(*parse_decimal(text.substr(0, 4))) - 1900;
  day.tm_mon = static_cast<int>(*parse_decimal(text.substr(5, 2))) - 1;
  day.tm_mday = static_cast<int>(*parse_decimal(text.substr(8, 2)));
  const int64_t at = ::timegm(&day) + *time + static_cast<int64_t>(*seconds);

  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    const size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return at;
  if (!rest.starts_with('+') && !rest.starts_with('-')) return std::nullopt;
  const auto offset = clock(rest.substr(1));
  if (!offset) return std::nullopt;
  return rest.front() == '+' ? at - *offset : at + *offset;
}

}  // namespace bulkhead
