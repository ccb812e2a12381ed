// What of the findings the user wants to see, and what is to be ignored with a reason.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scan/result.h"

namespace bulkhead::scan {

// Findings that a filter hides are gone from the result and counted in its `hidden`, with a warning that says so;
// nothing else changes. Empty lists hide nothing.
struct Filter {
  std::vector<advisory::Severity> severities;
  std::vector<advisory::AdvisoryStatus> statuses;
  bool only_fixed = false;  // only what has a fixed version
};
void apply_filter(ScanResult& result, const Filter& filter);

// One entry of an ignore file.
struct IgnoreRule {
  std::string id;       // of the vulnerability, or one of its aliases; "*" for any, with a package or a version
  std::string package;  // binary or source name, `*` and `?` as in a shell; empty: any
  std::string version;  // exactly this installed version; empty: any
  std::string reason;
  std::string expires;  // "2026-12-31": the last day on which it counts; empty: never expires
  size_t number = 0;    // its place in the file, from 1
};

struct IgnoreFile {
  std::string name;
  std::vector<IgnoreRule> rules;
};

// YAML: a list of entries, or a mapping whose only key `ignore` holds it. Unknown keys, keys given twice, an entry
// without id or reason, one that would ignore everything, and dates that are none are kInvalidArgument naming the
// entry: a misspelt `expires` must not ignore for ever. The text is the user's; limits: 1 MiB, 10,000 entries.
Result<IgnoreFile> parse_ignore_file(std::string_view text, std::string name);

// By rule: whether it met a finding, of whichever image of a run. Empty before the first image.
using UsedRules = std::vector<bool>;

// Moves what the rules name from findings to suppressed, and notes which rules met something. `today` is an RFC 3339
// full-date in UTC. An expired rule ignores nothing; a warning names it where its findings count again.
void apply_ignore_file(ScanResult& result, const IgnoreFile& file, std::string_view today, UsedRules& used);

// After the last image of a run: the rules that met nothing in any of them, which may go.
std::vector<Warning> unused_rules(const IgnoreFile& file, std::string_view today, const UsedRules& used);

}  // namespace bulkhead::scan
