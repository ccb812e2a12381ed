// How old advisory data is. No clock in here: the present comes from the caller, so that an answer can be replayed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::advisory {

// Days since 1970-01-01 of an RFC 3339 date or timestamp ("2026-11-22", "2026-11-22T10:40:00Z"; the time of day and the
// zone are passed over). Nothing when it does not begin with a date of the calendar.
std::optional<int64_t> day_of(std::string_view date);

// Whole days from `date` to `now`; nothing when either is no date. Negative when `date` lies ahead.
std::optional<int64_t> age_in_days(std::string_view date, std::string_view now);

// The later of two dates, by day; an unreadable one never wins over a readable one.
std::string_view later_date(std::string_view a, std::string_view b);

}  // namespace bulkhead::advisory
