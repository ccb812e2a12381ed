// JUnit of audits: a suite for each section of each host, a case for each row. What does not apply, what a person
// decides and what somebody has accepted is skipped; what could not be checked is an error. Warnings, and a host
// without rows, have a suite of their own.
#include <fmt/format.h>

#include "report/audit_renderers.h"
#include "report/junit_document.h"

namespace bulkhead::report {
namespace {

using audit::AuditResult;
using audit::Row;
using audit::RowStatus;

void add_row(JunitSuite& suite, const Row& row) {
  const std::string name = fmt::format("{} {}", row.check->id, object_text(row.object));
  const std::string text = row_text(row);
  if (row.exempted) return suite.skipped(name, text);
  switch (row.status) {
    case RowStatus::kPass:
      return suite.passed(name);
    case RowStatus::kFail:
      return suite.failed(name, severity_name(row.check->severity), fmt::format("{}: {}", row.check->title, text),
                          row.check->remediation);
    case RowStatus::kManual:
      return suite.skipped(name, fmt::format("for a person to decide: {}", text));
    case RowStatus::kNotApplicable:
      return suite.skipped(name, fmt::format("not applicable: {}", text));
    case RowStatus::kError:
      return suite.error(name, text);
  }
}

void add_suites(std::vector<JunitSuite>& suites, const AuditResult& result) {
  const auto begin_suite = [&](std::string_view title, std::string_view name) -> JunitSuite& {
    JunitSuite& suite = suites.emplace_back(fmt::format("{}: {}", result.address, title),
                                            fmt::format("audit {} {}", result.address, name));
    if (!result.engine.empty()) suite.add_property("engine", result.engine);
    suite.add_property("created", result.created);
    return suite;
  };
  const audit::CheckInfo* before = nullptr;
  for (const Row& row : result.rows) {
    if (before == nullptr || before->section != row.check->section) {
      begin_suite(section_title(row.check->section), section_name(row.check->section));
    }
    before = row.check;
    add_row(suites.back(), row);
  }
  if (!result.warnings.empty() || result.rows.empty()) {
    JunitSuite& suite = begin_suite("Warnings", "warnings");
    for (const std::string& warning : result.warnings) suite.skipped(fmt::format("warning: {}", warning), warning);
    if (result.rows.empty()) suite.skipped("nothing was checked", audit_conclusion(result));
  }
}

}  // namespace

Status write_audit_junit(std::span<const AuditResult> results, const AuditOptions&, const TextSink& out) {
  std::vector<JunitSuite> suites;
  for (const AuditResult& result : results) add_suites(suites, result);
  return out(junit_document("bulkhead audit", suites));
}

}  // namespace bulkhead::report
