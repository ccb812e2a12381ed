#include "version/generic.h"

#include <string>
#include <vector>

#include "base/text.h"
#include "version/digits.h"
#include "version/operators.h"
#include "version/semver.h"

namespace bulkhead::version {
namespace {

bool is_word_char(char c) {
  return is_alnum(c) || c == '-' || c == '~' || c == '_';
}

// word{.word} at the front of `rest`, none of them empty; empty if that is not there.
std::string_view take_words(std::string_view& rest) {
  const std::string_view start = rest;
  do {
    if (take_while(rest, is_word_char).empty()) return {};
  } while (take_char(rest, '.'));
  return start.substr(0, start.size() - rest.size());
}

std::strong_ordering compare_natural(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const auto by_number = compare_digits(take_digits(a), take_digits(b));
      if (by_number != 0) return by_number;
    } else {
      const auto by_char = a.substr(0, 1) <=> b.substr(0, 1);
      if (by_char != 0) return by_char;
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return !a.empty() <=> !b.empty();
}

// A version up to which a constraint reaches: `numbers` with the one at `index` raised and those behind it zero.
GenericVersion raise(const std::vector<std::string_view>& numbers, size_t index, std::string& storage) {
  storage.clear();
  for (size_t i = 0; i <= index; ++i) {
    if (i > 0) storage += '.';
    if (i < index) {
      storage += numbers[i];
    } else {
      storage += increment(numbers[i]);
    }
  }
  return {.numbers = storage, .prerelease = {}};
}

size_t pessimistic_index(size_t count) {
  return count > 1 ? count - 2 : 0;
}

size_t caret_index(const std::vector<std::string_view>& numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!is_zero(numbers[i])) return i;
  }
  return numbers.size() - 1;
}

bool holds(const GenericVersion& version, Operator op, const GenericVersion& bound) {
  const auto by_order = order(version, bound);
  if (op <= Operator::kGreaterOrEqual) return holds(by_order, op);
  if (by_order < 0) return false;
  const std::vector<std::string_view> numbers = split(bound.numbers, '.');
  size_t index = pessimistic_index(numbers.size());
  if (op == Operator::kTilde && numbers.size() == 2) index = 1;
  if (op == Operator::kCaret) index = caret_index(numbers);
  std::string storage;
  return order(version, raise(numbers, index, storage)) < 0;
}

bool is_between(char c) {
  return is_space(c) || c == ',';
}

// Whether all constraints of one alternative hold; nothing when one is malformed or there is none.
std::optional<bool> all_hold(const GenericVersion& version, std::string_view constraints) {
  std::optional<bool> inside;
  while (true) {
    take_while(constraints, is_between);
    if (constraints.empty()) return inside;
    const auto op = take_operator(constraints);
    skip_spaces(constraints);
    const auto bound = GenericVersion::parse(take_while(constraints, [](char c) { return !is_between(c); }));
    if (!op || !bound || *op == Operator::kCompatible || *op == Operator::kArbitrary) return std::nullopt;
    inside = inside.value_or(true) && holds(version, *op, *bound);
  }
}

}  // namespace

std::optional<GenericVersion> GenericVersion::parse(std::string_view text) {
  take_char(text, 'v');
  GenericVersion version;
  const std::string_view start = text;
  if (take_digits(text).empty()) return std::nullopt;
  while (text.size() > 1 && text.front() == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    take_digits(text);
  }
  version.numbers = start.substr(0, start.size() - text.size());
  if (!text.empty() && text.front() != '+') {
    take_char(text, '-');
    version.prerelease = take_words(text);
    if (version.prerelease.empty()) return std::nullopt;
  }
  if (take_char(text, '+') && take_words(text).empty()) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return version;
}

std::strong_ordering order(const GenericVersion& a, const GenericVersion& b) {
  if (const auto by_numbers = compare_numbers(a.numbers, b.numbers); by_numbers != 0) return by_numbers;
  return compare_prereleases(a.prerelease, b.prerelease, compare_natural);
}

Membership generic_satisfies(std::string_view version, std::string_view range, const RangeOptions&) {
  const auto candidate = GenericVersion::parse(version);
  if (!candidate) return Membership::kBadVersion;
  bool inside = false;
  while (true) {
    const size_t bars = range.find("||");
    const auto all = all_hold(*candidate, range.substr(0, bars));
    if (!all) return Membership::kBadRange;
    inside = inside || *all;
    if (bars == std::string_view::npos) return membership(inside);
    range.remove_prefix(bars + 2);
  }
}

}  // namespace bulkhead::version
