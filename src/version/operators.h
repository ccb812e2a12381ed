// The comparison operators of range languages. Internal to the folder.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "version/digits.h"

namespace bulkhead::version {

enum class Operator : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kPessimistic,  // ~> (RubyGems): up to the next of the number before the last
  kCompatible,   // ~= (PEP 440)
  kArbitrary,    // === (PEP 440): as text
  kTilde,        // ~
  kCaret,        // ^
};

struct OperatorName {
  std::string_view text;
  Operator op;
};
inline constexpr std::array<OperatorName, 15> kOperators = {{{.text = "=", .op = Operator::kEqual},
                                                             {.text = "==", .op = Operator::kEqual},
                                                             {.text = "!=", .op = Operator::kNotEqual},
                                                             {.text = "<>", .op = Operator::kNotEqual},
                                                             {.text = "<", .op = Operator::kLess},
                                                             {.text = "<=", .op = Operator::kLessOrEqual},
                                                             {.text = "=<", .op = Operator::kLessOrEqual},
                                                             {.text = ">", .op = Operator::kGreater},
                                                             {.text = ">=", .op = Operator::kGreaterOrEqual},
                                                             {.text = "=>", .op = Operator::kGreaterOrEqual},
                                                             {.text = "~>", .op = Operator::kPessimistic},
                                                             {.text = "~=", .op = Operator::kCompatible},
                                                             {.text = "===", .op = Operator::kArbitrary},
                                                             {.text = "~", .op = Operator::kTilde},
                                                             {.text = "^", .op = Operator::kCaret}}};

inline bool is_operator_char(char c) {
  return std::string_view("=!<>~^").contains(c);
}

// Cuts the operator off the front of `rest`; kEqual when there is none, nothing when it is no operator of any language.
inline std::optional<Operator> take_operator(std::string_view& rest) {
  const std::string_view text = take_while(rest, is_operator_char);
  if (text.empty()) return Operator::kEqual;
  const auto* found = std::ranges::find(kOperators, text, &OperatorName::text);
  if (found == kOperators.end()) return std::nullopt;
  return found->op;
}

// Whether a version that compares so with the bound fulfils one of the six plain operators.
inline bool holds(std::strong_ordering order, Operator op) {
  switch (op) {
    case Operator::kEqual:
      return order == 0;
    case Operator::kNotEqual:
      return order != 0;
    case Operator::kLess:
      return order < 0;
    case Operator::kLessOrEqual:
      return order <= 0;
    case Operator::kGreater:
      return order > 0;
    case Operator::kGreaterOrEqual:
      return order >= 0;
    default:
      return false;
  }
}

}  // namespace bulkhead::version
