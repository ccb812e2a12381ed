#include "policy/case_file.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/date.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "policy/bundle_reader.h"

namespace bulkhead::policy {
namespace {

constexpr size_t kMaxFacts = size_t{64} << 20;

using Place = BundleDocument::Place;

void write_value(json::Writer& w, json::Value value) {
  switch (value.kind()) {
    case json::Kind::kNull:
      w.null();
      break;
    case json::Kind::kBool:
      w.boolean(*value.boolean());
      break;
    case json::Kind::kInteger:
      w.integer(*value.integer());
      break;
    case json::Kind::kUnsigned:
    case json::Kind::kDouble:
      w.number(value.number().value_or(0));
      break;
    case json::Kind::kString:
      w.string(*value.string());
      break;
    case json::Kind::kArray:
      w.begin_array();
      for (const json::Value element : value.elements()) write_value(w, element);
      w.end_array();
      break;
    case json::Kind::kObject:
      w.begin_object();
      for (const json::Member member : value.members()) {
        w.key(member.key);
        write_value(w, member.value);
      }
      w.end_object();
      break;
  }
}

Result<TestCase> read_case(const BundleDocument& document, const Place& place) {
  TRY(document.require_members(place, {"name", "facts", "user", "now", "expect", "violates"}));
  TestCase test;
  test.line = document.line(place);
  TRY_ASSIGN(test.name, document.required_text(place, "name"));
  TRY_ASSIGN(test.user, document.text(place, "user"));
  const auto facts = document.member(place, "facts");
  if (!facts) return document.error(place, "\"facts\" is missing", "name a file, or write them here");
  if (facts->value.is_string()) {
    test.facts_file = *facts->value.string();
  } else {
    json::Writer w(json::Layout::kCompact);
    write_value(w, facts->value);
    test.facts = std::move(w).take();
  }
  TRY_ASSIGN(const std::string now, document.text(place, "now"));
  if (!now.empty()) {
    test.now = parse_rfc3339(now);
    if (!test.now)
      return document.error(*document.member(place, "now"), "\"now\" is a time, like 2026-11-18T00:00:00Z");
  }
  TRY_ASSIGN(const std::string expect, document.required_text(place, "expect"));
  if (expect != "allow" && expect != "deny") {
    return document.error(*document.member(place, "expect"), "a verdict is \"allow\" or \"deny\"");
  }
  test.expect_allowed = expect == "allow";
  if (document.member(place, "violates")) {
    TRY_ASSIGN(test.violates, document.texts(place, "violates"));
  }
  return test;
}

}  // namespace

Result<std::vector<TestCase>> parse_test_cases(const std::string& file, const std::string& text) {
  const BundleFile source{.name = file, .text = text};
  TRY_ASSIGN(const BundleDocument document, BundleDocument::parse(source));
  TRY(document.require_members(document.root(), {"cases"}));
  TRY_ASSIGN(const auto places, document.elements(document.root(), "cases"));
  if (places.empty()) return document.error(document.root(), "there are no cases", "write a list \"cases\"");
  std::vector<TestCase> cases;
  for (const Place& place : places) {
    TRY_ASSIGN(cases.emplace_back(), read_case(document, place));
  }
  return cases;
}

Result<std::string> run_test_case(const TestCase& test, const Bundle& bundle, std::vector<Coverage>& covered) {
  covered.resize(bundle.rules.size());
  TRY_ASSIGN(const json::Document document, json::Document::parse(test.facts, {.max_bytes = kMaxFacts}));
  const auto now = test.now ? test.now : parse_rfc3339(document.root().string_or("time", ""));
  if (!now) return fail(Code::kInvalidArgument, "neither the case nor its facts say when it is", "give it \"now\"");
  TRY_ASSIGN(const Verdict verdict, evaluate(bundle, {.facts = document.root(), .user = test.user, .now = *now}));
  std::set<std::string> violated;
  for (const RuleOutcome& outcome : verdict.outcomes) {
    if (!outcome.passed()) violated.insert(bundle.rules[outcome.rule].name);
    covered[outcome.rule].violated = covered[outcome.rule].violated || !outcome.passed();
    covered[outcome.rule].passed = covered[outcome.rule].passed || (outcome.applies && outcome.passed());
  }
  std::string wrong;
  if (verdict.allowed != test.expect_allowed) {
    wrong = fmt::format("the verdict is {}, violated: {}", verdict.allowed ? "allow" : "deny",
                        violated.empty() ? "nothing" : fmt::format("{}", fmt::join(violated, ", ")));
  }
  if (test.violates) {
    const std::set<std::string> expected(test.violates->begin(), test.violates->end());
    if (expected != violated) {
      wrong += fmt::format("{}violated are {}, not {}", wrong.empty() ? "" : "; ", fmt::join(violated, ", "),
                           fmt::join(expected, ", "));
    }
  }
  return wrong;
}

}  // namespace bulkhead::policy
