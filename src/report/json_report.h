// The JSON report, documented by docs/schemas/scan-report.schema.json. schema_version is raised when a field changes
// its meaning or goes away; new fields do not raise it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "scan/result.h"

namespace bulkhead::report {

void write_json(json::Writer& writer, const scan::ScanResult& result, std::string_view tool_version);

// {"images":[…], "tool":{…}}: what templates are rendered over.
std::string template_document(std::span<const scan::ScanResult> results, std::string_view tool_version);

}  // namespace bulkhead::report
