#include "advisory/dist_tag.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bulkhead::advisory {

std::optional<uint32_t> minor_of(std::string_view version) {
  for (size_t at = version.find("el"); at != std::string_view::npos; at = version.find("el", at + 1)) {
    if (at > 0 && is_alnum(version[at - 1])) continue;
    size_t end = at + 2;
    while (end < version.size() && is_digit(version[end])) ++end;
    if (end == at + 2 || end >= version.size()) continue;
    // "el8_4", and for modules "el8.4.0".
    const bool module = is_modular(version);
    if (version[end] != '_' && !(module && version[end] == '.')) continue;
    size_t stop = end + 1;
    while (stop < version.size() && is_digit(version[stop])) ++stop;
    const auto minor = parse_decimal(version.substr(end + 1, stop - end - 1));
    if (minor && *minor < 1000) return static_cast<uint32_t>(*minor);
  }
  return std::nullopt;
}

bool is_modular(std::string_view version) {
  constexpr std::array<std::string_view, 4> kMarks = {"module+el", "module_el", "module+f", "module_f"};
  return std::ranges::any_of(kMarks,
                             [&](std::string_view mark) { return version.find(mark) != std::string_view::npos; });
}

}  // namespace bulkhead::advisory
