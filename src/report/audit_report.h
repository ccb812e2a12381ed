// Reports of audits: table, JSON, SARIF, JUnit and HTML, as pure functions of the results. Results hold untrusted text
// (names of containers, paths); each format escapes it as its syntax demands, and the table makes control characters
// visible. Thread-safe.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "audit/check.h"
#include "audit/result.h"
#include "base/result.h"

namespace bulkhead::report {

struct AuditOptions {
  bool color = false;        // table: ANSI colours
  unsigned width = 0;        // table: columns of the terminal; 0: as wide as the text is
  bool only_failed = false;  // table and html: rows that failed or could not be checked; others count only
  std::string tool_version;
};

// Takes a document piece by piece.
using TextSink = std::function<Status(std::string_view)>;

struct AuditFormat {
  std::string_view name;
  std::string_view description;  // one line for --help
  // Its pieces come as they are made: of many thousand containers no one holds the whole. Such a format fails only when
  // `out` does; the others fail before the first piece.
  bool is_stream = false;
  Status (*write)(std::span<const audit::AuditResult> results, const AuditOptions& options, const TextSink& out);

  // The whole.
  Result<std::string> render(std::span<const audit::AuditResult> results, const AuditOptions& options) const;
};

// In the order of --help: table, json, sarif, junit, html.
std::span<const AuditFormat> audit_formats();

// The checks that `selection` takes, for `bulkhead audit --list`, and one check's whole entry, for --explain.
std::string audit_check_list(const audit::Selection& selection, bool color, unsigned width);
std::string audit_check_text(const audit::CheckInfo& check, bool color, unsigned width);

}  // namespace bulkhead::report
