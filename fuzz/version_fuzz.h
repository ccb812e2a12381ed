// What every comparator must keep whatever the bytes: no crash, the same answer both ways round, every valid version
// equal to itself. The input is two versions, one a line; the second is also read as a range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "version/compare.h"

namespace bulkhead::version {

inline void require(bool law) {
  if (!law) std::abort();
}

inline void fuzz_scheme(Scheme scheme, const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t newline = input.find('\n');
  const std::string_view a = input.substr(0, newline);
  const std::string_view b = newline == std::string_view::npos ? std::string_view() : input.substr(newline + 1);

  const auto forwards = compare(scheme, a, b);
  const auto backwards = compare(scheme, b, a);
  require(forwards.has_value() == backwards.has_value());
  if (forwards) require(*forwards == (0 <=> *backwards));
  for (const std::string_view version : {a, b}) {
    if (!is_valid(scheme, version)) continue;
    const auto itself = compare(scheme, version, version);
    require(itself.has_value() && *itself == 0);
  }
  const auto narrow = satisfies(scheme, a, b);
  const auto wide = satisfies(scheme, a, b, {.include_prerelease = true, .zero_padding = true});
  require(narrow.has_value() == wide.has_value());
  if (narrow) require(is_valid(scheme, a));
}

}  // namespace bulkhead::version
