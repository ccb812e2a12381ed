// The JSON report of audits, documented by docs/schemas/audit-report.schema.json, and the HTML page, which is a
// template over a document of its own. schema_version is raised when a field changes its meaning or goes away; new
// fields do not raise it. audit/baseline.h reads these reports again.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "report/audit_html_template.h"
#include "report/audit_renderers.h"
#include "report/json_report.h"
#include "report/mustache.h"

namespace bulkhead::report {
namespace {

using audit::AuditResult;
using audit::CheckInfo;
using audit::Row;
using audit::RowStatus;
using json::Writer;

constexpr int kSchemaVersion = 1;
constexpr size_t kPieceBytes = size_t{64} << 10;

void number(Writer& w, std::string_view name, uint64_t value) {
  w.key(name);
  w.unsigned_integer(value);
}

void write_object(Writer& w, const audit::Object& object) {
  w.key("object");
  w.begin_object();
  w.member("kind", kind_name(object.kind));
  w.member("name", object.name);
  string_or_null(w, "id", object.id);
  w.end_object();
}

void write_check(Writer& w, const CheckInfo& check) {
  w.begin_object();
  w.member("id", check.id);
  w.member("title", check.title);
  w.member("section", section_name(check.section));
  w.key("level");
  w.integer(check.level);
  w.member("severity", severity_name(check.severity));
  w.member("automatic", check.automatic);
  w.member("rationale", check.rationale);
  w.member("remediation", check.remediation);
  w.key("cis");
  w.begin_object();
  for (size_t i = 0; i < audit::kCisEditions.size(); ++i) {
    w.key(audit::kCisEditions[i]);
    w.begin_array();
    for (const std::string_view one : split(check.cis[i], ' ')) {
      if (!one.empty()) w.string(one);
    }
    w.end_array();
  }
  w.end_object();
  w.end_object();
}

// There may be a million: each has a line.
void write_row(Writer& w, const Row& row) {
  w.begin_line();
  w.member("check", row.check->id);
  w.member("status", status_name(row.status));
  w.member("severity", severity_name(row.check->severity));
  write_object(w, row.object);
  w.key("evidence");
  w.begin_array();
  for (const audit::Evidence& evidence : row.evidence) {
    w.begin_object();
    w.member("where", evidence.where);
    w.member("found", evidence.found);
    w.member("wanted", evidence.wanted);
    w.end_object();
  }
  w.end_array();
  string_or_null(w, "reason", row.reason);
  w.key("exempted");
  if (row.exempted) {
    w.begin_object();
    w.member("reason", row.exempted->reason);
    w.member("owner", row.exempted->owner);
    string_or_null(w, "expires", row.exempted->expires);
    w.end_object();
  } else {
    w.null();
  }
  w.end_object();
}

void write_change(Writer& w, const audit::Change& change) {
  w.begin_object();
  w.member("kind", change_name(change.kind));
  w.member("check", change.check);
  write_object(w, change.object);
  string_or_null(w, "before", change.before ? status_name(*change.before) : "");
  string_or_null(w, "after", change.after ? status_name(*change.after) : "");
  w.end_object();
}

void write_summary(Writer& w, const AuditResult& result) {
  const audit::Counts counts = count(result);
  w.key("summary");
  w.begin_object();
  number(w, "rows", result.rows.size());
  for (size_t i = 0; i < counts.by_status.size(); ++i) {
    number(w, status_name(static_cast<RowStatus>(i)), counts.by_status[i]);
  }
  number(w, "exempted", counts.exempted);
  w.key("failures_by_severity");
  w.begin_object();
  for (size_t i = counts.failures_by_severity.size(); i-- > 0;) {
    number(w, severity_name(static_cast<advisory::Severity>(i)), counts.failures_by_severity[i]);
  }
  w.end_object();
  w.member("conclusion", audit_conclusion(result));
  w.end_object();
}

// Hands on what is there once it is worth a call.
Status hand_on(Writer& w, const TextSink& out) {
  const std::string piece = w.take_written(kPieceBytes);
  return piece.empty() ? Status() : out(piece);
}

Status write_host(Writer& w, const AuditResult& result, const TextSink& out) {
  w.begin_object();
  w.member("address", result.address);
  string_or_null(w, "engine", result.engine);
  w.member("created", result.created);
  w.key("rows");
  w.begin_array();
  for (const Row& row : result.rows) {
    write_row(w, row);
    TRY(hand_on(w, out));
  }
  w.end_array();
  w.key("warnings");
  w.begin_array();
  for (const std::string& warning : result.warnings) w.string(warning);
  w.end_array();
  w.key("changes");
  if (result.changes) {
    w.begin_array();
    for (const audit::Change& change : *result.changes) {
      write_change(w, change);
      TRY(hand_on(w, out));
    }
    w.end_array();
  } else {
    w.null();
  }
  write_summary(w, result);
  w.end_object();
  return {};
}

// Text of the catalogue as pieces: what stands in `backquotes` there is code.
void write_pieces(Writer& w, std::string_view name, std::string_view text) {
  w.key(name);
  w.begin_array();
  bool code = false;
  for (const std::string_view piece : split(text, '`')) {
    if (!piece.empty()) {
      w.begin_object();
      w.member("code", code);
      w.member("text", piece);
      w.end_object();
    }
    code = !code;
  }
  w.end_array();
}

// What of a check the page shows beside its rows.
void write_heading(Writer& w, const CheckInfo& check) {
  w.member("id", check.id);
  w.member("title", check.title);
  w.member("cis", newest_cis(check));
  w.member("severity", severity_name(check.severity));
}

void write_page_rows(Writer& w, std::span<const Row* const> rows) {
  w.key("rows");
  w.begin_array();
  for (const Row* row : rows) {
    w.begin_object();
    w.member("tag", tag_of(*row));
    w.member("object", object_text(row->object));
    w.member("id", row->object.id);
    w.member("text", row_text(*row));
    w.end_object();
  }
  w.end_array();
}

void write_page_sections(Writer& w, const AuditResult& result, const AuditOptions& options) {
  w.key("sections");
  w.begin_array();
  const CheckInfo* before = nullptr;
  for (CheckRows& check : rows_by_check(result)) {
    if (options.only_failed) std::erase_if(check.rows, [](const Row* row) { return !failed_or_unchecked(*row); });
    if (check.rows.empty()) continue;
    if (before == nullptr || before->section != check.check->section) {
      if (before != nullptr) {
        w.end_array();
        w.end_object();
      }
      w.begin_object();
      w.member("title", section_title(check.check->section));
      w.key("checks");
      w.begin_array();
    }
    before = check.check;
    w.begin_object();
    write_heading(w, *check.check);
    write_page_rows(w, check.rows);
    w.end_object();
  }
  if (before != nullptr) {
    w.end_array();
    w.end_object();
  }
  w.end_array();
}

void write_page_failures(Writer& w, std::vector<CheckRows> failed) {
  number(w, "failed", failed.size());
  w.key("failures");
  w.begin_array();
  for (const Advice& advice : advice_for(std::move(failed))) {
    w.begin_object();
    w.member("severity", severity_name(advice.checks.front().check->severity));
    w.key("checks");
    w.begin_array();
    for (const CheckRows& check : advice.checks) {
      w.begin_object();
      write_heading(w, *check.check);
      write_pieces(w, "rationale", check.check->rationale);
      write_page_rows(w, check.rows);
      w.end_object();
    }
    w.end_array();
    write_pieces(w, "remediation", advice.text);
    w.end_object();
  }
  w.end_array();
}

void write_page_host(Writer& w, const AuditResult& result, const AuditOptions& options) {
  w.begin_object();
  w.member("address", result.address);
  w.member("engine", result.engine);
  w.member("created", result.created);
  write_summary(w, result);
  w.key("warnings");
  w.begin_array();
  for (const std::string& warning : result.warnings) w.string(warning);
  w.end_array();
  write_page_failures(w, failed_checks(result));
  w.member("compared", result.changes.has_value());
  w.key("changes");
  w.begin_array();
  if (result.changes) {
    for (const audit::Change& change : *result.changes) {
      w.begin_object();
      w.member("kind", change_name(change.kind));
      w.member("text", change_text(change));
      w.end_object();
    }
  }
  w.end_array();
  write_page_sections(w, result, options);
  w.end_object();
}

}  // namespace

Status write_audit_json(std::span<const AuditResult> results, const AuditOptions& options, const TextSink& out) {
  std::set<const CheckInfo*> met;
  for (const AuditResult& result : results) {
    for (const Row& row : result.rows) met.insert(row.check);
  }
  std::vector<const CheckInfo*> checks(met.begin(), met.end());
  std::ranges::sort(checks, {}, [](const CheckInfo* check) { return std::pair(check->section, check->id); });
  Writer w;
  w.begin_object();
  w.key("schema_version");
  w.integer(kSchemaVersion);
  write_tool(w, options.tool_version);
  w.key("checks");
  w.begin_array();
  for (const CheckInfo* check : checks) write_check(w, *check);
  w.end_array();
  w.key("hosts");
  w.begin_array();
  for (const AuditResult& result : results) TRY(write_host(w, result, out));
  w.end_array();
  w.end_object();
  return out(std::move(w).take());
}

Status write_audit_html(std::span<const AuditResult> results, const AuditOptions& options, const TextSink& out) {
  Writer w(json::Layout::kCompact);
  w.begin_object();
  write_tool(w, options.tool_version);
  w.key("hosts");
  w.begin_array();
  for (const AuditResult& result : results) write_page_host(w, result, options);
  w.end_array();
  w.end_object();
  TRY_ASSIGN(const std::string page, render_over(kAuditHtmlTemplate, std::move(w).take()));
  return out(page);
}

}  // namespace bulkhead::report
