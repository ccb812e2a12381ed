// What one version scheme brings along: the row type of the table in compare.cc. Internal to the folder.
//
// A scheme is a type V that holds the parsed version as views into its text, with
//   static std::optional<V> V::parse(std::string_view text);                  nothing when the scheme does not define
//   text friend std::strong_ordering order(const V& a, const V& b);
// and row_of<V>() makes the row of it.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

#include "version/compare.h"

namespace bulkhead::version {

// Whether a version lies in a range, or which of the two is malformed.
enum class Membership : uint8_t { kOutside, kInside, kBadVersion, kBadRange };

inline Membership membership(bool inside) {
  return inside ? Membership::kInside : Membership::kOutside;
}

using RangeCheck = Membership (*)(std::string_view version, std::string_view range, const RangeOptions& options);

struct SchemeRow {
  Scheme scheme;
  std::string_view name;
  std::optional<std::strong_ordering> (*compare)(std::string_view a, std::string_view b);  // nothing: one is invalid
  bool (*is_valid)(std::string_view text);
  RangeCheck satisfies;  // null when the scheme has no range language
};

template <typename V>
constexpr SchemeRow row_of(Scheme scheme, std::string_view name, RangeCheck satisfies = nullptr) {
  return {
      .scheme = scheme,
      .name = name,
      .compare = [](std::string_view a, std::string_view b) -> std::optional<std::strong_ordering> {
        const std::optional<V> left = V::parse(a);
        if (!left) return std::nullopt;
        const std::optional<V> right = V::parse(b);
        if (!right) return std::nullopt;
        return order(*left, *right);
      },
      .is_valid = [](std::string_view text) { return V::parse(text).has_value(); },
      .satisfies = satisfies,
  };
}

}  // namespace bulkhead::version
