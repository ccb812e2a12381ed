// A SARIF document as our reports fill it; who fills it says what a rule and a result are.
//
// Sources: SARIF 2.1.0 (OASIS), and what GitHub's code scanning asks for beyond it ("SARIF support for code scanning"):
// a category for each run (automationDetails.id), the rule property "security-severity", help texts, descriptions of at
// most 1,024 characters, whole regions, and the fingerprint primaryLocationLineHash, the only one that it tells
// repeated results by. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/record.h"
#include "base/json_writer.h"

namespace bulkhead::report {

struct SarifRule {
  std::string id;
  std::string summary;
  std::string description;  // empty: the summary
  std::string help_uri;     // empty: none
  std::string help;
  std::string help_markdown;
  advisory::Severity severity = advisory::Severity::kUnknown;
  std::optional<double> score;  // of 10; brought into the band of `severity`; nothing: the band's middle
  std::vector<std::string> tags;
};

struct SarifResult {
  size_t rule = 0;  // its place among the rules
  advisory::Severity severity = advisory::Severity::kUnknown;
  std::string message;
  std::string path;  // below the run's base; any bytes
  std::string logical_name;
  std::string logical_kind;
  std::string fingerprint;
};

struct SarifNotification {
  std::string_view level;  // "note", "warning", "error"
  std::string text;
  std::optional<size_t> rule{};  // that it is about
};

struct SarifRun {
  std::string tool_version;
  std::string category;
  bool successful = true;
  std::string base;              // what paths are relative to: "IMAGE"
  std::string base_description;  // "the root of alpine:3.19"
  std::vector<SarifRule> rules;
  std::vector<SarifResult> results;
  std::vector<SarifNotification> notifications;
  std::function<void(json::Writer&)> properties;  // writes the members of the run's own
};

std::string sarif_document(std::span<const SarifRun> runs);

// Help as text and as Markdown: the summary, which is set already, then named facts.
void set_sarif_help(SarifRule& rule, std::span<const std::pair<std::string_view, std::string>> facts);

// Foreign text in a Markdown document: nothing of it may become a link, an image or markup.
std::string markdown_escaped(std::string_view text);

// Paths are any bytes; a URI is not (RFC 3986, path characters).
std::string sarif_uri(std::string_view path);

// What tells a result from the others of its run, from one time to the next: a hash of `identity`, and how many before
// it had the same.
class Fingerprints {
 public:
  std::string next(std::string_view identity);

 private:
  std::map<std::string, size_t> seen_;
};

}  // namespace bulkhead::report
