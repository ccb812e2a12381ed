// Alpine versions. Source: apk-package(5) and apk-version(8) of apk-tools 3, whose grammar is
//   digits{.digits}[letter]{_suffix[digits]}[~commit][-rdigits]
// Released Alpines hold versions that only apk-tools 2 accepts, with digits after the letter (3.3.3p1-r3): apk-tools 3
// finds every two of them equal, which would hide a missing fix. They are ordered as apk-tools 2 does.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// Whether all of text follows the grammar.
bool is_apk_version(std::string_view text);

// As apk, which also compares text outside the grammar: what decides before the first stray character counts, and a
// stray rest sorts before any lawful one (1.2_blah < 1.2). Nothing when one does not start with a digit, or when both
// go astray at the same point: apk calls those equal, but nobody can know.
std::optional<std::strong_ordering> compare_apk(std::string_view a, std::string_view b);

}  // namespace bulkhead::version
