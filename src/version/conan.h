// Conan 2 versions. Source: docs.conan.io, "Version ranges", and conan's Version class.
//
// Any dotted items, with an optional -prerelease and +build. A number and a word in the same place are compared as
// text, as conan does, so its order is not transitive there (2 < 10, 10 < 1a, 1a < 2), and neither is ours.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// Views into the parsed text.
struct ConanVersion {
  std::string_view items;                      // joined by dots
  std::optional<std::string_view> prerelease;  // may be empty: "1.0-" sorts before every pre-release of 1.0
  std::optional<std::string_view> build;

  // Nothing for empty text, or for characters that no conan reference may hold.
  static std::optional<ConanVersion> parse(std::string_view text);
};

std::strong_ordering order(const ConanVersion& a, const ConanVersion& b);

}  // namespace bulkhead::version
