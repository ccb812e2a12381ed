#include "version/semver_range.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "version/digits.h"
#include "version/operators.h"
#include "version/semver.h"

namespace bulkhead::version {
namespace {

bool is_wildcard(char c) {
  return c == 'x' || c == 'X' || c == '*';
}

// A version in a range, of which numbers may be missing or stand for any.
struct Partial {
  struct Number {
    std::string_view digits;  // empty: any
    bool written = false;     // as digits or as a wildcard
    bool any() const { return digits.empty(); }
  };
  std::array<Number, 3> numbers;
  std::string_view prerelease;

  // How many numbers stand before the first that is any.
  size_t depth() const {
    size_t count = 0;
    while (count < numbers.size() && !numbers[count].any()) ++count;
    return count;
  }
  std::string_view number(size_t index) const { return numbers[index].any() ? "0" : numbers[index].digits; }
};

struct PartialRules {
  bool leading_zeros;
  bool suffix_needs_three_numbers;
};

bool is_identifier_char(char c) {
  return is_alnum(c) || c == '-';
}

std::string_view take_suffix(std::string_view& rest, char mark) {
  return take_char(rest, mark) ? take_while(rest, [](char c) { return is_identifier_char(c) || c == '.'; })
                               : std::string_view();
}

std::optional<Partial> parse_partial(std::string_view text, const PartialRules& rules) {
  Partial partial;
  size_t count = 0;
  do {
    if (count == partial.numbers.size()) return std::nullopt;
    Partial::Number& number = partial.numbers[count++];
    number.written = true;
    number.digits = take_digits(text);
    if (!number.any()) {
      if (!rules.leading_zeros && number.digits.size() > 1 && number.digits.front() == '0') return std::nullopt;
    } else if (!text.empty() && is_wildcard(text.front())) {
      text.remove_prefix(1);
    } else {
      return std::nullopt;
    }
  } while (take_char(text, '.'));
  if (text.empty()) return partial;
  if (rules.suffix_needs_three_numbers && count < 3) return std::nullopt;
  // The rest of a version has the same form wherever it stands.
  const std::string_view suffix = text;
  partial.prerelease = take_suffix(text, '-');
  take_suffix(text, '+');
  const SemverRules suffix_rules = {.leading_zeros = rules.leading_zeros};
  if (!text.empty() || !parse_semver("0" + std::string(suffix), suffix_rules)) return std::nullopt;
  return partial;
}

// The versions from which and up to which a range reaches.
struct Bound {
  std::array<std::string, 3> numbers;
  std::string_view prerelease;
};

Bound lower_bound(const Partial& partial, std::string_view prerelease) {
  Bound bound{.numbers = {}, .prerelease = prerelease};
  for (size_t i = 0; i < bound.numbers.size(); ++i) bound.numbers[i] = partial.number(i);
  return bound;
}

// The version after all that share the numbers up to `index`, and its pre-releases are beyond it too.
Bound upper_bound(const Partial& partial, size_t index) {
  Bound bound{.numbers = {"0", "0", "0"}, .prerelease = "0"};
  for (size_t i = 0; i < index; ++i) bound.numbers[i] = partial.number(i);
  bound.numbers[index] = increment(partial.number(index));
  return bound;
}

std::strong_ordering compare_bound(const SemverParts& version, const Bound& bound) {
  std::string_view rest = version.numbers;
  for (const std::string& number : bound.numbers) {
    const auto by_number = compare_digits(take_digits(rest), number);
    if (by_number != 0) return by_number;
    take_char(rest, '.');
  }
  if (const auto by_rest = compare_numbers(rest, {}); by_rest != 0) return by_rest;
  return compare_prereleases(version.prerelease, bound.prerelease);
}

bool has_numbers_of(const SemverParts& version, const Bound& bound) {
  return compare_bound({.numbers = version.numbers, .prerelease = {}, .build = {}},
                       {.numbers = bound.numbers, .prerelease = {}}) == 0;
}

// The place of the number that ^ lets grow no more.
size_t caret_index(const Partial& partial) {
  const size_t depth = partial.depth();
  size_t index = 0;
  while (index + 1 < depth && is_zero(partial.numbers[index].digits)) ++index;
  return index;
}

size_t tilde_index(const Partial& partial) {
  return partial.depth() > 1 ? 1 : 0;
}

// Calls `alternative` for each piece between ||; stops and returns false when one returns false.
template <typename Function>
bool for_each_alternative(std::string_view range, Function alternative) {
  while (true) {
    const size_t bars = range.find("||");
    if (!alternative(range.substr(0, bars))) return false;
    if (bars == std::string_view::npos) return true;
    range.remove_prefix(bars + 2);
  }
}

// [<>][=], ~, ~> or ^ off the front; a plain version needs none.
Operator take_npm_operator(std::string_view& rest) {
  if (take_char(rest, '^')) return Operator::kCaret;
  if (take_char(rest, '~')) {
    skip_spaces(rest);
    if (take_char(rest, '>') && take_char(rest, '=')) skip_spaces(rest);
    return Operator::kTilde;
  }
  const bool less = take_char(rest, '<');
  const bool greater = !less && take_char(rest, '>');
  if (less || greater) skip_spaces(rest);  // "> =1" is ">=1"
  const bool equal = take_char(rest, '=');
  if (less) return equal ? Operator::kLessOrEqual : Operator::kLess;
  if (greater) return equal ? Operator::kGreaterOrEqual : Operator::kGreater;
  return Operator::kEqual;
}

// Without every +build.metadata in it.
std::string strip_build(std::string_view text) {
  std::string stripped;
  while (!text.empty()) {
    stripped += take_while(text, [](char c) { return c != '+'; });
    std::string_view ahead = text;
    bool taken = false;
    while ((taken ? take_char(ahead, '.') : take_char(ahead, '+')) && !take_while(ahead, is_identifier_char).empty()) {
      taken = true;
      text = ahead;
    }
    if (!taken && take_char(text, '+')) stripped += '+';
  }
  return stripped;
}

constexpr PartialRules kNpmPartialRules = {.leading_zeros = false, .suffix_needs_three_numbers = true};

// One alternative of an npm range against one version: all comparators must hold, and a pre-release needs one
// comparator that names a pre-release of the same numbers.
class NpmAlternative {
 public:
  NpmAlternative(const SemverParts& version, bool include_prerelease)
      : version_(version), include_prerelease_(include_prerelease), names_prerelease_(include_prerelease) {}

