// The plain fallback for software that belongs to no packaging world: any number of numbers, then an optional
// pre-release with or without a dash (1.2.3.4-rc.1, 1.7rc2), then build metadata that counts for nothing. Source: the
// vectors of aquasecurity/go-version, pkg/version, except that digits inside a word count as numbers (rc2 < rc10).
#pragma once

#include <compare>
#include <optional>
#include <string_view>

#include "version/scheme.h"

namespace bulkhead::version {

// Views into the parsed text.
struct GenericVersion {
  std::string_view numbers;     // digits{.digits}
  std::string_view prerelease;  // identifiers joined by dots; empty when there is none

  static std::optional<GenericVersion> parse(std::string_view text);
};

std::strong_ordering order(const GenericVersion& a, const GenericVersion& b);

// Constraints joined by commas or white space, alternatives by ||: = == != < <= > >= ~ ^ and RubyGems' ~>. A bump's own
// pre-releases lie inside (2.2.0-alpha fulfils ~> 2.1.0).
Membership generic_satisfies(std::string_view version, std::string_view range, const RangeOptions& options);

}  // namespace bulkhead::version
