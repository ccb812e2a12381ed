#include "report/audit_renderers.h"

namespace bulkhead::report {
namespace {

constexpr AuditFormat kFormats[] = {
    {"table", "for people: section by section, then what failed, worst first, with what to do", render_audit_table},
    {"json", "everything, by docs/schemas/audit-report.schema.json", render_audit_json},
    {"sarif", "SARIF 2.1.0, for code-scanning services", render_audit_sarif},
    {"junit", "JUnit XML, a suite for each section, a case for each check and object", render_audit_junit},
    {"html", "one self-contained page, also to print", render_audit_html},
};

}  // namespace

std::span<const AuditFormat> audit_formats() {
  return kFormats;
}

}  // namespace bulkhead::report
