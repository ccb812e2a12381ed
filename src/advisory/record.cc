#include "advisory/record.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bulkhead::advisory {

namespace {

template <typename T>
struct Named {
  T value;
  std::string_view name;
};

constexpr std::array kStatuses = {
    Named{AdvisoryStatus::kFixed, "fixed"},
    Named{AdvisoryStatus::kAffected, "affected"},
    Named{AdvisoryStatus::kFixDeferred, "fix_deferred"},
    Named{AdvisoryStatus::kWillNotFix, "will_not_fix"},
    Named{AdvisoryStatus::kEndOfLife, "end_of_life"},
    Named{AdvisoryStatus::kUnderInvestigation, "under_investigation"},
    Named{AdvisoryStatus::kNotAffected, "not_affected"},
};

constexpr std::array kSeverities = {
    Named{Severity::kUnknown, "unknown"}, Named{Severity::kNegligible, "negligible"},
    Named{Severity::kLow, "low"},         Named{Severity::kMedium, "medium"},
    Named{Severity::kHigh, "high"},       Named{Severity::kCritical, "critical"},
};

template <typename T, size_t N>
std::string_view name_in(const std::array<Named<T>, N>& table, T value) {
  const auto* row = std::ranges::find(table, value, &Named<T>::value);
  return row == table.end() ? std::string_view() : row->name;
}

template <typename T, size_t N>
std::optional<T> value_in(const std::array<Named<T>, N>& table, std::string_view name) {
  const auto* row = std::ranges::find_if(table, [&](const auto& r) { return equals_ignoring_case(r.name, name); });
  if (row == table.end()) return std::nullopt;
  return row->value;
}

}  // namespace

std::string_view status_name(AdvisoryStatus status) {
  return name_in(kStatuses, status);
}
std::optional<AdvisoryStatus> status_of(std::string_view name) {
  return value_in(kStatuses, name);
}
std::string_view severity_name(Severity severity) {
  return name_in(kSeverities, severity);
}
std::optional<Severity> severity_of(std::string_view name) {
  return value_in(kSeverities, name);
}

}  // namespace bulkhead::advisory