  // False when it is malformed.
  bool read(std::string_view text) {
    const std::string without_build = strip_build(text);
    text = trim(without_build);
    if (const auto hyphen = read_hyphen_range(text)) return *hyphen && well_formed_;
    while (!text.empty()) {
      const Operator op = take_npm_operator(text);
      skip_spaces(text);
      const std::string_view decoration = take_while(text, [](char c) { return c == 'v' || c == '='; });
      const auto partial = parse_partial(take_word(text), kNpmPartialRules);
      if (!partial || !add(op, *partial)) return false;
      const bool exact = partial->depth() == 3 && op != Operator::kTilde && op != Operator::kCaret;
      if (exact && decoration.contains('=')) return false;  // ==1.2.3, though ==1.2 will do
      skip_spaces(text);
    }
    return well_formed_;
  }

  bool holds() const { return all_ && (version_.prerelease.empty() || names_prerelease_); }

 private:
  static std::string_view take_word(std::string_view& rest) {
    return take_while(rest, [](char c) { return !is_space(c); });
  }

  static std::optional<Partial> parse_hyphen_end(std::string_view word) {
    const std::string_view decoration = take_while(word, [](char c) { return c == 'v' || c == '='; });
    const auto partial = parse_partial(word, kNpmPartialRules);
    if (partial && partial->depth() == 3 && decoration.contains('=')) return std::nullopt;
    return partial;
  }

  // `A - B` and nothing else; nothing when there is no hyphen between white space.
  std::optional<bool> read_hyphen_range(std::string_view text) {
    const std::string_view low = take_word(text);
    skip_spaces(text);
    if (take_word(text) != "-") return std::nullopt;
    skip_spaces(text);
    const auto from = parse_hyphen_end(low);
    const auto to = parse_hyphen_end(text);
    if (!from || !to) return false;
    if (from->depth() > 0) {
      require(Operator::kGreaterOrEqual, lower_bound(*from, from->prerelease.empty() ? lowest() : from->prerelease));
    }
    const size_t depth = to->depth();
    if (depth == 3 && (!include_prerelease_ || !to->prerelease.empty())) {
      require(Operator::kLessOrEqual, lower_bound(*to, to->prerelease));
    } else if (depth > 0) {
      require(Operator::kLess, upper_bound(*to, depth - 1));
    }
    return true;
  }

  bool add(Operator op, const Partial& partial) {
    const size_t depth = partial.depth();
    if (op == Operator::kTilde || op == Operator::kCaret) {
      add_span(partial, op == Operator::kTilde ? tilde_index(partial) : caret_index(partial));
      return true;
    }
    for (size_t i = depth; i < partial.numbers.size(); ++i) {
      if (!partial.numbers[i].any()) return false;  // x.1
    }
    if (depth == 3) {
      require(op, lower_bound(partial, partial.prerelease));
    } else if (op == Operator::kEqual) {
      add_span({.numbers = partial.numbers, .prerelease = {}}, depth == 0 ? 0 : depth - 1);
    } else {
      add_comparison(op, partial, depth);
    }
    return true;
  }

  // From `partial` to all that share its numbers up to `index`.
  void add_span(const Partial& partial, size_t index) {
    const size_t depth = partial.depth();
    if (depth == 0) return;
    std::string_view prerelease = lowest();
    if (depth == 3) prerelease = partial.prerelease;
    require(Operator::kGreaterOrEqual, lower_bound(partial, prerelease));
    require(Operator::kLess, upper_bound(partial, index));
  }

