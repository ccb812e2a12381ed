// Versions as engines tell those of their parts: "29.3.1", "v1.7.29", "18.06.3-ce", "20.10.24+dfsg1", "1.6.20~ds1",
// "1.1.12-0ubuntu2~22.04.1", "runc version 1.1.12\nspec: 1.0.2-dev". Pure; any text is accepted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::audit {

struct ReleaseVersion {
  std::string number;  // the project's own, "20.10.24" or "1.0.0-rc.93": compare it with version_before()
  // Nothing else was written. Otherwise a distributor built it, and may have put later fixes into this number.
  bool plain = true;
};

// Of the first line. Nothing when it has no number.
std::optional<ReleaseVersion> release_version(std::string_view text);

// Semantic versions; "rc93" counts as "rc.93", so that rc10 comes after rc9.
bool version_before(std::string_view a, std::string_view b);

// Whether it lies in one of "introduced..fixed introduced..fixed", each half open; an empty end has no bound.
bool lies_in(std::string_view number, std::string_view ranges);

}  // namespace bulkhead::audit
