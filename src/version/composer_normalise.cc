#include <algorithm>
#include <array>

#include "version/composer.h"
#include "version/composer_text.h"
#include "version/digits.h"

namespace bulkhead::version {
namespace {

struct Stability {
  std::string_view written;
  std::string_view normal;
};
// Longer words before those that they start with.
constexpr std::array<Stability, 9> kStabilities = {{{.written = "stable", .normal = ""},
                                                    {.written = "beta", .normal = "beta"},
                                                    {.written = "b", .normal = "beta"},
                                                    {.written = "rc", .normal = "RC"},
                                                    {.written = "alpha", .normal = "alpha"},
                                                    {.written = "a", .normal = "alpha"},
                                                    {.written = "patch", .normal = "patch"},
                                                    {.written = "pl", .normal = "patch"},
                                                    {.written = "p", .normal = "patch"}}};
constexpr std::array<std::string_view, 5> kFlags = {"stable", "rc", "beta", "alpha", "dev"};
constexpr std::array<std::string_view, 3> kMainBranches = {"master", "trunk", "default"};
constexpr std::string_view kAnyNumber = "9999999";
constexpr size_t kMaxFirstDigits = 5;

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}
bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && equals_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

// [.-]dev, dev or nothing, and then the end.
std::optional<bool> parse_dev(std::string_view text) {
  if (text.empty()) return false;
  if (text.front() == '.' || text.front() == '-') text.remove_prefix(1);
  if (equals_ignoring_case(text, "dev")) return true;
  return std::nullopt;
}

// {[.-]digits} at the front.
std::string_view take_stability_number(std::string_view& rest) {
  const std::string_view start = rest;
  while (true) {
    std::string_view ahead = rest;
    if (!take_char(ahead, '.')) take_char(ahead, '-');
    if (take_digits(ahead).empty()) break;
    rest = ahead;
  }
  return start.substr(0, start.size() - rest.size());
}

// As parse_composer_modifier, after the separator.
std::optional<ComposerModifier> parse_after_separator(std::string_view text) {
  for (const Stability& stability : kStabilities) {
    if (!starts_with_ignoring_case(text, stability.written)) continue;
    std::string_view rest = text.substr(stability.written.size());
    const std::string_view number = take_stability_number(rest);
    if (const auto dev = parse_dev(rest)) {
      return ComposerModifier{.stability = text.substr(0, stability.written.size()), .number = number, .dev = *dev};
    }
  }
  if (const auto dev = parse_dev(text)) return ComposerModifier{.stability = {}, .number = {}, .dev = *dev};
  return std::nullopt;
}

std::string with_modifier(std::string version, const ComposerModifier& modifier) {
  if (!modifier.stability.empty()) {
    const auto* stability = std::ranges::find_if(
        kStabilities, [&](const Stability& known) { return equals_ignoring_case(known.written, modifier.stability); });
    if (stability->normal.empty()) return version;
    version += '-';
    version += stability->normal;
    std::string_view number = modifier.number;
    take_while(number, [](char c) { return c == '.' || c == '-'; });
    version += number;
  }
  if (modifier.dev) version += "-dev";
  return version;
}

std::optional<std::string> normalise_classical(std::string_view text) {
  const auto numbers = take_composer_numbers(text);
  if (!numbers || numbers->numbers[0].size() > kMaxFirstDigits) return std::nullopt;
  const auto modifier = parse_composer_modifier(numbers->rest);
  if (!modifier) return std::nullopt;
  return with_modifier(composer_bound(*numbers, numbers->count, false), *modifier);
}

bool is_date_separator(char c) {
  return c == '.' || c == ':' || c == '-';
}

// Cuts one to six pairs of digits off the front, then up to two groups of one to three, each after an optional
// separator, and gives back the shortest rest that is no digit; nothing when the digits do not come out even.
std::optional<std::string_view> skip_date_groups(std::string_view text) {
  for (size_t pairs = 1; pairs <= 6; ++pairs) {
    std::string_view rest = text;
    if (!rest.empty() && is_date_separator(rest.front())) rest.remove_prefix(1);
    if (rest.size() < 2 || !is_digit(rest[0]) || !is_digit(rest[1])) return std::nullopt;
    text = rest.substr(2);
    rest = text;
    size_t groups = 0;
    while (groups < 2) {
      std::string_view ahead = rest;
      if (!ahead.empty() && is_date_separator(ahead.front())) ahead.remove_prefix(1);
      size_t size = 0;
      while (size < 3 && size < ahead.size() && is_digit(ahead[size])) ++size;
      if (size == 0) break;
      rest = ahead.substr(size);
      ++groups;
    }
    if (rest.empty() || !is_digit(rest.front())) {
      if (parse_composer_modifier(rest)) return rest;
    }
  }
  return std::nullopt;
}

// YYYYMMDD, YYYY-MM-DD.hhmmss and the like.
std::optional<std::string> normalise_date(std::string_view text) {
  if (!take_char(text, 'v')) take_char(text, 'V');
  if (text.size() < 4 || !is_number(text.substr(0, 4))) return std::nullopt;
  const auto rest = skip_date_groups(text.substr(4));
  if (!rest) return std::nullopt;
  std::string version(text.substr(0, text.size() - rest->size()));
  std::ranges::replace_if(version, is_date_separator, '.');
  return with_modifier(std::move(version), *parse_composer_modifier(*rest));
}

// Numbers and wildcards before -dev: 1.x-dev.
std::optional<std::string> normalise_numeric_branch(std::string_view text) {
  if (!ends_with_ignoring_case(text, "dev")) return std::nullopt;
  text.remove_suffix(3);
  if (text.ends_with('.') || text.ends_with('-')) text.remove_suffix(1);
  text = trim(text);
  if (!take_char(text, 'v')) take_char(text, 'V');
  std::string version(take_digits(text));
  if (version.empty()) return std::nullopt;
  for (size_t i = 1; i < 4; ++i) {
    version += '.';
    if (text.empty()) {
      version += kAnyNumber;
      continue;
    }
    if (!take_char(text, '.')) return std::nullopt;
    const std::string_view number = take_digits(text);
    version += number.empty() ? kAnyNumber : number;
    if (number.empty() && !take_char(text, 'x') && !take_char(text, 'X') && !take_char(text, '*')) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return version + "-dev";
}

}  // namespace

std::optional<ComposerModifier> parse_composer_modifier(std::string_view text) {
  if (!text.empty() && (text.front() == '.' || text.front() == '_' || text.front() == '-')) {
    if (const auto modifier = parse_after_separator(text.substr(1))) return modifier;
  }
  return parse_after_separator(text);
}

std::optional<ComposerNumbers> take_composer_numbers(std::string_view text) {
  if (!take_char(text, 'v')) take_char(text, 'V');
  ComposerNumbers numbers;
  numbers.numbers[0] = take_digits(text);
  if (numbers.numbers[0].empty()) return std::nullopt;
  numbers.count = 1;
  while (numbers.count < 4 && text.size() > 1 && text.front() == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    numbers.numbers[numbers.count++] = take_digits(text);
  }
  numbers.rest = text;
  return numbers;
}

std::string composer_bound(const ComposerNumbers& numbers, size_t position, bool raise) {
  std::string bound;
  for (size_t i = 0; i < numbers.numbers.size(); ++i) {
    if (i > 0) bound += '.';
    const std::string_view number = i < numbers.count ? numbers.numbers[i] : "0";
    if (i + 1 == position && raise) {
      bound += increment(number);
    } else {
      bound += i < position ? number : "0";
    }
  }
  return bound;
}

std::string_view without_composer_alias(std::string_view text) {
  const auto is_word_char = [](char c) { return c != ',' && !is_space(c); };
  std::string_view rest = text;
  const std::string_view word = take_while(rest, is_word_char);
  if (word.empty() || take_while(rest, [](char c) { return c == ' '; }).empty() || !rest.starts_with("as "))
    return text;
  rest.remove_prefix(3);
  take_while(rest, [](char c) { return c == ' '; });
  return !take_while(rest, is_word_char).empty() && rest.empty() ? word : text;
}

ComposerFlag split_composer_flag(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos) return {.text = text, .stability = {}};
  const std::string_view flag = text.substr(at + 1);
  const bool known =
      std::ranges::any_of(kFlags, [flag](std::string_view name) { return equals_ignoring_case(name, flag); });
  if (!known) return {.text = text, .stability = {}};
  return {.text = text.substr(0, at), .stability = flag};
}

std::optional<std::string> normalise_composer(std::string_view text) {
  text = split_composer_flag(without_composer_alias(trim(text))).text;
  if (std::ranges::find(kMainBranches, text) != kMainBranches.end()) return "dev-" + std::string(text);
  if (starts_with_ignoring_case(text, "dev-")) return "dev-" + std::string(text.substr(4));
  if (const size_t plus = text.find('+'); plus != std::string_view::npos && plus > 0 && plus + 1 < text.size()) {
    const std::string_view version = text.substr(0, plus);
    const auto is_outside = [](char c) { return is_space(c); };
    if (std::ranges::none_of(text, is_outside) && !version.contains(',')) text = version;
  }
  if (auto version = normalise_classical(text)) return version;
  if (auto version = normalise_date(text)) return version;
  return normalise_numeric_branch(text);
}

}  // namespace bulkhead::version
