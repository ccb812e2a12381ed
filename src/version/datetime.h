// Points in time as versions. Source: RFC 3339 section 5.6 (date-time), and VERS, type datetime.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::version {

struct DatetimeVersion {
  int64_t seconds = 0;        // since 1970-01-01T00:00:00Z, without leap seconds; a leap second equals the next second
  std::string_view fraction;  // digits after the point, without trailing zeros

  // YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm), letters in either case. Nothing for a day that the calendar does not
  // have.
  static std::optional<DatetimeVersion> parse(std::string_view text);
};

std::strong_ordering order(const DatetimeVersion& a, const DatetimeVersion& b);

}  // namespace bulkhead::version
