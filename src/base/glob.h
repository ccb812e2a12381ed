// Patterns as of a shell, on one name: `*` stands for any bytes, also none, `?` for one byte. No ranges, no escapes.
// Pure; never more than |pattern| * |text| steps.
#pragma once

#include <string_view>

namespace bulkhead {

bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace bulkhead
