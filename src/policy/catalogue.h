// The rules that come with the program, from data/rule-catalogue.txt: what they are for, their parameters, and their
// expressions. Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::policy {

enum class ParameterType : uint8_t { kString, kInt, kDouble, kBool, kDuration, kSeverity, kList };
std::string_view parameter_type_name(ParameterType type);

struct Parameter {
  ParameterType type;
  std::string_view name;
  std::optional<std::string_view> preset;  // none: it has to be given
  std::string_view description;
};

struct CatalogueRule {
  std::string_view id;
  std::string_view title;
  std::vector<Parameter> parameters;
  std::string_view each;  // a list of facts; empty: it is asked once
  std::string deny_if;    // expressions
  std::string_view subject;
  std::string_view message;
};

std::span<const CatalogueRule> catalogue();
const CatalogueRule* find_rule(std::string_view id);  // null when there is none

// "critical" is 5, "unknown" 0; nothing for other words.
std::optional<int64_t> severity_rank(std::string_view severity);

// "90d", "36h", "30m", "15s", and sums of them: seconds. Nothing for other texts and what is longer than 100 years.
std::optional<int64_t> parse_age(std::string_view text);

// For catalogue.cc and its tests. kMalformed names the line. The rules view the text.
Result<std::vector<CatalogueRule>> parse_catalogue(std::string_view text);

}  // namespace bulkhead::policy
