// Range languages over semantic versions. Sources: the node-semver README, "Ranges" and "Range Grammar" (7.x); for the
// scheme semver the vectors of aquasecurity/go-version, pkg/semver.
#pragma once

#include <string_view>

#include "version/scheme.h"

namespace bulkhead::version {

// node-semver in its strict mode: comparators, hyphen ranges, x-ranges, ~ and ^, joined by spaces, alternatives by ||.
Membership npm_satisfies(std::string_view version, std::string_view range, const RangeOptions& options);

// Constraints joined by commas or white space, alternatives by ||: = == != < <= > >= ~ ^. A number that a bound lacks,
// or an x or * in its place, stands for any (RangeOptions::zero_padding makes the lacking ones zero). The end of ~ and
// ^ leaves out its own pre-releases.
Membership semver_satisfies(std::string_view version, std::string_view range, const RangeOptions& options);

}  // namespace bulkhead::version
