#include "report/verdict_report.h"

#include <array>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "report/junit_document.h"
#include "report/sarif_document.h"
#include "report/terminal_text.h"

namespace bulkhead::report {
namespace {

using policy::Action;
using policy::Bundle;
using policy::Rule;
using policy::RuleOutcome;
using policy::Verdict;
using policy::Violation;

std::string_view decision(const Verdict& verdict) {
  return verdict.allowed ? "allow" : "deny";
}

std::string bundle_title(const Bundle& bundle) {
  const std::string name = bundle.name.empty() ? "the bundle" : bundle.name;
  return bundle.version.empty() ? name : fmt::format("{} {}", name, bundle.version);
}

std::string exception_text(const Bundle& bundle, size_t index) {
  const policy::Exception& each = bundle.exceptions[index];
  return fmt::format("excepted until {} by {}: {}", each.expires, each.owner, each.reason);
}

// Why a verdict without outcomes is what it is.
std::string unmapped_text(const Verdict& verdict) {
  return fmt::format("no mapping fits, which the bundle {}", verdict.allowed ? "allows" : "denies");
}

// ---- Table
std::string_view word_of(const RuleOutcome& outcome, Action action) {
  if (!outcome.applies) return "skip";
  if (outcome.passed()) return "pass";
  return policy::action_name(action);
}

std::string_view color_of_word(std::string_view word) {
  if (word == "pass") return kGreen;
  if (word == "deny") return kRed;
  return word == "warn" ? kYellow : kDim;
}

void add_table(std::string& out, const JudgedObject& object, const Bundle& bundle, const VerdictOptions& options) {
  constexpr size_t kShown = 20;
  const Verdict& verdict = object.verdict;
  out += painted(options.color, kBold, one_line(object.name));
  if (!object.digest.empty()) out += fmt::format("  {}", object.digest);
  out += fmt::format("\n{}", painted(options.color, verdict.allowed ? kGreen : kRed, decision(verdict)));
  out += fmt::format(
      " by {}{}\n", one_line(bundle_title(bundle)),
      verdict.mapping.empty() ? ": " + unmapped_text(verdict) : fmt::format(", mapping {}", one_line(verdict.mapping)));
  for (const RuleOutcome& outcome : verdict.outcomes) {
    const Rule& rule = bundle.rules[outcome.rule];
    const std::string_view word = word_of(outcome, rule.action);
    out += fmt::format(
        "  {}  {}\n", painted(options.color, color_of_word(word), pad(word, 5)),
        rule.title.empty() ? one_line(rule.name) : fmt::format("{}: {}", one_line(rule.name), one_line(rule.title)));
    size_t shown = 0;
    for (const Violation& violation : outcome.violations) {
      if (shown++ == kShown) break;
      std::string text = one_line(violation.message);
      if (violation.exception) text += fmt::format(" ({})", one_line(exception_text(bundle, *violation.exception)));
      out += fmt::format("         {}\n", wrap(text, options.width > 9 ? options.width - 9 : 0, 11));
    }
    const size_t rest = outcome.violations.size() + outcome.more - std::min(outcome.violations.size(), kShown);
    if (rest > 0) out += fmt::format("         and {} more\n", rest);
  }
  for (const size_t index : verdict.expired) {
    const policy::Exception& each = bundle.exceptions[index];
    out += fmt::format("  expired on {}: the exception from {} ({}:{})\n", each.expires, one_line(each.rule),
                       one_line(each.file), each.line);
  }
}

std::string table(std::span<const JudgedObject> objects, const Bundle& bundle, const VerdictOptions& options) {
  std::string out;
  for (const JudgedObject& object : objects) {
    if (!out.empty()) out += '\n';
    add_table(out, object, bundle, options);
  }
  return out;
}

// ---- JSON
void write_violation(json::Writer& w, const Violation& violation, const Bundle& bundle) {
  w.begin_object();
  w.member_if("subject", violation.subject);
  w.member("message", violation.message);
  w.member("fact", violation.pointer);
  w.member("error", violation.error);
  w.key("exception");
  if (violation.exception) {
    const policy::Exception& each = bundle.exceptions[*violation.exception];
    w.begin_object();
    w.member("reason", each.reason);
    w.member("owner", each.owner);
    w.member("expires", each.expires);
    w.end_object();
  } else {
    w.null();
  }
  w.end_object();
}

void write_outcome(json::Writer& w, const RuleOutcome& outcome, const Bundle& bundle) {
  const Rule& rule = bundle.rules[outcome.rule];
  w.begin_object();
  w.member("rule", rule.name);
  w.member_if("id", rule.id);
  w.member_if("title", rule.title);
  w.member("action", policy::action_name(rule.action));
  w.member("file", rule.file);
  w.key("line");
  w.unsigned_integer(rule.line);
  w.member("applies", outcome.applies);
  w.member("passed", outcome.passed());
  w.key("violations");
  w.begin_array();
  for (const Violation& violation : outcome.violations) write_violation(w, violation, bundle);
  w.end_array();
  w.key("more_violations");
  w.unsigned_integer(outcome.more);
  w.end_object();
}

std::string json_document(std::span<const JudgedObject> objects, const Bundle& bundle, const VerdictOptions& options) {
  json::Writer w;
  w.begin_object();
  w.member("schema", "bulkhead-verdict-1");
  w.member("version", options.tool_version);
  w.key("bundle");
  w.begin_object();
  w.member("name", bundle.name);
  w.member("version", bundle.version);
  w.member("digest", bundle.digest.to_string());
  w.end_object();
  w.key("verdicts");
  w.begin_array();
  for (const JudgedObject& object : objects) {
    w.begin_object();
    w.member("name", object.name);
    w.member("digest", object.digest);
    w.member("decision", decision(object.verdict));
    w.member("mapping", object.verdict.mapping);
    w.key("rules");
    w.begin_array();
    for (const RuleOutcome& outcome : object.verdict.outcomes) write_outcome(w, outcome, bundle);
    w.end_array();
    w.key("expired_exceptions");
    w.begin_array();
    for (const size_t index : object.verdict.expired) {
      const policy::Exception& each = bundle.exceptions[index];
      w.begin_object();
      w.member("rule", each.rule);
      w.member("owner", each.owner);
      w.member("expires", each.expires);
      w.end_object();
    }
    w.end_array();
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).take();
}

// ---- SARIF
advisory::Severity severity_of_action(Action action) {
  switch (action) {
    case Action::kDeny:
      return advisory::Severity::kHigh;
    case Action::kWarn:
      return advisory::Severity::kMedium;
    case Action::kAudit:
      return advisory::Severity::kLow;
  }
  return advisory::Severity::kUnknown;
}

SarifRun run_of(const JudgedObject& object, const Bundle& bundle, const VerdictOptions& options) {
  SarifRun run{.tool_version = options.tool_version,
               .category = fmt::format("bulkhead-check/{}", object.name),
               .base = "IMAGE",
               .base_description = fmt::format("the root of {}", object.name)};
  Fingerprints fingerprints;
  for (const RuleOutcome& outcome : object.verdict.outcomes) {
    const Rule& rule = bundle.rules[outcome.rule];
    SarifRule entry{.id = rule.name,
                    .summary = rule.title.empty() ? rule.name : rule.title,
                    .severity = severity_of_action(rule.action),
                    .tags = {"policy", std::string(policy::action_name(rule.action))}};
    const std::pair<std::string_view, std::string> facts[] = {{"Bundle", bundle_title(bundle)},
                                                              {"Rule", fmt::format("{}:{}", rule.file, rule.line)}};
    set_sarif_help(entry, facts);
    const size_t number = run.rules.size();
    run.rules.push_back(std::move(entry));
    for (const Violation& violation : outcome.violations) {
      if (violation.exception) {
        run.notifications.push_back(
            {.level = "note",
             .text = fmt::format("{} ({})", violation.message, exception_text(bundle, *violation.exception)),
             .rule = number});
        continue;
      }
      run.results.push_back({.rule = number,
                             .severity = severity_of_action(rule.action),
                             .message = violation.message,
                             .path = object.name,
                             .logical_name = violation.subject,
                             .logical_kind = "resource",
                             .fingerprint = fingerprints.next(fmt::format("{}|{}", rule.name, violation.subject))});
    }
  }
  if (object.verdict.mapping.empty()) {
    run.notifications.push_back(
        {.level = object.verdict.allowed ? "note" : "error", .text = unmapped_text(object.verdict)});
  }
  return run;
}

std::string sarif(std::span<const JudgedObject> objects, const Bundle& bundle, const VerdictOptions& options) {
  std::vector<SarifRun> runs;
  for (const JudgedObject& object : objects) runs.push_back(run_of(object, bundle, options));
  return sarif_document(runs);
}

// ---- JUnit: a suite for each image, a case for each rule.
std::string junit(std::span<const JudgedObject> objects, const Bundle& bundle, const VerdictOptions& /*options*/) {
  std::vector<JunitSuite> suites;
  for (const JudgedObject& object : objects) {
    JunitSuite& suite = suites.emplace_back(object.name, fmt::format("check {}", object.name));
    suite.add_property("bundle", bundle_title(bundle));
    suite.add_property("bundle digest", bundle.digest.to_string());
    suite.add_property("decision", decision(object.verdict));
    if (object.verdict.mapping.empty()) {
      const std::string why = unmapped_text(object.verdict);
      object.verdict.allowed ? suite.skipped("mapping", why) : suite.failed("mapping", "deny", why, "");
    }
    for (const RuleOutcome& outcome : object.verdict.outcomes) {
      const Rule& rule = bundle.rules[outcome.rule];
      std::string details;
      for (const Violation& violation : outcome.violations) {
        if (!violation.exception) details += violation.message + "\n";
      }
      if (!outcome.applies) {
        suite.skipped(rule.name, "the rule does not apply");
      } else if (outcome.passed()) {
        suite.passed(rule.name);
      } else if (rule.action == Action::kDeny) {
        suite.failed(rule.name, "deny", rule.title.empty() ? rule.name : rule.title, details);
      } else {
        suite.skipped(rule.name, fmt::format("{}: {}", policy::action_name(rule.action), details));
      }
    }
  }
  return junit_document("bulkhead check", suites);
}

}  // namespace

std::span<const VerdictFormat> verdict_formats() {
  static constexpr auto kFormats = std::to_array<VerdictFormat>({
      {"table", "for people: each rule, and what violates it", table},
      {"json", "everything, for machines", json_document},
      {"sarif", "SARIF 2.1.0, for code scanning", sarif},
      {"junit", "JUnit XML, for test reports", junit},
  });
  return kFormats;
}

}  // namespace bulkhead::report
