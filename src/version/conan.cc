#include "version/conan.h"

#include <algorithm>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

bool is_conan_char(char c) {
  return is_alnum(c) || c == '.' || c == '-' || c == '+' || c == '_' || c == '*';
}

std::string_view take_item(std::string_view& rest) {
  const std::string_view item = take_while(rest, [](char c) { return c != '.'; });
  take_char(rest, '.');
  return item;
}

// A number prints without leading zeros.
std::string_view as_text(std::string_view item) {
  if (!is_number(item)) return item;
  const std::string_view digits = without_leading_zeros(item);
  return digits.empty() ? item.substr(item.size() - 1) : digits;
}

std::string_view without_trailing_zero_items(std::string_view items) {
  while (true) {
    const size_t dot = items.rfind('.');
    const std::string_view last = dot == std::string_view::npos ? items : items.substr(dot + 1);
    if (!is_number(last) || !is_zero(last)) return items;
    if (dot == std::string_view::npos) return {};
    items = items.substr(0, dot);
  }
}

std::strong_ordering compare_items(std::string_view a, std::string_view b) {
  a = without_trailing_zero_items(a);
  b = without_trailing_zero_items(b);
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_item(a);
    const std::string_view right = take_item(b);
    const bool numbers = is_number(left) && is_number(right);
    const auto by_item = numbers ? compare_digits(left, right) : as_text(left) <=> as_text(right);
    if (by_item != 0) return by_item;
  }
  return !a.empty() <=> !b.empty();
}

}  // namespace

std::optional<ConanVersion> ConanVersion::parse(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_conan_char)) return std::nullopt;
  ConanVersion version;
  if (const size_t plus = text.rfind('+'); plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    text = text.substr(0, plus);
  }
  if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  version.items = text;
  return version;
}

std::strong_ordering order(const ConanVersion& a, const ConanVersion& b) {
  if (const auto by_items = compare_items(a.items, b.items); by_items != 0) return by_items;
  if (a.prerelease.has_value() != b.prerelease.has_value()) {
    return a.prerelease ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (a.prerelease) {
    const auto by_prerelease = compare_items(*a.prerelease, *b.prerelease);
    if (by_prerelease != 0) return by_prerelease;
  }
  if (a.build && b.build) return compare_items(*a.build, *b.build);
  return a.build.has_value() <=> b.build.has_value();
}

}  // namespace bulkhead::version
