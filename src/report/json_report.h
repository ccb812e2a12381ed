// The JSON report, documented by docs/schemas/scan-report.schema.json. schema_version is raised when a field changes
// its meaning or goes away; new fields do not raise it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/result.h"
#include "scan/result.h"

namespace bulkhead::report {

void write_json(json::Writer& writer, const scan::ScanResult& result, std::string_view tool_version);

// {"images":[…], "tool":{…}}: what templates are rendered over.
std::string template_document(std::span<const scan::ScanResult> results, std::string_view tool_version);

// What every JSON report says alike: an empty text is null; the program that made it.
void string_or_null(json::Writer& writer, std::string_view name, std::string_view text);
void write_tool(json::Writer& writer, std::string_view version);

// A Mustache template over a document that was just written.
Result<std::string> render_over(std::string_view template_text, std::string_view document);

}  // namespace bulkhead::report
