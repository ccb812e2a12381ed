#include "audit/result.h"

#include <algorithm>

namespace bulkhead::audit {
namespace {

constexpr std::array<std::string_view, 5> kStatusNames = {"pass", "fail", "manual", "not_applicable", "error"};
constexpr std::array<std::string_view, 8> kKindNames = {"host",      "daemon",  "file",  "image",
                                                        "container", "network", "swarm", "service"};

}  // namespace

std::string_view status_name(RowStatus status) {
  return kStatusNames[static_cast<size_t>(status)];
}

std::optional<RowStatus> status_of(std::string_view name) {
  const auto* const found = std::ranges::find(kStatusNames, name);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<RowStatus>(found - kStatusNames.begin());
}

std::string_view kind_name(Object::Kind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

std::optional<Object::Kind> kind_of(std::string_view name) {
  const auto* const found = std::ranges::find(kKindNames, name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<Object::Kind>(found - kKindNames.begin());
}

Counts count(const AuditResult& result) {
  Counts counts;
  for (const Row& row : result.rows) {
    if (row.exempted) {
      ++counts.exempted;
      continue;
    }
    ++counts.by_status[static_cast<size_t>(row.status)];
    if (row.status == RowStatus::kFail) ++counts.failures_by_severity[static_cast<size_t>(row.check->severity)];
  }
  return counts;
}

}  // namespace bulkhead::audit
