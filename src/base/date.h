// Dates and times as text. Source: RFC 3339, full-date and date-time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead {

// "2026-12-31", of a day that there is. Such texts compare as days do.
bool is_date(std::string_view text);

// RFC 3339, UTC, of seconds since 1970: "2026-12-31T23:59:59Z"; empty outside of the years 0 to 9999.
std::string rfc3339_of(int64_t unix_seconds);

// The seconds since 1970 of such a text. A fraction of a second is cut off; an offset ("+02:00") is applied; letters
// may be small. Nothing for any other text, and for days that there are not.
std::optional<int64_t> parse_rfc3339(std::string_view text);

}  // namespace bulkhead
