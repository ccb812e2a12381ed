#include "version/composer.h"

#include <array>

#include "version/composer_text.h"
#include "version/digits.h"

namespace bulkhead::version {
namespace {

struct Form {
  std::string_view prefix;
  int rank;
};
// version_compare looks only at how a word starts. A number stands where # does; an unknown word comes first.
constexpr std::array<Form, 10> kForms = {{{.prefix = "dev", .rank = 0},
                                          {.prefix = "alpha", .rank = 1},
                                          {.prefix = "a", .rank = 1},
                                          {.prefix = "beta", .rank = 2},
                                          {.prefix = "b", .rank = 2},
                                          {.prefix = "RC", .rank = 3},
                                          {.prefix = "rc", .rank = 3},
                                          {.prefix = "#", .rank = 4},
                                          {.prefix = "pl", .rank = 5},
                                          {.prefix = "p", .rank = 5}}};
constexpr int kUnknownRank = -1;
constexpr int kNumberRank = 4;

int rank_of(std::string_view token) {
  if (is_digit(token.front())) return kNumberRank;
  for (const Form& form : kForms) {
    if (token.starts_with(form.prefix)) return form.rank;
  }
  return kUnknownRank;
}

bool is_word_char(char c) {
  return is_alpha(c) || c == '#';
}

// The next run of digits or letters; empty at the end.
std::string_view take_token(std::string_view& rest) {
  take_while(rest, [](char c) { return !is_digit(c) && !is_word_char(c); });
  const std::string_view number = take_digits(rest);
  return number.empty() ? take_while(rest, is_word_char) : number;
}

// What is left of one version, against the end of the other: a further number is newer, a word as its rank says.
std::strong_ordering compare_rest_with_end(std::string_view token, std::string_view rest) {
  for (; !token.empty(); token = take_token(rest)) {
    if (is_digit(token.front())) return std::strong_ordering::greater;
    if (const auto by_rank = rank_of(token) <=> kNumberRank; by_rank != 0) return by_rank;
  }
  return std::strong_ordering::equal;
}

std::string_view without_v(std::string_view text) {
  if (!take_char(text, 'v')) take_char(text, 'V');
  return text;
}

bool starts_with_number(std::string_view text) {
  text = without_v(text);
  return !text.empty() && is_digit(text.front());
}

bool is_branch(std::string_view normalised) {
  return normalised.starts_with("dev-");
}

}  // namespace

std::strong_ordering compare_php_versions(std::string_view a, std::string_view b) {
  while (true) {
    const std::string_view left = take_token(a);
    const std::string_view right = take_token(b);
    if (left.empty()) return 0 <=> compare_rest_with_end(right, b);
    if (right.empty()) return compare_rest_with_end(left, a);
    const bool numbers = is_digit(left.front()) && is_digit(right.front());
    const auto by_token = numbers ? compare_digits(left, right) : rank_of(left) <=> rank_of(right);
    if (by_token != 0) return by_token;
  }
}

bool is_composer_version(std::string_view text) {
  return starts_with_number(text) || normalise_composer(text).has_value();
}

std::optional<std::strong_ordering> compare_composer(std::string_view a, std::string_view b) {
  const auto left = normalise_composer(a);
  const auto right = normalise_composer(b);
  if (left && right) {
    if (!is_branch(*left) || !is_branch(*right)) return compare_php_versions(*left, *right);
    return *left == *right ? std::optional(std::strong_ordering::equal) : std::nullopt;
  }
  if ((!left && !starts_with_number(a)) || (!right && !starts_with_number(b))) return std::nullopt;
  return compare_php_versions(without_v(a), without_v(b));
}

}  // namespace bulkhead::version
