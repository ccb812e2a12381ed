#include "scan/result.h"

namespace bulkhead::scan {

SeverityCounts count_findings(const ScanResult& result) {
  SeverityCounts counts;
  for (const advisory::Finding& finding : result.findings) {
    ++counts.by_severity[static_cast<size_t>(finding.severity)];
    ++counts.total;
    if (!finding.fixed_version.empty()) ++counts.fixable;
  }
  return counts;
}

}  // namespace bulkhead::scan
