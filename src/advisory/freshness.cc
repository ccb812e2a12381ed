#include "advisory/freshness.h"

#include <chrono>

#include "base/text.h"

namespace bulkhead::advisory {

std::optional<int64_t> day_of(std::string_view date) {
  if (date.size() < 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  if (date.size() > 10 && is_alnum(date[10]) && date[10] != 'T' && date[10] != 't') return std::nullopt;
  const auto year = parse_decimal(date.substr(0, 4));
  const auto month = parse_decimal(date.substr(5, 2));
  const auto day = parse_decimal(date.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day calendar{std::chrono::year(static_cast<int>(*year)),
                                             std::chrono::month(static_cast<unsigned>(*month)),
                                             std::chrono::day(static_cast<unsigned>(*day))};
  if (!calendar.ok()) return std::nullopt;
  return std::chrono::sys_days(calendar).time_since_epoch().count();
}

std::optional<int64_t> age_in_days(std::string_view date, std::string_view now) {
  const auto then = day_of(date);
  const auto today = day_of(now);
  if (!then || !today) return std::nullopt;
  return *today - *then;
}

std::string_view later_date(std::string_view a, std::string_view b) {
  const auto first = day_of(a);
  const auto second = day_of(b);
  if (!first) return second ? b : a;
  return second && *second > *first ? b : a;
}

}  // namespace bulkhead::advisory
