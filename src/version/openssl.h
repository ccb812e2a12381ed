// OpenSSL versions. Source: OpenSSL "Release Strategy", sections on version numbering before and since 3.0.
//
// Before 3.0 fixes are letters (1.0.2, 1.0.2a … 1.0.2z, 1.0.2za); since then the third number counts them. Pre-releases
// carry -dev, -alpha1, -beta1, -pre1; the build variant -fips of distributions is the same version.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// Views into the parsed text.
struct OpensslVersion {
  std::string_view numbers;  // digits{.digits}
  std::string_view letters;  // lower-case, may be empty
  size_t stage = 0;          // of a pre-release: its place in dev, alpha, beta, pre, release
  std::string_view stage_number;

  static std::optional<OpensslVersion> parse(std::string_view text);
};

std::strong_ordering order(const OpensslVersion& a, const OpensslVersion& b);

}  // namespace bulkhead::version
