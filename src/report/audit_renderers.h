// The formats of audits, and what they say alike; see audit_formats.cc for the table of formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/audit_report.h"

namespace bulkhead::report {

Status write_audit_table(std::span<const audit::AuditResult> results, const AuditOptions& options, const TextSink& out);
Status write_audit_json(std::span<const audit::AuditResult> results, const AuditOptions& options, const TextSink& out);
Status write_audit_sarif(std::span<const audit::AuditResult> results, const AuditOptions& options, const TextSink& out);
Status write_audit_junit(std::span<const audit::AuditResult> results, const AuditOptions& options, const TextSink& out);
Status write_audit_html(std::span<const audit::AuditResult> results, const AuditOptions& options, const TextSink& out);

// The rows of one check. Views into the result.
struct CheckRows {
  const audit::CheckInfo* check = nullptr;
  std::vector<const audit::Row*> rows;
};
// All rows, check by check as the result has them.
std::vector<CheckRows> rows_by_check(const audit::AuditResult& result);
// The failures that count, worst check first.
std::vector<CheckRows> failed_checks(const audit::AuditResult& result);

// What to do about checks that failed. Those with one advice have it together; where it differs only by its commands
// (lines that are indented) it has all of them.
struct Advice {
  std::vector<CheckRows> checks;
  std::string text;
};
// In the order of failed_checks(), by the first of each.
std::vector<Advice> advice_for(std::vector<CheckRows> failed);

// What a person must look at: counted failures, and what could not be checked.
bool failed_or_unchecked(const audit::Row& row);

// "5.5", of the newest edition that checks are mapped to; empty: none.
std::string_view newest_cis(const audit::CheckInfo& check);
// "5.5 in 1.8.0, 5.4 in 1.7.0", newest first; "no recommendation of it".
std::string cis_numbers(const audit::CheckInfo& check);
// "container.privileged (5.5)"
std::string check_label(const audit::CheckInfo& check);
// "web", "/etc/docker/daemon.json", "engine", "network ingress": what it is called within the report of its host.
std::string object_text(const audit::Object& object);
// The reason, then what was found where, and of what is not as it should be what was wanted; of an exempted row the
// exception too; of more evidence than `max_evidence` how much more there is. One line, not yet printable.
std::string row_text(const audit::Row& row, size_t max_evidence = SIZE_MAX);
// "container.privileged of web: pass, now fail"
std::string change_text(const audit::Change& change);
std::string_view change_name(audit::Change::Kind kind);  // "worse", "better", "new", "gone"
// "PASS", "WARN", "INFO", "NOTE", "ERR", and "EXC" for an exempted failure.
std::string_view tag_of(const audit::Row& row);
// The whole audit in a sentence, without a full stop: never that all is well when something was not looked at.
std::string audit_conclusion(const audit::AuditResult& result);

}  // namespace bulkhead::report
