#include "report/sarif_document.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"

namespace bulkhead::report {
namespace {

using advisory::Severity;
using json::Writer;

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
    case Severity::kHigh:
      return "error";
    case Severity::kMedium:
      return "warning";
    case Severity::kLow:
    case Severity::kNegligible:
    case Severity::kUnknown:
      return "note";
  }
  return "note";
}

struct Band {
  double least;
  double most;
};

// The scores that services show as this severity; nothing for one that nobody knows.
std::optional<Band> band_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return Band{9.0, 10.0};
    case Severity::kHigh:
      return Band{7.0, 8.9};
    case Severity::kMedium:
      return Band{4.0, 6.9};
    case Severity::kLow:
    case Severity::kNegligible:
      return Band{0.1, 3.9};
    case Severity::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

// Services show the severity that the number stands for, and nothing else: it must not contradict ours.
std::optional<double> score_of(const SarifRule& rule) {
  const std::optional<Band> band = band_of(rule.severity);
  if (!band) return std::nullopt;
  if (!rule.score || !(*rule.score > 0)) return (band->least + band->most) / 2;
  return std::clamp(*rule.score, band->least, band->most);
}

// At most as many characters as services take of a description.
std::string limited(std::string_view text) {
  constexpr size_t kMaxCharacters = 1024;
  size_t characters = 0;
  size_t cut = 0;  // where the text ends when it is too long: before its last allowed character
  for (size_t i = 0; i < text.size(); ++characters) {
    if (characters == kMaxCharacters - 1) cut = i;
    if (characters == kMaxCharacters) return std::string(text.substr(0, cut)) + "…";
    i += std::max<size_t>(utf8_sequence_length(text.substr(i)), 1);
  }
  return std::string(text);
}

void text_member(Writer& w, std::string_view name, std::string_view text) {
  w.key(name);
  w.begin_object();
  w.member("text", text);
  w.end_object();
}

void write_rule(Writer& w, const SarifRule& rule) {
  w.begin_object();
  w.member("id", rule.id);
  text_member(w, "shortDescription", limited(rule.summary));
  text_member(w, "fullDescription", limited(rule.description.empty() ? rule.summary : rule.description));
  w.member_if("helpUri", rule.help_uri);
  w.key("help");
  w.begin_object();
  w.member("text", rule.help);
  w.member("markdown", rule.help_markdown);
  w.end_object();
  w.key("defaultConfiguration");
  w.begin_object();
  w.member("level", level_of(rule.severity));
  w.end_object();
  w.key("properties");
  w.begin_object();
  if (const auto score = score_of(rule)) w.member("security-severity", fmt::format("{:.1f}", *score));
  w.key("tags");
  w.begin_array();
  w.string("security");
  for (const std::string& tag : rule.tags) w.string(tag);
  w.string(advisory::severity_name(rule.severity));
  w.end_array();
  w.end_object();
  w.end_object();
}

void write_location(Writer& w, const SarifRun& run, const SarifResult& result) {
  w.key("locations");
  w.begin_array();
  w.begin_object();
  w.key("physicalLocation");
  w.begin_object();
  w.key("artifactLocation");
  w.begin_object();
  w.member("uri", sarif_uri(result.path));
  w.member("uriBaseId", run.base);
  w.end_object();
  w.key("region");
  w.begin_object();
  for (const std::string_view name : {"startLine", "startColumn", "endLine", "endColumn"}) {
    w.key(name);
    w.integer(1);
  }
  w.end_object();
  w.end_object();
  w.key("logicalLocations");
  w.begin_array();
  w.begin_object();
  w.member("fullyQualifiedName", result.logical_name);
  w.member("kind", result.logical_kind);
  w.end_object();
  w.end_array();
  w.end_object();
  w.end_array();
}

void write_result(Writer& w, const SarifRun& run, const SarifResult& result) {
  w.begin_object();
  w.member("ruleId", run.rules[result.rule].id);
  w.key("ruleIndex");
  w.unsigned_integer(result.rule);
  w.member("level", level_of(result.severity));
  text_member(w, "message", result.message);
  write_location(w, run, result);
  w.key("partialFingerprints");
  w.begin_object();
  w.member("primaryLocationLineHash", result.fingerprint);
  w.end_object();
  w.end_object();
}

void write_tool(Writer& w, const SarifRun& run) {
  w.key("tool");
  w.begin_object();
  w.key("driver");
  w.begin_object();
  w.member("name", "Bulkhead");
  w.member("version", run.tool_version);
  w.key("rules");
  w.begin_array();
  for (const SarifRule& rule : run.rules) write_rule(w, rule);
  w.end_array();
  w.end_object();
  w.end_object();
}

void write_invocation(Writer& w, const SarifRun& run) {
  w.key("invocations");
  w.begin_array();
  w.begin_object();
  w.member("executionSuccessful", run.successful);
  w.key("toolExecutionNotifications");
  w.begin_array();
  for (const SarifNotification& notification : run.notifications) {
    w.begin_object();
    w.member("level", notification.level);
    text_member(w, "message", notification.text);
    if (notification.rule) {
      w.key("associatedRule");
      w.begin_object();
      w.member("id", run.rules[*notification.rule].id);
      w.key("index");
      w.unsigned_integer(*notification.rule);
      w.end_object();
    }
    w.end_object();
  }
  w.end_array();
  w.end_object();
  w.end_array();
}

void write_run(Writer& w, const SarifRun& run) {
  w.begin_object();
  write_tool(w, run);
  w.key("automationDetails");
  w.begin_object();
  w.member("id", run.category);
  w.end_object();
  write_invocation(w, run);
  w.key("originalUriBaseIds");
  w.begin_object();
  w.key(run.base);
  w.begin_object();
  text_member(w, "description", run.base_description);
  w.end_object();
  w.end_object();
  w.key("results");
  w.begin_array();
  for (const SarifResult& result : run.results) write_result(w, run, result);
  w.end_array();
  w.key("columnKind");
  w.string("utf16CodeUnits");
  w.key("properties");
  w.begin_object();
  run.properties(w);
  w.end_object();
  w.end_object();
}

}  // namespace

std::string sarif_document(std::span<const SarifRun> runs) {
  Writer w;
  w.begin_object();
  w.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  w.member("version", "2.1.0");
  w.key("runs");
  w.begin_array();
  for (const SarifRun& run : runs) write_run(w, run);
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

void set_sarif_help(SarifRule& rule, std::span<const std::pair<std::string_view, std::string>> facts) {
  rule.help = fmt::format("{}\n", rule.summary);
  rule.help_markdown = fmt::format("{}\n\n", markdown_escaped(rule.summary));
  for (const auto& [name, value] : facts) {
    rule.help += fmt::format("{}: {}\n", name, value);
    rule.help_markdown += fmt::format("- **{}**: {}\n", name, markdown_escaped(value));
  }
}

std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>()#!|&~").contains(c)) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string sarif_uri(std::string_view path) {
  std::string uri;
  for (const char c : path) {
    if (is_alnum(c) || std::string_view("/._-~").contains(c)) {
      uri.push_back(c);
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return uri;
}

std::string Fingerprints::next(std::string_view identity) {
  const std::string hash = Digest::sha256_of(as_bytes(identity)).hex().substr(0, 16);
  return fmt::format("{}:{}", hash, ++seen_[hash]);
}

}  // namespace bulkhead::report
