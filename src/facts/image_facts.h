// The document of facts about a scanned image: JSON of the vocabulary in policy/fact_schema.h. What is not known is
// left out. The same for the same result. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "scan/result.h"

namespace bulkhead::facts {

// `assessed`: the result has been matched, so that its findings count; else vulnerabilities and advisories are left
// out. `now`: RFC 3339. Ends with a newline.
std::string image_facts(const scan::ScanResult& result, bool assessed, std::string_view now);

}  // namespace bulkhead::facts
