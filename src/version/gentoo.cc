#include "version/gentoo.h"

#include <algorithm>
#include <array>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

// By rank; p alone comes after the version without a suffix.
constexpr std::array<std::string_view, 5> kSuffixes = {"alpha", "beta", "pre", "rc", "p"};
constexpr size_t kPatchRank = 4;

struct Suffix {
  size_t rank = kSuffixes.size();  // that for no known suffix
  std::string_view number;
};

// Cuts _suffix[digits] off the front of `rest`, which starts with an underscore.
Suffix take_suffix(std::string_view& rest) {
  take_char(rest, '_');
  const std::string_view name = take_while(rest, is_lower);
  const auto rank = static_cast<size_t>(std::ranges::find(kSuffixes, name) - kSuffixes.begin());
  return {.rank = rank, .number = take_digits(rest)};
}

std::string_view without_trailing_zeros(std::string_view digits) {
  while (digits.ends_with('0')) digits.remove_suffix(1);
  return digits;
}

// Algorithms 3.2 and 3.3. A leading zero makes a fraction of any number but the first.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  if (const auto by_first = compare_digits(take_digits(a), take_digits(b)); by_first != 0) return by_first;
  while (take_char(a, '.') && take_char(b, '.')) {
    const std::string_view left = take_digits(a);
    const std::string_view right = take_digits(b);
    const bool fraction = left.front() == '0' || right.front() == '0';
    const auto by_number =
        fraction ? without_trailing_zeros(left) <=> without_trailing_zeros(right) : compare_digits(left, right);
    if (by_number != 0) return by_number;
    if (a.empty() || b.empty()) break;
  }
  return !a.empty() <=> !b.empty();
}

// Algorithms 3.5 and 3.6.
std::strong_ordering compare_suffixes(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const Suffix left = take_suffix(a);
    const Suffix right = take_suffix(b);
    if (const auto by_rank = left.rank <=> right.rank; by_rank != 0) return by_rank;
    if (const auto by_number = compare_digits(left.number, right.number); by_number != 0) return by_number;
  }
  if (a.empty() && b.empty()) return std::strong_ordering::equal;
  const bool left_goes_on = !a.empty();
  const bool goes_on_with_patch = take_suffix(left_goes_on ? a : b).rank == kPatchRank;
  return left_goes_on == goes_on_with_patch ? std::strong_ordering::greater : std::strong_ordering::less;
}

}  // namespace

std::optional<GentooVersion> GentooVersion::parse(std::string_view text) {
  GentooVersion version;
  std::string_view rest = text;
  do {
    if (take_digits(rest).empty()) return std::nullopt;
  } while (take_char(rest, '.'));
  version.numbers = text.substr(0, text.size() - rest.size());
  if (!rest.empty() && is_lower(rest.front())) {
    version.letter = rest.substr(0, 1);
    rest.remove_prefix(1);
  }
  const std::string_view suffixes = rest;
  while (!rest.empty() && rest.front() == '_') {
    if (take_suffix(rest).rank == kSuffixes.size()) return std::nullopt;
  }
  version.suffixes = suffixes.substr(0, suffixes.size() - rest.size());
  if (rest.starts_with("-r")) {
    rest.remove_prefix(2);
    version.revision = take_digits(rest);
    if (version.revision.empty()) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  return version;
}

std::strong_ordering order(const GentooVersion& a, const GentooVersion& b) {
  if (const auto by_numbers = compare_numbers(a.numbers, b.numbers); by_numbers != 0) return by_numbers;
  if (const auto by_letter = a.letter <=> b.letter; by_letter != 0) return by_letter;
  if (const auto by_suffixes = compare_suffixes(a.suffixes, b.suffixes); by_suffixes != 0) return by_suffixes;
  return compare_digits(a.revision, b.revision);
}

}  // namespace bulkhead::version
