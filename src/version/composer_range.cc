#include <algorithm>
#include <array>

#include "version/composer.h"
#include "version/composer_text.h"
#include "version/digits.h"
#include "version/operators.h"

namespace bulkhead::version {
namespace {

bool is_branch(std::string_view normalised) {
  return normalised.starts_with("dev-");
}
bool is_wildcard(char c) {
  return c == 'x' || c == 'X' || c == '*';
}
bool is_branch_char(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '/';
}

bool is_between(char c) {
  return c == ' ' || c == ',';
}

// A bound as written: numbers, then a modifier or the .x-dev of a branch, then build metadata.
struct Pattern {
  ComposerNumbers numbers;
  ComposerModifier modifier;
  bool x_dev = false;

  bool names_stability() const { return !modifier.stability.empty() || modifier.dev || x_dev; }
};

std::optional<Pattern> parse_pattern(std::string_view text) {
  if (const size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (plus + 1 == text.size()) return std::nullopt;
    text = text.substr(0, plus);
  }
  Pattern pattern;
  const auto numbers = take_composer_numbers(text);
  if (!numbers) return std::nullopt;
  pattern.numbers = *numbers;
  std::string_view rest = numbers->rest;
  if (rest.size() > 1 && rest.front() == '.' && is_wildcard(rest[1])) {
    rest.remove_prefix(2);
    if (!take_char(rest, '.')) take_char(rest, '-');
    if (!equals_ignoring_case(rest, "dev")) return std::nullopt;
    pattern.x_dev = true;
    return pattern;
  }
  const auto modifier = parse_composer_modifier(rest);
  if (!modifier) return std::nullopt;
  pattern.modifier = *modifier;
  return pattern;
}

// x, x.x, v*: {wildcard.}wildcard after an optional v.
bool is_all_wildcards(std::string_view text) {
  if (!take_char(text, 'v')) take_char(text, 'V');
  do {
    if (text.empty() || !is_wildcard(text.front())) return false;
    text.remove_prefix(1);
  } while (take_char(text, '.'));
  return text.empty();
}

// Whether the text, as written, ends with -modifier (perhaps nothing but the dash).
bool ends_with_dashed_modifier(std::string_view text) {
  for (size_t dash = text.find('-'); dash != std::string_view::npos; dash = text.find('-', dash + 1)) {
    if (parse_composer_modifier(text.substr(dash + 1))) return true;
  }
  return false;
}

// Of a normalised version: patches count as stable.
bool is_stable(std::string_view normalised) {
  const size_t dash = normalised.find('-');
  if (dash == std::string_view::npos) return true;
  const std::string_view modifier = normalised.substr(dash);
  return modifier.starts_with("-patch") && !modifier.ends_with("-dev");
}

// One alternative of a constraint against one version: every part must hold.
class Alternative {
 public:
  explicit Alternative(std::string_view version) : version_(version) {}

  // Constraints joined by spaces or one comma. False when it is malformed.
  bool read(std::string_view text) {
    while (true) {
      if (!read_constraint(text)) return false;
      skip_blanks(text);
      if (text.empty()) return true;
      const bool comma = take_char(text, ',');
      if (text.starts_with('-')) return false;  // Composer joins nothing before a dash
      if (comma) skip_blanks(text);
    }
  }

  bool holds() const { return all_; }

 private:
  static void skip_blanks(std::string_view& rest) {
    take_while(rest, [](char c) { return c == ' '; });
  }

  static std::string_view take_word(std::string_view& rest) {
    return take_while(rest, [](char c) { return !is_between(c); });
  }

  // If ` - VERSION` follows, cuts it off and returns the version.
  static std::optional<std::string_view> take_hyphen_end(std::string_view& rest) {
    std::string_view ahead = rest;
    if (!ahead.starts_with(" - ")) return std::nullopt;
    ahead.remove_prefix(3);
    skip_blanks(ahead);
    const std::string_view word = take_word(ahead);
    rest = ahead;
    return word;
  }

  static void skip_alias(std::string_view& rest) {
    std::string_view ahead = rest;
    skip_blanks(ahead);
    if (ahead.size() == rest.size() || !ahead.starts_with("as ")) return;
    ahead.remove_prefix(3);
    skip_blanks(ahead);
    take_word(ahead);
    rest = ahead;
  }

  bool read_constraint(std::string_view& rest) {
    const bool bare = rest.empty() || !is_operator_char(rest.front());
    if (rest.starts_with("=<") || rest.starts_with("=>")) return false;
    const auto op = take_operator(rest);
    if (!op) return false;
    const bool spaced = rest.starts_with(' ');
    if (*op != Operator::kTilde && *op != Operator::kCaret) skip_blanks(rest);
    const std::string_view word = take_word(rest);
    if (word.size() > kMaxVersionBytes) return false;
    if (bare) {
      if (const auto end = take_hyphen_end(rest)) return add_hyphen_range(word, *end);
    }
    skip_alias(rest);
    // Composer sees a flag only behind an operator that stands close.
    const ComposerFlag flag = spaced ? ComposerFlag{.text = word, .stability = {}} : split_composer_flag(word);
    const bool only_flag = flag.text.empty() && !flag.stability.empty();
    const std::string_view text = bare && only_flag ? std::string_view("*") : flag.text;
    switch (*op) {
      case Operator::kTilde:
        return add_tilde(text);
      case Operator::kCaret:
        return add_caret(text);
      case Operator::kPessimistic:
      case Operator::kCompatible:
      case Operator::kArbitrary:
        return false;
      default:
        return (bare && (add_wildcards(text) || add_x_range(text))) || add_comparison(*op, text, flag.stability);
    }
  }

