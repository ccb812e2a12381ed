// What has changed since an earlier audit: its JSON report (docs/schemas/audit-report.schema.json) against a new
// result, host by host (the address), check by check, object by object (containers by name: they get a new id at each
// start).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "audit/check.h"
#include "audit/result.h"
#include "base/result.h"

namespace bulkhead::audit {

inline constexpr size_t kMaxBaselineBytes = size_t{256} << 20;  // of an audit of some 18,000 containers

struct BaselineRow {
  std::string check;
  Object object;
  RowStatus status = RowStatus::kError;
};

struct Baseline {
  struct Host {
    std::string address;
    std::string created;
    bool answered = false;  // its engine
    std::vector<BaselineRow> rows;
  };
  std::string name;  // of the file
  std::vector<Host> hosts;
};

// kMalformed naming what is wrong with the report, kUnsupported for another schema version. Checks that the catalogue
// no longer has are kept. Trust of the input: none.
Result<Baseline> parse_baseline(std::string_view json_report, std::string name);

// Fills `result.changes`, worst first: a row that fails, or can no longer be checked, is worse than one that does not;
// a new one is told when it fails or cannot be checked, one that is gone when it did. Nothing is called gone where the
// selection, or an error of the check, kept from looking. A warning and no changes when the baseline has no such host,
// or when one of the two audits had no answer from it.
void compare_with(const Baseline& baseline, const Selection& selection, AuditResult& result);

}  // namespace bulkhead::audit
