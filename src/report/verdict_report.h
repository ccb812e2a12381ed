// Reports of verdicts: table, JSON, SARIF and JUnit, as pure functions. What is reported holds untrusted text; each
// format escapes it as its syntax demands. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "policy/verdict.h"

namespace bulkhead::report {

struct JudgedObject {
  std::string name;    // the image, as asked for
  std::string digest;  // of its manifest; may be empty
  policy::Verdict verdict;
};

struct VerdictOptions {
  bool color = false;
  unsigned width = 0;  // columns; 0: as wide as the text is
  std::string tool_version;
};

struct VerdictFormat {
  std::string_view name;
  std::string_view description;
  std::string (*render)(std::span<const JudgedObject> objects, const policy::Bundle& bundle,
                        const VerdictOptions& options);
};

// In the order of --help: table, json, sarif, junit.
std::span<const VerdictFormat> verdict_formats();

}  // namespace bulkhead::report
