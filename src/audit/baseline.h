// What has changed since an earlier audit: its JSON report (docs/schemas/audit-report.schema.json) against a new result, host
// by host (the address), check by check, object by object (containers by name: they get a new id at each start).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/result.h"
#include "base/result.h"

namespace bulkhead::audit {

struct BaselineRow {
  std::string check;
  Object object;
  RowStatus status = RowStatus::kError;
};

struct Baseline {
  struct Host {
    std::string address;
    std::string created;
    std::vector<BaselineRow> rows;
  };
  std::vector<Host> hosts;
};

// kMalformed naming what is wrong with the report, kUnsupported for another schema version.
Result<Baseline> parse_baseline(std::string_view json_report, std::string_view name);

// Fills `result.changes`, worst first. A warning when the baseline has no such host.
void compare_with(const Baseline& baseline, AuditResult& result);

}  // namespace bulkhead::audit
