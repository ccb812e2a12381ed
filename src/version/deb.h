// Debian versions. Source: deb-version(7), Debian Policy 5.6.12, and dpkg's own order.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// [epoch:]upstream[-revision]; views into the parsed text.
struct DebVersion {
  std::string_view epoch;     // digits; empty counts as 0
  std::string_view upstream;  // starts with a digit
  std::string_view revision;  // empty when there is none, which counts as "0"

  // Nothing unless the epoch is a number of at most 2147483647 (dpkg's limit), the upstream version starts with a
  // digit, and both parts hold only the characters that the policy allows.
  static std::optional<DebVersion> parse(std::string_view text);
};

std::strong_ordering order(const DebVersion& a, const DebVersion& b);

}  // namespace bulkhead::version
