// Maven versions. Source: maven.apache.org, POM reference, "Version Order Specification", and ComparableVersion of
// Maven 4 (2026), which moved a few odd corners against Maven 3 (2-1 < 2.0.a there, > before).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "version/inline_vector.h"

namespace bulkhead::version {

// The version as the tree that Maven makes of it, normalised. A list in a list always stands last, so the tree is a row
// of lists, none empty, each the last element of the one before. Words are views into the parsed text.
struct MavenVersion {
  struct Item {
    enum class Kind : uint8_t { kNumber, kWord, kWordAndNumber };
    Kind kind = Kind::kNumber;
    size_t rank = 0;          // of the word: its place among the known qualifiers, or past them
    std::string_view word;    // those past them are ordered by their letters, in either case
    std::string_view number;  // digits; empty counts as 0
  };

  InlineVector<Item, 12> items;  // of all lists, one after the other
  InlineVector<size_t, 6> ends;  // of each list, as an index into items

  // Maven's own limit, beyond which it throws.
  static constexpr size_t kMaxBytes = 256;

  // Nothing for empty text and for more than kMaxBytes.
  static std::optional<MavenVersion> parse(std::string_view text);
};

std::strong_ordering order(const MavenVersion& a, const MavenVersion& b);

}  // namespace bulkhead::version
