// The verdict of a bundle about one document of facts. Pure, and the same for the same input: the present is brought.
//
// Errors deny: a fact that a rule asks for and that is not known, an evaluation that costs too much. Only `warn` and
// `audit` rules do not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "policy/bundle.h"

namespace bulkhead::policy {

struct Inputs {
  json::Value facts;  // untrusted
  std::string user;   // who asks; empty: nobody in particular
  int64_t now = 0;    // seconds since 1970
};

struct Violation {
  std::string subject;  // what an exception names it by; may be empty
  std::string message;
  std::string pointer;  // JSON pointer into the facts: "/vulnerabilities/3"; empty: the rule is about the whole
  bool error = false;   // the rule could not be evaluated
  std::optional<size_t> exception;  // of the bundle's, that lets it pass
};

struct RuleOutcome {
  size_t rule = 0;                    // of the bundle's
  bool applies = true;                // false: its `when` says that it does not
  std::vector<Violation> violations;  // at most kMaxViolations
  size_t more = 0;                    // violations beyond these

  bool passed() const;  // nothing that is not excepted
};
inline constexpr size_t kMaxViolations = 1'000;

struct Verdict {
  bool allowed = false;
  std::string mapping;                // that applies; empty: none does
  std::vector<RuleOutcome> outcomes;  // of the mapping's rules, in the bundle's order
  std::vector<size_t> expired;        // exceptions that would have counted, and have expired
};

// kMalformed when the facts are none, kLimitExceeded when they are too large.
Result<Verdict> evaluate(const Bundle& bundle, const Inputs& inputs);

}  // namespace bulkhead::policy
