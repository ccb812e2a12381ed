#include "policy/catalogue.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "policy/rule_catalogue.h"

namespace bulkhead::policy {
namespace {

constexpr auto kTypeNames =
    std::to_array<std::string_view>({"string", "int", "double", "bool", "duration", "severity", "list"});
constexpr auto kSeverities =
    std::to_array<std::string_view>({"unknown", "negligible", "low", "medium", "high", "critical"});

// The text up to the next space, and what follows it.
std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
  const size_t space = std::min(text.find(' '), text.size());
  return {text.substr(0, space), text.substr(std::min(space + 1, text.size()))};
}

Result<Parameter> parse_parameter(std::string_view text) {
  const auto [type, after_type] = first_word(text);
  const auto [name, after_name] = first_word(after_type);
  const auto [preset, description] = first_word(after_name);
  const auto known = std::ranges::find(kTypeNames, type);
  if (known == kTypeNames.end() || name.empty() || preset.empty()) {
    return fail(Code::kMalformed, fmt::format("no parameter: \"{}\"", text));
  }
  return Parameter{.type = static_cast<ParameterType>(known - kTypeNames.begin()),
                   .name = name,
                   .preset = preset == "-" ? std::nullopt : std::optional(preset),
                   .description = description};
}

Status parse_line(std::string_view line, CatalogueRule& rule) {
  const auto [word, rest] = first_word(line);
  if (word == "title") {
    rule.title = rest;
  } else if (word == "parameter") {
    TRY_ASSIGN(rule.parameters.emplace_back(), parse_parameter(rest));
  } else if (word == "each") {
    rule.each = rest;
  } else if (word == "deny_if") {
    rule.deny_if = rest;
  } else if (word == "subject") {
    rule.subject = rest;
  } else if (word == "message") {
    rule.message = rest;
  } else {
    return fail(Code::kMalformed, fmt::format("\"{}\" begins no line of a rule", word));
  }
  return {};
}

}  // namespace

std::string_view parameter_type_name(ParameterType type) {
  return kTypeNames.at(static_cast<size_t>(type));
}

std::optional<int64_t> severity_rank(std::string_view severity) {
  const auto it = std::ranges::find(kSeverities, severity);
  if (it == kSeverities.end()) return std::nullopt;
  return it - kSeverities.begin();
}

std::optional<int64_t> parse_age(std::string_view text) {
  constexpr int64_t kLongest = 100LL * 366 * 86'400;
  int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    int64_t number = 0;
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      number = number * 10 + (text[digits] - '0');
      if (number > kLongest) return std::nullopt;
    }
    if (digits == 0 || digits == text.size()) return std::nullopt;
    switch (text[digits]) {
      case 'd':
        number *= 86'400;
        break;
      case 'h':
        number *= 3'600;
        break;
      case 'm':
        number *= 60;
        break;
      case 's':
        break;
      default:
        return std::nullopt;
    }
    total += number;
    if (total > kLongest) return std::nullopt;
    text.remove_prefix(digits + 1);
  }
  return total;
}

Result<std::vector<CatalogueRule>> parse_catalogue(std::string_view text) {
  std::vector<CatalogueRule> rules;
  size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto [word, rest] = first_word(line);
    if (word == "rule") {
      rules.push_back({.id = rest});
      continue;
    }
    if (rules.empty()) return fail(Code::kMalformed, fmt::format("line {}: no rule has begun", number));
    auto parsed = parse_line(line, rules.back());
    if (!parsed) return fail(std::move(parsed).error().with_context(fmt::format("line {}", number)));
  }
  return rules;
}

std::span<const CatalogueRule> catalogue() {
  static const auto rules = [] {
    auto parsed = parse_catalogue(kRuleCatalogue);
    if (!parsed) std::abort();  // the text is ours, and a test reads it
    return *std::move(parsed);
  }();
  return rules;
}

const CatalogueRule* find_rule(std::string_view id) {
  const auto rules = catalogue();
  const auto it = std::ranges::find(rules, id, &CatalogueRule::id);
  return it == rules.end() ? nullptr : &*it;
}

}  // namespace bulkhead::policy
