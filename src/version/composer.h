// PHP Composer versions and constraints. Source: getcomposer.org, "Versions and constraints"; composer/semver 3.4
// (VersionParser, Constraint); PHP manual, version_compare.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "version/scheme.h"

namespace bulkhead::version {

// The form in which Composer compares versions: four numbers (or the numbers of a date) with an optional -beta1 or
// -dev, or dev-branch. Nothing when Composer does not know the form.
std::optional<std::string> normalise_composer(std::string_view text);

// Whether Composer can normalise it, or it starts with a number (after an optional v), so that version_compare makes
// sense.
bool is_composer_version(std::string_view text);

// By the normalised forms, or by version_compare on the texts as they are when Composer does not know the form of one.
// Nothing also for two different branches, which have no order.
std::optional<std::strong_ordering> compare_composer(std::string_view a, std::string_view b);

// "^1.2 || >=2.0,<2.3": all of Composer's constraints, with @stability flags read and dropped as Composer does.
Membership composer_satisfies(std::string_view version, std::string_view range, const RangeOptions& options);

}  // namespace bulkhead::version
