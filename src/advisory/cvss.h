// CVSS base scores, computed from the vector alone. Sources: FIRST, "A Complete Guide to CVSS 2.0"; CVSS 3.0, 3.1
// and 4.0 specification documents (4.0: base score CVSS-B; threat, environmental and supplemental metrics are checked
// for form and otherwise passed over, as are the temporal and environmental metrics of the older versions). Pure and
// thread-safe; trust of the input: none.
#pragma once

#include <string_view>

#include "advisory/record.h"
#include "base/result.h"

namespace bulkhead::advisory {

struct CvssScore {
  double base = 0;  // 0.0 to 10.0, one decimal
  Severity severity = Severity::kUnknown;
};

// "CVSS:4.0/AV:N/…", "CVSS:3.1/…", "CVSS:3.0/…", and version 2's "AV:N/AC:L/Au:N/C:P/I:P/A:P", bare, in parentheses or
// with "CVSS2#" or "CVSS:2.0/" before it. kMalformed when a metric is unknown, repeated, or a base metric is missing;
// kUnsupported for other versions.
Result<CvssScore> cvss_score(std::string_view vector);

// The qualitative rating of a score: none (0.0) is kNegligible; version 2 has no critical.
Severity severity_of_score(double score, bool version2 = false);

}  // namespace bulkhead::advisory
