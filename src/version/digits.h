// Runs of decimal digits as numbers of any length, without turning them into integers: versions out of an image may
// hold runs that no integer type can. Pure, allocation-free. Internal to the folder.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.h"

namespace bulkhead::version {

// Cuts the longest prefix whose characters all satisfy `wanted` off `rest` and returns it; may be empty.
template <typename Predicate>
constexpr std::string_view take_while(std::string_view& rest, Predicate wanted) {
  size_t size = 0;
  while (size < rest.size() && wanted(rest[size])) ++size;
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return taken;
}

inline std::string_view take_digits(std::string_view& rest) {
  return take_while(rest, is_digit);
}

// Cuts `c` off the front of `rest` if it stands there.
inline bool take_char(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

inline bool is_number(std::string_view text) {
  std::string_view rest = text;
  return !take_digits(rest).empty() && rest.empty();
}

inline std::string_view without_leading_zeros(std::string_view digits) {
  take_while(digits, [](char c) { return c == '0'; });
  return digits;
}

inline bool is_zero(std::string_view digits) {
  return without_leading_zeros(digits).empty();
}

// Order of two runs of digits by value; an empty run counts as zero.
inline std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  a = without_leading_zeros(a);
  b = without_leading_zeros(b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

// The next number, without leading zeros.
inline std::string increment(std::string_view digits) {
  std::string next(without_leading_zeros(digits));
  size_t at = next.size();
  while (at > 0 && next[at - 1] == '9') next[--at] = '0';
  if (at == 0) return "1" + next;
  ++next[at - 1];
  return next;
}

// Skips white space.
inline void skip_spaces(std::string_view& rest) {
  take_while(rest, is_space);
}

}  // namespace bulkhead::version
