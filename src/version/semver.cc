#include "version/semver.h"

#include <array>
#include <charconv>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

bool is_identifier_char(char c) {
  return is_alnum(c) || c == '-';
}

bool has_needless_zero(std::string_view number) {
  return number.size() > 1 && number.front() == '0';
}

// identifier{.identifier} at the front of `rest`, none of them empty; nothing if that is not there.
std::optional<std::string_view> take_identifiers(std::string_view& rest, bool leading_zeros) {
  const std::string_view start = rest;
  do {
    const std::string_view identifier = take_while(rest, is_identifier_char);
    if (identifier.empty()) return std::nullopt;
    if (!leading_zeros && has_needless_zero(identifier) && is_number(identifier)) return std::nullopt;
  } while (take_char(rest, '.'));
  return start.substr(0, start.size() - rest.size());
}

std::string_view take_until_dot(std::string_view& rest) {
  const std::string_view taken = take_while(rest, [](char c) { return c != '.'; });
  take_char(rest, '.');
  return taken;
}

}  // namespace

bool exceeds(std::string_view digits, uint64_t greatest) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.begin(), text.end(), greatest).ptr;
  return compare_digits(digits, {text.begin(), end}) > 0;
}

std::optional<SemverParts> parse_semver(std::string_view text, const SemverRules& rules) {
  if (text.size() > rules.max_bytes) return std::nullopt;
  std::string_view rest = rules.spaces_around ? trim(text) : text;
  if (rules.leading_v) take_char(rest, 'v');
  SemverParts parts;
  const std::string_view start = rest;
  size_t count = 0;
  do {
    const std::string_view number = take_digits(rest);
    if (number.empty() || ++count > rules.max_numbers) return std::nullopt;
    if (!rules.leading_zeros && has_needless_zero(number)) return std::nullopt;
    if (rules.greatest_number != 0 && exceeds(number, rules.greatest_number)) return std::nullopt;
  } while (take_char(rest, '.'));
  parts.numbers = start.substr(0, start.size() - rest.size());
  if (count < rules.min_numbers) return std::nullopt;
  if (rules.suffix_needs_three_numbers && count < 3 && !rest.empty()) return std::nullopt;
  if (take_char(rest, '-')) {
    const auto prerelease = take_identifiers(rest, rules.leading_zeros);
    if (!prerelease) return std::nullopt;
    parts.prerelease = *prerelease;
  }
  if (take_char(rest, '+')) {
    const auto build = take_identifiers(rest, true);
    if (!build) return std::nullopt;
    parts.build = *build;
  }
  if (!rest.empty()) return std::nullopt;
  return parts;
}

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto by_number = compare_digits(take_until_dot(a), take_until_dot(b));
    if (by_number != 0) return by_number;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering compare_bytes(std::string_view a, std::string_view b) {
  return a <=> b;
}

std::strong_ordering compare_ignoring_case(std::string_view a, std::string_view b) {
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const auto by_char = static_cast<unsigned char>(lower(a[i])) <=> static_cast<unsigned char>(lower(b[i]));
    if (by_char != 0) return by_char;
  }
  return a.size() <=> b.size();
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b, WordOrder words) {
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_until_dot(a);
    const std::string_view right = take_until_dot(b);
    const bool left_is_number = is_number(left);
    const bool right_is_number = is_number(right);
    if (left_is_number != right_is_number) {
      return left_is_number ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    const auto by_identifier = left_is_number ? compare_digits(left, right) : words(left, right);
    if (by_identifier != 0) return by_identifier;
  }
  return !a.empty() <=> !b.empty();
}

std::strong_ordering compare_prereleases(std::string_view a, std::string_view b, WordOrder words) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();
  return compare_identifiers(a, b, words);
}

std::strong_ordering compare_semver(const SemverParts& a, const SemverParts& b, const SemverRules& rules) {
  if (const auto by_numbers = compare_numbers(a.numbers, b.numbers); by_numbers != 0) return by_numbers;
  const auto by_prerelease =
      compare_prereleases(a.prerelease, b.prerelease, rules.ignores_case ? compare_ignoring_case : compare_bytes);
  if (by_prerelease != 0 || !rules.orders_build) return by_prerelease;
  return compare_identifiers(a.build, b.build);
}

}  // namespace bulkhead::version
