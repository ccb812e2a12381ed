// Dates as text. Source: RFC 3339, full-date.
#pragma once

#include <string_view>

namespace bulkhead {

// "2026-12-31", of a day that there is. Such texts compare as days do.
bool is_date(std::string_view text);

}  // namespace bulkhead
