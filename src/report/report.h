// Reports: finished scan results written as documents, for people and machines.
//
// Every format is a pure function of the results and the options: sorted, stable, no clock. Results contain untrusted
// text; each format escapes it as its syntax demands, and the table makes control characters visible. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scan/result.h"

namespace bulkhead::report {

struct Options {
  bool color = false;         // table: ANSI colours
  unsigned width = 0;         // table: columns of the terminal; 0: as wide as the text is
  std::string template_text;  // template: Mustache over the JSON report, see docs/scan.md
  std::string tool_version;
  std::string created;  // RFC 3339 for bills of materials (SOURCE_DATE_EPOCH); empty: the image's own time
};

struct Format {
  std::string_view name;         // "table"
  std::string_view description;  // one line for --help
  Result<std::string> (*render)(std::span<const scan::ScanResult> results, const Options& options);
};

// In the order of --help.
std::span<const Format> formats();

// kInvalidArgument names the formats there are.
Result<const Format*> find_format(std::string_view name);

}  // namespace bulkhead::report
