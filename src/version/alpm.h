// Arch Linux versions. Source: vercmp(8) and libalpm's version.c.
//
// vercmp leaves the release out when one side has none, so 1.0-1 = 1.0 = 1.0-2 although 1.0-1 < 1.0-2: its order is not
// transitive, and neither is ours.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// [epoch:]version[-release]; views into the parsed text.
struct AlpmVersion {
  std::string_view epoch;  // digits; empty counts as 0
  std::string_view version;
  std::optional<std::string_view> release;

  // Nothing for empty text.
  static std::optional<AlpmVersion> parse(std::string_view text);
};

std::strong_ordering order(const AlpmVersion& a, const AlpmVersion& b);

}  // namespace bulkhead::version
