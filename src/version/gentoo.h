// Gentoo versions. Source: Package Manager Specification, "Version specifications" and "Version comparison"
// (algorithms 3.1 to 3.7): digits{.digits}[letter]{_suffix[digits]}[-rdigits].
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// Views into the parsed text.
struct GentooVersion {
  std::string_view numbers;   // digits{.digits}
  std::string_view letter;    // one lower-case letter, or empty
  std::string_view suffixes;  // {_suffix[digits]}
  std::string_view revision;  // digits; empty counts as 0

  static std::optional<GentooVersion> parse(std::string_view text);
};

std::strong_ordering order(const GentooVersion& a, const GentooVersion& b);

}  // namespace bulkhead::version
