#include "version/pep440.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "version/digits.h"
#include "version/operators.h"
#include "version/semver.h"

namespace bulkhead::version {
namespace {

using Pre = Pep440Version::Pre;

struct PreName {
  std::string_view name;
  Pre pre;
};
// Longer names before those that they start with.
constexpr std::array<PreName, 8> kPreNames = {{{.name = "alpha", .pre = Pre::kAlpha},
                                               {.name = "a", .pre = Pre::kAlpha},
                                               {.name = "beta", .pre = Pre::kBeta},
                                               {.name = "b", .pre = Pre::kBeta},
                                               {.name = "preview", .pre = Pre::kCandidate},
                                               {.name = "pre", .pre = Pre::kCandidate},
                                               {.name = "c", .pre = Pre::kCandidate},
                                               {.name = "rc", .pre = Pre::kCandidate}}};
constexpr std::array<std::string_view, 3> kPostNames = {"post", "rev", "r"};

bool is_separator(char c) {
  return c == '.' || c == '-' || c == '_';
}

std::string_view after_separator(std::string_view rest) {
  if (!rest.empty() && is_separator(rest.front())) rest.remove_prefix(1);
  return rest;
}

bool take_word(std::string_view& rest, std::string_view word) {
  if (rest.size() < word.size() || !equals_ignoring_case(rest.substr(0, word.size()), word)) return false;
  rest.remove_prefix(word.size());
  return true;
}

// Cuts [separator][digits] off the front.
std::string_view take_part_number(std::string_view& rest) {
  rest = after_separator(rest);
  return take_digits(rest);
}

void take_pre(std::string_view& rest, Pep440Version& version) {
  for (const PreName& name : kPreNames) {
    std::string_view ahead = after_separator(rest);
    if (!take_word(ahead, name.name)) continue;
    version.pre = name.pre;
    version.pre_number = take_part_number(ahead);
    rest = ahead;
    return;
  }
}

void take_post(std::string_view& rest, Pep440Version& version) {
  if (std::string_view ahead = rest; take_char(ahead, '-')) {
    if (const std::string_view number = take_digits(ahead); !number.empty()) {
      version.has_post = true;
      version.post_number = number;
      rest = ahead;
      return;
    }
  }
  for (const std::string_view name : kPostNames) {
    std::string_view ahead = after_separator(rest);
    if (!take_word(ahead, name)) continue;
    version.has_post = true;
    version.post_number = take_part_number(ahead);
    rest = ahead;
    return;
  }
}

void take_dev(std::string_view& rest, Pep440Version& version) {
  std::string_view ahead = after_separator(rest);
  if (!take_word(ahead, "dev")) return;
  version.has_dev = true;
  version.dev_number = take_part_number(ahead);
  rest = ahead;
}

bool take_local(std::string_view& rest, Pep440Version& version) {
  const std::string_view start = rest;
  while (true) {
    if (take_while(rest, is_alnum).empty()) return false;
    if (rest.empty() || !is_separator(rest.front())) break;
    rest.remove_prefix(1);
  }
  version.local = start.substr(0, start.size() - rest.size());
  return true;
}

// Where the pre-release part stands: development releases of the final come first, finals last.
int pre_rank(const Pep440Version& version) {
  if (version.pre) return static_cast<int>(*version.pre);
  return version.has_dev && !version.has_post ? -1 : 3;
}

// Words before numbers, none before any, the shorter list first.
std::strong_ordering compare_local(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_while(a, is_alnum);
    const std::string_view right = take_while(b, is_alnum);
    const bool left_is_number = is_number(left);
    if (left_is_number != is_number(right)) {
      return left_is_number ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    const auto by_word = left_is_number ? compare_digits(left, right) : compare_ignoring_case(left, right);
    if (by_word != 0) return by_word;
    a = after_separator(a);
    b = after_separator(b);
  }
  return !a.empty() <=> !b.empty();
}

std::strong_ordering compare_release(const Pep440Version& a, const Pep440Version& b) {
  if (const auto by_epoch = compare_digits(a.epoch, b.epoch); by_epoch != 0) return by_epoch;
  return compare_numbers(a.release, b.release);
}

std::strong_ordering compare_public(const Pep440Version& a, const Pep440Version& b) {
  if (const auto by_release = compare_release(a, b); by_release != 0) return by_release;
  if (const auto by_pre = pre_rank(a) <=> pre_rank(b); by_pre != 0) return by_pre;
  if (const auto by_pre_number = compare_digits(a.pre_number, b.pre_number); by_pre_number != 0) return by_pre_number;
  if (a.has_post != b.has_post) return a.has_post <=> b.has_post;
  if (const auto by_post = compare_digits(a.post_number, b.post_number); by_post != 0) return by_post;
  if (a.has_dev != b.has_dev) return b.has_dev <=> a.has_dev;
  return compare_digits(a.dev_number, b.dev_number);
}

size_t count_numbers(std::string_view release) {
  return static_cast<size_t>(std::ranges::count(release, '.')) + 1;
}

std::string_view first_numbers(std::string_view release, size_t count) {
  size_t end = 0;
  while (end < release.size() && (release[end] != '.' || --count > 0)) ++end;
  return release.substr(0, end);
}

// `==prefix.*`: everything that the prefix says must be so; numbers that the version lacks are zero.
bool has_prefix(Pep440Version version, const Pep440Version& prefix) {
  // A prefix that goes beyond the release must match as far as it goes.
  version.release = first_numbers(version.release, count_numbers(prefix.release));
  if (compare_release(version, prefix) != 0) return false;
  if (!prefix.has_post) return true;
  return !version.pre && version.has_post && compare_digits(version.post_number, prefix.post_number) == 0;
}

bool equals(const Pep440Version& version, const Pep440Version& bound) {
  return bound.local.empty() ? compare_public(version, bound) == 0 : order(version, bound) == 0;
}

// `<V` leaves out the pre-releases of V, unless V is one.
bool is_less(const Pep440Version& version, Pep440Version bound) {
  if (!bound.is_prerelease()) bound.has_dev = true;  // .dev0, the first of them
  return order(version, bound) < 0;
}

// `>V` leaves out the local versions of V, and its post-releases, unless V is one.
bool is_greater(const Pep440Version& version, const Pep440Version& bound) {
  if (compare_public(version, bound) <= 0) return false;
  if (bound.has_post || bound.has_dev || !version.has_post) return true;
  return compare_release(version, bound) != 0 || version.pre != bound.pre ||
         compare_digits(version.pre_number, bound.pre_number) != 0;
}

struct Clause {
  Operator op = Operator::kEqual;
  std::string_view text;
  Pep440Version bound;
  bool is_prefix = false;
};

// ~=V: >=V, and the release of V without its last number as a prefix.
bool is_compatible(const Pep440Version& version, const Pep440Version& bound) {
  Pep440Version prefix;
  prefix.epoch = bound.epoch;
  prefix.release = first_numbers(bound.release, count_numbers(bound.release) - 1);
  return compare_public(version, bound) >= 0 && has_prefix(version, prefix);
}

std::string_view normal_number(std::string_view digits) {
  digits = without_leading_zeros(digits);
  return digits.empty() ? "0" : digits;
}

// Words joined by separators with dots instead, and numbers without leading zeros.
std::string normal_words(std::string_view words) {
  std::string text;
  while (!words.empty()) {
    const std::string_view word = take_while(words, is_alnum);
    if (!text.empty()) text += '.';
    text += is_number(word) ? normal_number(word) : word;
    words = after_separator(words);
  }
  return text;
}

// The one spelling of the specification, except for upper-case letters in the local part.
std::string normal_text(const Pep440Version& version) {
  constexpr std::array<std::string_view, 3> kNames = {"a", "b", "rc"};
  std::string text;
  if (!is_zero(version.epoch)) text += fmt::format("{}!", normal_number(version.epoch));
  text += normal_words(version.release);
  if (version.pre)
    text += fmt::format("{}{}", kNames[static_cast<size_t>(*version.pre)], normal_number(version.pre_number));
  if (version.has_post) text += fmt::format(".post{}", normal_number(version.post_number));
  if (version.has_dev) text += fmt::format(".dev{}", normal_number(version.dev_number));
  if (!version.local.empty()) text += fmt::format("+{}", normal_words(version.local));
  return text;
}

std::optional<Clause> parse_clause(std::string_view text) {
  Clause clause;
  const auto op = take_operator(text);
  if (!op) return std::nullopt;
  clause.op = *op;
  text = trim(text);
  clause.text = text;
  if (clause.op == Operator::kArbitrary) {
    return std::ranges::any_of(text, [](char c) { return is_space(c) || c == ';' || c == ')'; })
               ? std::nullopt
               : std::optional(clause);
  }
  clause.is_prefix = text.ends_with(".*");
  if (clause.is_prefix) text.remove_suffix(2);
  const auto bound = Pep440Version::parse(text);
  if (!bound) return std::nullopt;
  clause.bound = *bound;
  const bool tests_equality = clause.op == Operator::kEqual || clause.op == Operator::kNotEqual;
  if (clause.is_prefix && (!tests_equality || bound->pre || bound->has_dev || !bound->local.empty()))
    return std::nullopt;
  if (!tests_equality && !bound->local.empty()) return std::nullopt;
  if (clause.op == Operator::kCompatible && count_numbers(bound->release) < 2) return std::nullopt;
  if (clause.op > Operator::kArbitrary || clause.op == Operator::kPessimistic) return std::nullopt;
  return clause;
}

bool holds(const Pep440Version& version, const Clause& clause) {
  switch (clause.op) {
    case Operator::kEqual:
      return clause.is_prefix ? has_prefix(version, clause.bound) : equals(version, clause.bound);
    case Operator::kNotEqual:
      return !(clause.is_prefix ? has_prefix(version, clause.bound) : equals(version, clause.bound));
    case Operator::kLess:
      return is_less(version, clause.bound);
    case Operator::kLessOrEqual:
      return compare_public(version, clause.bound) <= 0;
    case Operator::kGreater:
      return is_greater(version, clause.bound);
    case Operator::kGreaterOrEqual:
      return compare_public(version, clause.bound) >= 0;
    case Operator::kCompatible:
      return is_compatible(version, clause.bound);
    case Operator::kArbitrary:
      return equals_ignoring_case(normal_text(version), clause.text);
    default:
      return false;
  }
}

}  // namespace

std::optional<Pep440Version> Pep440Version::parse(std::string_view text) {
  std::string_view rest = trim(text);
  Pep440Version version;
  if (!take_char(rest, 'v')) take_char(rest, 'V');
  std::string_view ahead = rest;
  const std::string_view epoch = take_digits(ahead);
  if (!epoch.empty() && take_char(ahead, '!')) {
    version.epoch = epoch;
    rest = ahead;
  }
  const std::string_view start = rest;
  if (take_digits(rest).empty()) return std::nullopt;
  while (rest.size() > 1 && rest.front() == '.' && is_digit(rest[1])) {
    rest.remove_prefix(1);
    take_digits(rest);
  }
  version.release = start.substr(0, start.size() - rest.size());
  take_pre(rest, version);
  take_post(rest, version);
  take_dev(rest, version);
  if (take_char(rest, '+') && !take_local(rest, version)) return std::nullopt;
  if (!rest.empty()) return std::nullopt;
  return version;
}

std::strong_ordering order(const Pep440Version& a, const Pep440Version& b) {
  if (const auto by_public = compare_public(a, b); by_public != 0) return by_public;
  return compare_local(a.local, b.local);
}

Membership pep440_satisfies(std::string_view version, std::string_view range, const RangeOptions&) {
  const auto candidate = Pep440Version::parse(version);
  if (!candidate) return Membership::kBadVersion;
  bool inside = false;
  while (true) {
    const size_t bars = range.find("||");
    std::string_view clauses = range.substr(0, bars);
    bool all = true;
    while (true) {
      const size_t comma = clauses.find(',');
      const std::string_view text = trim(clauses.substr(0, comma));
      if (text != "*") {
        const auto clause = parse_clause(text);
        if (!clause) return Membership::kBadRange;
        all = all && holds(*candidate, *clause);
      }
      if (comma == std::string_view::npos) break;
      clauses.remove_prefix(comma + 1);
    }
    inside = inside || all;
    if (bars == std::string_view::npos) break;
    range.remove_prefix(bars + 2);
  }
  return membership(inside);
}

}  // namespace bulkhead::version
