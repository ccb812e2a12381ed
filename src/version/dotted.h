// Versions that are lists of numbers and nothing else. Sources: R documentation, package_version; the Cabal user guide
// and the Haskell Package Versioning Policy.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// digits{separator digits}, compared number by number; the shorter list first (1.8 < 1.8.0).
struct NumberList {
  std::string_view text;
};
std::strong_ordering order(const NumberList& a, const NumberList& b);

// R: dots and dashes separate alike.
struct CranVersion : NumberList {
  static std::optional<CranVersion> parse(std::string_view text);
};

// Haskell: only dots. The -tags that Cabal gave up in version 1.24 count for nothing.
struct HackageVersion : NumberList {
  static std::optional<HackageVersion> parse(std::string_view text);
};

}  // namespace bulkhead::version
