// Bundles: which images are held to which rules, what the rules are, and what is excepted. A bundle is one YAML (or
// JSON) file or a folder of them, read and compiled whole or refused whole: docs/policy.md has the format.
//
// A Bundle is immutable: several threads may evaluate it at once. The text is a user's own, and may be wrong in any
// way: errors name file, line and column. Limits: 4 MiB a file, 1,000 files, 20,000 rules, those of expressions
// (cel/parser.h).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cel/program.h"
#include "crypto/digest.h"
#include "policy/catalogue.h"

namespace bulkhead::policy {

enum class Action : uint8_t {
  kDeny,   // a violation denies
  kWarn,   // it is told, and does not deny
  kAudit,  // it is recorded
};
std::string_view action_name(Action action);  // "deny", "warn", "audit"

struct Rule {
  std::string name;   // unique in the bundle
  std::string id;     // in the catalogue; empty for expressions of the bundle's own
  std::string title;  // may be empty
  Action action = Action::kDeny;
  std::string each;  // the list of facts that it is asked of; empty: it is asked once
  std::string file;
  size_t line = 0;

  // Variables of all of them: the facts, `now`, `params`, and `item` where there is `each`.
  std::optional<cel::Program> when;  // false: the rule does not apply
  std::optional<cel::Program> condition;
  bool required = false;  // the condition has to be true; else it must not be
  std::optional<cel::Program> subject;
  std::optional<cel::Program> message;
  std::string message_text;  // where there is no expression for it
  cel::Value params;
};

// Patterns with * and ?; an empty list is any.
struct Scope {
  std::vector<std::string> images;  // the reference as it was asked for, or the repository
  std::vector<std::string> users;
};

struct Mapping {
  std::string name;
  Scope scope;
  std::vector<size_t> rules;  // of Bundle::rules
};

struct Exception {
  std::string rule;                   // by name
  std::vector<std::string> subjects;  // with * and ?; empty: whatever it is about
  Scope scope;
  std::string reason;
  std::string owner;
  std::string expires;  // RFC 3339 full-date: the last day on which it counts
  std::string file;
  size_t line = 0;
};

struct Bundle {
  std::string name;
  std::string version;  // the user's own
  std::string description;
  Digest digest;  // of its files and their names without folders, in the order of their names
  bool deny_unmapped = true;
  std::vector<Rule> rules;
  std::vector<Mapping> mappings;  // the first that fits counts
  std::vector<Exception> exceptions;

 private:
  friend class BundleCompiler;
  struct Memory;
  std::shared_ptr<const Memory> memory_;  // what programs and parameters view
};

struct BundleFile {
  std::string name;  // for messages
  std::string text;
};

// kMalformed and kInvalidArgument with file, line and column; kLimitExceeded.
Result<Bundle> compile_bundle(std::vector<BundleFile> files);

// The file, or every *.yaml, *.yml and *.json in the folder, in the order of their names.
Result<Bundle> load_bundle(const std::string& path);

}  // namespace bulkhead::policy
