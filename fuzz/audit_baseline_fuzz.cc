// fuzz: audit
// Old reports against a new result: whatever is read compares without a contradiction, and a report compared with
// itself has no change.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "audit/baseline.h"

using namespace bulkhead::audit;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto baseline = parse_baseline({reinterpret_cast<const char*>(data), size}, "old.json");
  if (!baseline) return 0;
  for (const Baseline::Host& host : baseline->hosts) {
    std::vector<CheckInfo> checks(host.rows.size());
    AuditResult same{.address = host.address, .engine = "e", .created = {}, .rows = {}, .warnings = {}};
    AuditResult less = same;
    for (size_t i = 0; i < host.rows.size(); ++i) {
      checks[i].id = host.rows[i].check;
      Row row{.check = &checks[i],
              .object = host.rows[i].object,
              .status = host.rows[i].status,
              .evidence = {},
              .reason = {}};
      same.rows.push_back(row);
      if (i % 2 == 0) row.status = RowStatus::kPass;
      if (i % 3 != 0) less.rows.push_back(row);
    }
    compare_with(*baseline, {}, same);
    if (same.changes.has_value() != host.answered || (same.changes && !same.changes->empty())) std::abort();
    compare_with(*baseline, {}, less);
    if (!less.changes) continue;
    for (const Change& change : *less.changes) {
      if (change.before == change.after) std::abort();
      if (change.after.has_value() == (change.kind == Change::Kind::kGone)) std::abort();
      if (change.before.has_value() == (change.kind == Change::Kind::kNew)) std::abort();
    }
  }
  return 0;
}
