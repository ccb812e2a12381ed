#include "inventory/license/spdx.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "inventory/spdx_licenses.h"

namespace bulkhead::inventory {
namespace {

bool before_ignoring_case(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return lower(x) < lower(y); });
}

// One kind of identifier, sorted without regard to case.
std::vector<std::string_view> load(std::string_view kind) {
  std::vector<std::string_view> ids;
  std::string_view rest = kSpdxLicenses;
  std::string_view line;
  while (next_line(rest, line)) {
    const size_t tab = line.find('\t');
    if (tab != std::string_view::npos && line.substr(0, tab) == kind) ids.push_back(line.substr(tab + 1));
  }
  std::sort(ids.begin(), ids.end(), before_ignoring_case);
  return ids;
}

std::optional<std::string_view> look_up(const std::vector<std::string_view>& ids, std::string_view id) {
  const auto found = std::lower_bound(ids.begin(), ids.end(), id, before_ignoring_case);
  if (found == ids.end() || !equals_ignoring_case(*found, id)) return std::nullopt;
  return *found;
}

// Identifiers of GNU licences that the list deprecates because they do not say "only" or "or later"; they mean "only",
// and with a plus "or later".
bool is_gnu_without_suffix(std::string_view id) {
  static constexpr std::string_view kIds[] = {"AGPL-1.0", "AGPL-3.0", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "GPL-1.0",
                                              "GPL-2.0",  "GPL-3.0",  "LGPL-2.0", "LGPL-2.1", "LGPL-3.0"};
  return std::find(std::begin(kIds), std::end(kIds), id) != std::end(kIds);
}

// LicenseRef-x or DocumentRef-y:LicenseRef-x, x and y of letters, digits, '.' and '-'.
bool is_reference(std::string_view word) {
  const auto is_id = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
  };
  if (word.starts_with("DocumentRef-")) {
    const size_t colon = word.find(':');
    if (colon == std::string_view::npos || !is_id(word.substr(12, colon - 12))) return false;
    word.remove_prefix(colon + 1);
  }
  return word.starts_with("LicenseRef-") && is_id(word.substr(11));
}

std::optional<std::string> simple_license(std::string_view word) {
  if (is_reference(word)) return std::string(word);
  const bool plus = word.ends_with('+');
  const std::string_view stem = plus ? word.substr(0, word.size() - 1) : word;
  if (const auto id = spdx_license_id(stem); id && is_gnu_without_suffix(*id)) {
    return fmt::format("{}-{}", *id, plus ? "or-later" : "only");
  }
  if (const auto id = spdx_license_id(word)) return std::string(*id);
  if (!plus) return std::nullopt;
  const auto id = spdx_license_id(stem);
  return id ? std::optional(fmt::format("{}+", *id)) : std::nullopt;
}

// Recursive descent over:  or := and ("OR" and)*   and := with ("AND" with)*   with := license ["WITH" exception] | "("
// or ")"
class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : rest_(text) { advance(); }

  std::optional<std::string> parse() {
    const auto expression = parse_or(0);
    if (!expression || !word_.empty()) return std::nullopt;
    return expression->text;
  }

 private:
  enum class Operator : uint8_t { kNone, kAnd, kOr };
  struct Part {
    std::string text;
    Operator outermost = Operator::kNone;
  };

  void advance() {
    rest_ = trim(rest_);
    size_t length = 0;
    if (!rest_.empty() && (rest_.front() == '(' || rest_.front() == ')')) {
      length = 1;
    } else {
      while (length < rest_.size() && !is_space(rest_[length]) && rest_[length] != '(' && rest_[length] != ')')
        ++length;
    }
    word_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  bool accept(std::string_view keyword) {
    if (!equals_ignoring_case(word_, keyword)) return false;
    advance();
    return true;
  }

  std::optional<Part> parse_or(size_t depth) {
    auto left = parse_and(depth);
    while (left && accept("or")) {
      const auto right = parse_and(depth);
      if (!right) return std::nullopt;
      left = Part{fmt::format("{} OR {}", left->text, right->text), Operator::kOr};
    }
    return left;
  }

  std::optional<Part> parse_and(size_t depth) {
    auto left = parse_with(depth);
    while (left && accept("and")) {
      const auto right = parse_with(depth);
      if (!right) return std::nullopt;
      left = Part{fmt::format("{} AND {}", inside_and(*left), inside_and(*right)), Operator::kAnd};
    }
    return left;
  }

  static std::string inside_and(const Part& part) {
    return part.outermost == Operator::kOr ? fmt::format("({})", part.text) : part.text;
  }

  std::optional<Part> parse_with(size_t depth) {
    if (accept("(")) {
      if (depth == kMaxExpressionDepth) return std::nullopt;
      auto inner = parse_or(depth + 1);
      return inner && accept(")") ? inner : std::nullopt;
    }
    auto license = simple_license(word_);
    if (!license) return std::nullopt;
    advance();
    if (!accept("with")) return Part{std::move(*license)};
    const auto exception = spdx_exception_id(word_);
    if (!exception) return std::nullopt;
    advance();
    return Part{fmt::format("{} WITH {}", *license, *exception)};
  }

  std::string_view rest_;
  std::string_view word_;  // the current token; empty at the end
};

}  // namespace

std::optional<std::string_view> spdx_license_id(std::string_view id) {
  static const std::vector<std::string_view> ids = load("license");
  return look_up(ids, id);
}

std::optional<std::string_view> spdx_exception_id(std::string_view id) {
  static const std::vector<std::string_view> ids = load("exception");
  return look_up(ids, id);
}

std::optional<std::string> spdx_expression(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) return std::nullopt;
  return ExpressionParser(text).parse();
}

}  // namespace bulkhead::inventory
