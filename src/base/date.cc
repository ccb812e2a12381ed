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

}  // namespace bulkhead
