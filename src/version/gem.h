// RubyGems versions and requirements. Source: the RubyGems guides, "Patterns", and Gem::Version and Gem::Requirement
// (3.3 to 3.7 agree).
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "version/inline_vector.h"
#include "version/scheme.h"

namespace bulkhead::version {

// Numbers and words; views into the parsed text.
struct GemVersion {
  InlineVector<std::string_view, 12> segments;
  size_t first_word = 0;  // index of the first segment that is a word; segments.size() when there is none

  // White space around is cut off; empty text is version 0; a dash reads as ".pre.".
  static std::optional<GemVersion> parse(std::string_view text);

  bool is_prerelease() const { return first_word < segments.size(); }
  GemVersion release() const;  // the numbers before the first word
};

// Zeros before the first word and at the end count for nothing.
std::strong_ordering order(const GemVersion& a, const GemVersion& b);

// The first release that `~> bound` excludes: 1.4.4 gives 1.5, 1 gives 2.
std::string gem_bump(const GemVersion& bound);

// Requirements joined by commas or white space: "~> 1.2, != 1.2.3".
Membership gem_satisfies(std::string_view version, std::string_view range, const RangeOptions& options);

}  // namespace bulkhead::version