  bool add_wildcards(std::string_view text) {
    if (!is_all_wildcards(text)) return false;
    if (text.size() > 1) require(Operator::kGreaterOrEqual, "0.0.0.0-dev");
    return true;
  }

  // number{.number}.x
  bool add_x_range(std::string_view text) {
    const auto numbers = take_composer_numbers(text);
    if (!numbers || numbers->count > 3 || numbers->rest.empty()) return false;
    std::string_view rest = numbers->rest;
    while (rest.size() > 1 && rest.front() == '.' && is_wildcard(rest[1])) rest.remove_prefix(2);
    if (!rest.empty()) return false;
    const std::string low = composer_bound(*numbers, numbers->count, false) + "-dev";
    if (low != "0.0.0.0-dev") require(Operator::kGreaterOrEqual, low);
    require(Operator::kLess, composer_bound(*numbers, numbers->count, true) + "-dev");
    return true;
  }

  bool add_tilde(std::string_view text) {
    const auto pattern = parse_pattern(text);
    if (!pattern) return false;
    const size_t position = pattern->numbers.count + (pattern->x_dev ? 1 : 0);
    return add_span(text, *pattern, position > 1 ? position - 1 : 1);
  }

  bool add_caret(std::string_view text) {
    const auto pattern = parse_pattern(text);
    if (!pattern) return false;
    const auto& [numbers, count, rest] = pattern->numbers;
    size_t position = 3;
    if (numbers[0] != "0" || count < 2) {
      position = 1;
    } else if (numbers[1] != "0" || count < 3) {
      position = 2;
    }
    return add_span(text, *pattern, position);
  }

  // From `text` (and its development versions, unless it names a stability) to the next of the number at `position`.
  bool add_span(std::string_view text, const Pattern& pattern, size_t position) {
    const auto low = normalise_composer(std::string(text) + (pattern.names_stability() ? "" : "-dev"));
    if (!low) return false;
    require(Operator::kGreaterOrEqual, *low);
    require(Operator::kLess, composer_bound(pattern.numbers, position, true) + "-dev");
    return true;
  }

  bool add_hyphen_range(std::string_view from, std::string_view to) {
    const auto low = parse_pattern(from);
    const auto high = parse_pattern(to);
    const auto low_version = normalise_composer(from);
    const auto high_version = normalise_composer(to);
    if (!low || !high || !low_version || !high_version) return false;
    require(Operator::kGreaterOrEqual, *low_version + (low->names_stability() ? "" : "-dev"));
    if (high->numbers.count >= 3 || high->names_stability()) {
      require(Operator::kLessOrEqual, *high_version);
    } else {
      require(Operator::kLess, composer_bound(high->numbers, high->numbers.count, true) + "-dev");
    }
    return true;
  }

  bool add_comparison(Operator op, std::string_view text, std::string_view stability) {
    auto bound = normalise_composer(text);
    if (!bound && text.ends_with("-dev") && std::ranges::all_of(text, is_branch_char))
      bound = normalise_composer("dev-" + std::string(text.substr(0, text.size() - 4)));
    if (!bound) return false;
    const bool flagged = !stability.empty() && !equals_ignoring_case(stability, "stable");
    if (op != Operator::kEqual && flagged && is_stable(*bound)) {
      *bound += '-';
      *bound += stability;
    } else if (op == Operator::kLess || op == Operator::kGreaterOrEqual) {
      if (!ends_with_dashed_modifier(text) && !text.starts_with("dev-")) *bound += "-dev";
    }
    require(op, *bound);
    return true;
  }

  void require(Operator op, std::string_view bound) { all_ = all_ && fulfils(op, bound); }

  // A branch equals only itself and has no other order.
  bool fulfils(Operator op, std::string_view bound) const {
    if (is_branch(version_) || is_branch(bound)) {
      if (op == Operator::kNotEqual) return version_ != bound;
      return op == Operator::kEqual && version_ == bound;
    }
    return version::holds(compare_php_versions(version_, bound), op);
  }

  std::string_view version_;
  bool all_ = true;
};

// Cuts the text up to the next | or || off the front; false at the end.
bool take_alternative(std::string_view& rest, std::string_view& alternative, bool& more) {
  if (!more) return false;
  const size_t bar = rest.find('|');
  alternative = trim(rest.substr(0, bar));
  more = bar != std::string_view::npos;
  if (more) rest.remove_prefix(rest.substr(bar).starts_with("||") ? bar + 2 : bar + 1);
  return true;
}

}  // namespace

Membership composer_satisfies(std::string_view version, std::string_view range, const RangeOptions&) {
  const auto normalised = normalise_composer(version);
  if (!normalised) return Membership::kBadVersion;
  bool inside = false;
  bool more = true;
  std::string_view text;
  while (take_alternative(range, text, more)) {
    Alternative alternative(*normalised);
    if (!alternative.read(text)) return Membership::kBadRange;
    inside = inside || alternative.holds();
  }
  return membership(inside);
}

}  // namespace bulkhead::version
