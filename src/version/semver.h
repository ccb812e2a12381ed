// Semantic versions, and the worlds that differ from them only in details. Sources: semver.org 2.0.0 sections 2, 9 to
// 11; node-semver (strict mode); golang.org/x/mod/semver; NuGet "Version normalization"; Dart pub_semver.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// Where the worlds differ.
struct SemverRules {
  size_t min_numbers = 1;
  size_t max_numbers = std::numeric_limits<size_t>::max();
  bool leading_v = false;                   // may start with a v
  bool spaces_around = false;               // may stand between white space
  bool leading_zeros = false;               // 1.02.3
  bool suffix_needs_three_numbers = false;  // no 1.2-rc
  bool ignores_case = false;                // of pre-release identifiers
  bool orders_build = false;                // 1.0.0 < 1.0.0+1
  uint64_t greatest_number = 0;             // 0: any
  size_t max_bytes = std::numeric_limits<size_t>::max();
};

inline constexpr SemverRules kSemverRules = {.leading_v = true, .leading_zeros = true};
inline constexpr SemverRules kNpmRules = {.min_numbers = 3,
                                          .max_numbers = 3,
                                          .leading_v = true,
                                          .spaces_around = true,
                                          .greatest_number = (uint64_t{1} << 53) - 1,
                                          .max_bytes = 256};
inline constexpr SemverRules kGoRules = {.max_numbers = 3, .leading_v = true, .suffix_needs_three_numbers = true};
inline constexpr SemverRules kNugetRules = {
    .max_numbers = 4, .spaces_around = true, .leading_zeros = true, .ignores_case = true};
inline constexpr SemverRules kPubRules = {
    .max_numbers = 3, .leading_v = true, .leading_zeros = true, .orders_build = true};

// numbers[-prerelease][+build]; views into the parsed text.
struct SemverParts {
  std::string_view numbers;     // digits{.digits}
  std::string_view prerelease;  // identifiers joined by dots; empty when there is none
  std::string_view build;
};

std::optional<SemverParts> parse_semver(std::string_view text, const SemverRules& rules);
std::strong_ordering compare_semver(const SemverParts& a, const SemverParts& b, const SemverRules& rules);

// Whether a run of digits is greater than `greatest`.
bool exceeds(std::string_view digits, uint64_t greatest);

// Order of digits{.digits}; a missing number is zero.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b);

// How words (identifiers that are not numbers) compare.
using WordOrder = std::strong_ordering (*)(std::string_view a, std::string_view b);
std::strong_ordering compare_bytes(std::string_view a, std::string_view b);
std::strong_ordering compare_ignoring_case(std::string_view a, std::string_view b);

// Order of dotted identifiers: numbers by value and before words, the shorter list first.
std::strong_ordering compare_identifiers(std::string_view a, std::string_view b, WordOrder words = compare_bytes);

// A pre-release comes before the version without one (an empty view).
std::strong_ordering compare_prereleases(std::string_view a, std::string_view b, WordOrder words = compare_bytes);

template <SemverRules rules>
struct Semver {
  SemverParts parts;

  static std::optional<Semver> parse(std::string_view text) {
    const std::optional<SemverParts> parts = parse_semver(text, rules);
    if (!parts) return std::nullopt;
    return Semver{*parts};
  }
};

template <SemverRules rules>
std::strong_ordering order(const Semver<rules>& a, const Semver<rules>& b) {
  return compare_semver(a.parts, b.parts, rules);
}

}  // namespace bulkhead::version
