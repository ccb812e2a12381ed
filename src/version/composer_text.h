// The pieces that Composer's versions and constraints are made of. Internal to the composer files.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::version {

// PHP's version_compare, with numbers of any length.
std::strong_ordering compare_php_versions(std::string_view a, std::string_view b);

// [separator][stability[number]][[separator]dev], the end of a version.
struct ComposerModifier {
  std::string_view stability;  // as written: "beta", "b", "RC", …; empty when there is none
  std::string_view number;     // digits joined by . or -, perhaps with one in front
  bool dev = false;
};

// All of `text` as a modifier; empty text is one.
std::optional<ComposerModifier> parse_composer_modifier(std::string_view text);

// [v]number{.number}, at most four, and what follows.
struct ComposerNumbers {
  std::array<std::string_view, 4> numbers;
  size_t count = 0;
  std::string_view rest;
};
std::optional<ComposerNumbers> take_composer_numbers(std::string_view text);

// The four numbers with the one at `position` (from 1) raised if so wanted, and zeros behind it.
std::string composer_bound(const ComposerNumbers& numbers, size_t position, bool raise);

// "1.0 as 1.1" is "1.0".
std::string_view without_composer_alias(std::string_view text);

struct ComposerFlag {
  std::string_view text;       // what stands before the @
  std::string_view stability;  // as written; empty when there is no flag
};
// Splits the flag of `version@stability` off.
ComposerFlag split_composer_flag(std::string_view text);

}  // namespace bulkhead::version
