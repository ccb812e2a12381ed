// Cases in lines of JSON: an expression and what it has to be. The language's public conformance cases come in this
// form, and so may a user's own.
//
//   {"name": "…", "expr": "a + 1", "bindings": {"a": {"int64": "41"}}, "value": {"int64": "42"}}
//   {"name": "…", "expr": "1 / 0", "error": true}
//
// Members: `file`, `section`, `name` (what the case is called), `expr`, `container`, `disable_check`, `bindings` (value
// by name), and one of `value` and `error`. Values: {"null": null}, {"bool": …}, {"int64": "…"}, {"uint64": "…"},
// {"double": "…"}, {"string": …}, {"bytes_hex": "…"}, {"list": […]}, {"map": [[key, value] …]}, {"type": "…"};
// {"unset": null} where it matters only that the expression is well typed. Anything else is a message of protocol
// buffers: the case is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::cel {

enum class CaseOutcome : uint8_t { kPassed, kFailed, kLeftOut };

struct CaseResult {
  CaseOutcome outcome = CaseOutcome::kPassed;
  std::string name;    // "file/section/name"
  std::string reason;  // why it failed or was left out
};

// Untrusted. kMalformed when the line is no case.
Result<CaseResult> run_case(std::string_view line);

}  // namespace bulkhead::cel
