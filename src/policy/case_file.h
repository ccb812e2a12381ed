// Cases that a bundle is tested with: facts, and the verdict that they have to get.
//
//   cases:
//     - name: an image that runs as root is refused
//       facts: root.json            # beside the file of cases, or the facts themselves as a mapping
//       user: ci-7
//       now: 2026-11-18T00:00:00Z   # else the time of the facts
//       expect: deny
//       violates: [user-not-root]   # exactly these rules, whatever their actions; may be left out
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/verdict.h"

namespace bulkhead::policy {

struct TestCase {
  std::string name;
  std::string facts_file;  // as written; empty: `facts` has them
  std::string facts;       // JSON
  std::string user;
  std::optional<int64_t> now;
  bool expect_allowed = false;
  std::optional<std::vector<std::string>> violates;
  size_t line = 0;
};

// The text is the user's: kInvalidArgument and kMalformed with file, line and column.
Result<std::vector<TestCase>> parse_test_cases(const std::string& file, const std::string& text);

// What is wrong with the verdict, in a sentence; empty: nothing. kMalformed when the facts are none. `covered` (by rule
// of the bundle) notes which rules were seen to pass and to be violated.
struct Coverage {
  bool passed = false;
  bool violated = false;
};
Result<std::string> run_test_case(const TestCase& test, const Bundle& bundle, std::vector<Coverage>& covered);

}  // namespace bulkhead::policy
