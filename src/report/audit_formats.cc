#include "report/audit_renderers.h"

namespace bulkhead::report {
namespace {

constexpr AuditFormat kFormats[] = {
    {"table", "for people: section by section, then what failed, worst first, with what to do", true,
     write_audit_table},
    {"json", "everything, by docs/schemas/audit-report.schema.json", true, write_audit_json},
    {"sarif", "SARIF 2.1.0, for code-scanning services", false, write_audit_sarif},
    {"junit", "JUnit XML, a suite for each section, a case for each check and object", false, write_audit_junit},
    {"html", "one self-contained page, also to print", false, write_audit_html},
};

}  // namespace

std::span<const AuditFormat> audit_formats() {
  return kFormats;
}

Result<std::string> AuditFormat::render(std::span<const audit::AuditResult> results,
                                        const AuditOptions& options) const {
  std::string all;
  TRY(write(results, options, [&](std::string_view piece) -> Status {
    all += piece;
    return {};
  }));
  return all;
}

}  // namespace bulkhead::report
