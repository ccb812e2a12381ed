// SARIF of audits: a run for each host, a rule for each check that was made, a result for each failure that counts.
// What could not be checked is a notification of the tool, and so is a failure that somebody has accepted: services
// show results as open whatever is said of them.
#include <fmt/format.h>

#include "report/audit_renderers.h"
#include "report/sarif_document.h"

namespace bulkhead::report {
namespace {

using audit::AuditResult;
using audit::CheckInfo;
using audit::Row;
using audit::RowStatus;

SarifRule rule_of(const CheckInfo& check) {
  SarifRule rule{.id = std::string(check.id),
                 .summary = std::string(check.title),
                 .description = std::string(check.rationale),
                 .severity = check.severity,
                 .tags = {std::string(section_name(check.section)), fmt::format("level-{}", check.level)}};
  const std::pair<std::string_view, std::string> facts[] = {{"Check", std::string(check.id)},
                                                            {"Severity", std::string(severity_name(check.severity))},
                                                            {"CIS Docker Benchmark", cis_numbers(check)},
                                                            {"Why", std::string(check.rationale)}};
  set_sarif_help(rule, facts);
  rule.help += fmt::format("What to do:\n{}\n", check.remediation);
  rule.help_markdown += fmt::format("- **What to do**: {}\n", check.remediation);  // its backquotes are Markdown's
  return rule;
}

// "container/web": below a base that is the engine.
std::string path_of(const audit::Object& object) {
  return fmt::format("{}{}{}", kind_name(object.kind), object.name.starts_with("/") ? "" : "/", object.name);
}

// "container.privileged: web: /HostConfig/Privileged: true, wanted false"
std::string message_of(const Row& row) {
  const std::string text = row_text(row);
  return fmt::format("{}: {}{}{}", row.check->id, object_text(row.object), text.empty() ? "" : ": ", text);
}

SarifRun run_of(const AuditResult& result, const AuditOptions& options) {
  SarifRun run{.tool_version = options.tool_version,
               .category = fmt::format("bulkhead-audit/{}/", result.address),
               .successful = !result.engine.empty(),
               .base = "ENGINE",
               .base_description = fmt::format("the engine at {}", result.address),
               .properties = [&result](json::Writer& w) {
                 w.member("address", result.address);
                 w.member_if("engine", result.engine);
                 w.member("conclusion", audit_conclusion(result));
               }};
  for (const std::string& warning : result.warnings) run.notifications.push_back({"warning", warning});
  Fingerprints fingerprints;
  for (const CheckRows& check : rows_by_check(result)) {
    const size_t rule = run.rules.size();
    run.rules.push_back(rule_of(*check.check));
    for (const Row* row : check.rows) {
      if (row->status == RowStatus::kError) {
        run.notifications.push_back({.level = "error", .text = message_of(*row), .rule = rule});
      } else if (row->exempted) {
        run.notifications.push_back({.level = "note", .text = message_of(*row), .rule = rule});
      } else if (row->status == RowStatus::kFail) {
        const std::string path = path_of(row->object);
        run.results.push_back({.rule = rule,
                               .severity = check.check->severity,
                               .message = fmt::format("{}. {}", message_of(*row), check.check->title),
                               .path = path,
                               .logical_name = path,
                               .logical_kind = std::string(kind_name(row->object.kind)),
                               .fingerprint = fingerprints.next(fmt::format("{}|{}", check.check->id, path))});
      }
    }
  }
  return run;
}

}  // namespace

Status write_audit_sarif(std::span<const AuditResult> results, const AuditOptions& options, const TextSink& out) {
  std::vector<SarifRun> runs;
  for (const AuditResult& result : results) runs.push_back(run_of(result, options));
  return out(sarif_document(runs));
}

}  // namespace bulkhead::report