  // A comparison with a version whose numbers from `depth` on are any.
  void add_comparison(Operator op, const Partial& partial, size_t depth) {
    if (depth == 0) {
      if (op == Operator::kLess || op == Operator::kGreater) all_ = false;
    } else if (op == Operator::kLess) {
      require(op, lower_bound(partial, "0"));
    } else if (op == Operator::kLessOrEqual) {
      require(Operator::kLess, upper_bound(partial, depth - 1));
    } else if (op == Operator::kGreater) {
      Bound bound = upper_bound(partial, depth - 1);
      bound.prerelease = lowest();
      require(Operator::kGreaterOrEqual, bound);
    } else {
      require(op, lower_bound(partial, lowest()));
    }
  }

  std::string_view lowest() const { return include_prerelease_ ? "0" : std::string_view(); }

  void require(Operator op, const Bound& bound) {
    for (const std::string& number : bound.numbers) {
      if (exceeds(number, kNpmRules.greatest_number)) well_formed_ = false;
    }
    all_ = all_ && version::holds(compare_bound(version_, bound), op);
    if (!bound.prerelease.empty() && has_numbers_of(version_, bound)) names_prerelease_ = true;
  }

  const SemverParts& version_;
  bool include_prerelease_;
  bool names_prerelease_;
  bool all_ = true;
  bool well_formed_ = true;
};

// A bound of the scheme semver, in which numbers and even the pre-release may be any.
struct LooseBound {
  std::array<Partial::Number, 3> numbers;
  std::string_view prerelease;
  bool has_any = false;
};

LooseBound loosen(const Partial& partial, bool zero_padding) {
  LooseBound bound{.numbers = partial.numbers, .prerelease = partial.prerelease};
  for (Partial::Number& number : bound.numbers) {
    if (zero_padding && !number.written && !bound.has_any) number.digits = "0";
    bound.has_any = bound.has_any || number.any();
  }
  return bound;
}

// Any equals everything, also what follows it.
std::strong_ordering compare_loose(const SemverParts& version, const LooseBound& bound) {
  std::string_view rest = version.numbers;
  for (const Partial::Number& number : bound.numbers) {
    const std::string_view digits = take_digits(rest);
    take_char(rest, '.');
    if (number.any()) continue;
    if (const auto by_number = compare_digits(digits, number.digits); by_number != 0) return by_number;
  }
  if (bound.has_any) return std::strong_ordering::equal;
  if (const auto by_rest = compare_numbers(rest, {}); by_rest != 0) return by_rest;
  return compare_prereleases(version.prerelease, bound.prerelease);
}

bool holds_loosely(const SemverParts& version, Operator op, const Partial& partial, const RangeOptions& options) {
  const LooseBound bound = loosen(partial, options.zero_padding);
  if (!bound.prerelease.empty() && bound.has_any) return false;  // 1.x-alpha means nothing
  if (!options.include_prerelease && !version.prerelease.empty() && bound.prerelease.empty()) return false;
  const auto by_bound = compare_loose(version, bound);
  switch (op) {
    case Operator::kLess:
      return compare_bound(version, lower_bound(partial, partial.prerelease)) < 0;
    case Operator::kTilde:
    case Operator::kPessimistic:
    case Operator::kCaret: {
      if (by_bound < 0) return false;
      const size_t index = op == Operator::kCaret ? caret_index(partial) : tilde_index(partial);
      return partial.depth() == 0 || compare_bound(version, upper_bound(partial, index)) < 0;
    }
    default:
      return holds(by_bound, op);
  }
}

bool is_between(char c) {
  return is_space(c) || c == ',';
}

}  // namespace

Membership npm_satisfies(std::string_view version, std::string_view range, const RangeOptions& options) {
  const auto candidate = parse_semver(version, kNpmRules);
  if (!candidate) return Membership::kBadVersion;
  bool inside = false;
  const bool well_formed = for_each_alternative(range, [&](std::string_view text) {
    NpmAlternative alternative(*candidate, options.include_prerelease);
    if (!alternative.read(text)) return false;
    inside = inside || alternative.holds();
    return true;
  });
  return well_formed ? membership(inside) : Membership::kBadRange;
}

Membership semver_satisfies(std::string_view version, std::string_view range, const RangeOptions& options) {
  const auto candidate = parse_semver(version, kSemverRules);
  if (!candidate) return Membership::kBadVersion;
  bool inside = false;
  const bool well_formed = for_each_alternative(range, [&](std::string_view text) {
    bool all = true;
    take_while(text, is_between);
    if (text.empty()) text = "*";
    while (!text.empty()) {
      const auto op = take_operator(text);
      skip_spaces(text);
      take_char(text, 'v');
      const auto partial = parse_partial(take_while(text, [](char c) { return !is_between(c); }),
                                         {.leading_zeros = true, .suffix_needs_three_numbers = false});
      if (!op || !partial || *op == Operator::kCompatible || *op == Operator::kArbitrary) return false;
      all = all && holds_loosely(*candidate, *op, *partial, options);
      take_while(text, is_between);
    }
    inside = inside || all;
    return true;
  });
  return well_formed ? membership(inside) : Membership::kBadRange;
}

}  // namespace bulkhead::version
