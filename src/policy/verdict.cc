#include "policy/verdict.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/date.h"
#include "base/glob.h"
#include "base/text.h"
#include "policy/fact_schema.h"

namespace bulkhead::policy {
namespace {

using cel::Value;

constexpr size_t kMaxFactBytes = size_t{512} << 20;
constexpr size_t kMaxEvaluationBytes = size_t{16} << 20;

// What names the image: as asked for, and its repository.
struct ImageNames {
  std::string_view reference;
  std::string_view repository;
};

ImageNames names_of(json::Value facts) {
  const auto image = facts.find("image");
  if (!image) return {};
  return {.reference = image->string_or("reference", ""), .repository = image->string_or("repository", "")};
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return matches_glob(pattern, text); });
}

class Evaluator {
 public:
  Evaluator(const Bundle& bundle, const Inputs& inputs, std::vector<Value> facts)
      : bundle_(bundle),
        inputs_(inputs),
        names_(names_of(inputs.facts)),
        today_(rfc3339_of(inputs.now).substr(0, 10)),
        variables_(std::move(facts)) {
    variables_.push_back(Value::timestamp({inputs.now, 0}));
    variables_.emplace_back();  // params
    variables_.emplace_back();  // item
  }

  Verdict run() {
    Verdict verdict;
    const auto mapping = std::ranges::find_if(bundle_.mappings, [&](const Mapping& each) { return fits(each.scope); });
    if (mapping == bundle_.mappings.end()) {
      verdict.allowed = !bundle_.deny_unmapped;
      return verdict;
    }
    verdict.mapping = mapping->name;
    verdict.allowed = true;
    for (const size_t index : mapping->rules) {
      RuleOutcome outcome = judge(index);
      if (!outcome.passed() && bundle_.rules[index].action == Action::kDeny) verdict.allowed = false;
      verdict.outcomes.push_back(std::move(outcome));
    }
    verdict.expired.assign(expired_.begin(), expired_.end());
    return verdict;
  }

 private:
  bool fits(const Scope& scope) const {
    const bool image = scope.images.empty() || matches_any(scope.images, names_.reference) ||
                       matches_any(scope.images, names_.repository);
    return image && (scope.users.empty() || matches_any(scope.users, inputs_.user));
  }

  // The value, or an error as one.
  Value value_of(const cel::Program& program) {
    arena_.reset();
    auto value = program.evaluate(variables_, arena_);
    if (value) return *value;
    arena_.reset();
    return cel::copy_text(arena_, cel::Kind::kError, value.error().to_string());
  }

  RuleOutcome judge(size_t index) {
    const Rule& rule = bundle_.rules[index];
    RuleOutcome outcome{.rule = index, .violations = {}};
    Value& item = variables_.back();
    variables_[variables_.size() - 2] = rule.params;
    item = Value::error("there is no item here");
    // A `when` may be about the element; where it is not, it is asked once too often, which costs little.
    if (rule.each.empty()) {
      ask(rule, "", outcome);
      return outcome;
    }
    const Value list = variables_[fact_variable(rule.each)];
    if (!list.is(cel::Kind::kList)) {
      add(rule, {.subject = {}, .message = std::string(list.as_text()), .pointer = "/" + rule.each, .error = true},
          outcome);
      return outcome;
    }
    size_t number = 0;
    bool asked = false;
    for (const Value& element : list.as_list()) {
      item = element;
      asked = ask(rule, fmt::format("/{}/{}", rule.each, number++), outcome) || asked;
    }
    outcome.applies = asked || number == 0;
    return outcome;
  }

  // Whether the rule applies.
  bool ask(const Rule& rule, std::string pointer, RuleOutcome& outcome) {
    if (rule.when) {
      const Value applies = value_of(*rule.when);
      if (applies.is_false()) {
        if (rule.each.empty()) outcome.applies = false;
        return false;
      }
      if (!applies.is_true()) {
        add(rule, failure(applies, "when", std::move(pointer)), outcome);
        return true;
      }
    }
    const Value answer = value_of(*rule.condition);
    if (answer.is(cel::Kind::kBool)) {
      if (answer.as_bool() == rule.required) return true;
      Violation violation{.subject = {}, .message = {}, .pointer = std::move(pointer)};
      violation.subject = text_of(rule.subject);
      violation.message = rule.message ? text_of(rule.message) : rule.message_text;
      if (violation.message.empty()) violation.message = rule.title.empty() ? rule.name : rule.title;
      add(rule, std::move(violation), outcome);
      return true;
    }
    Violation violation = failure(answer, "the rule", std::move(pointer));
    violation.subject = text_of(rule.subject);
    add(rule, std::move(violation), outcome);
    return true;
  }

  static Violation failure(const Value& value, std::string_view what, std::string pointer) {
    const std::string why = value.is_error() ? std::string(value.as_text()) : "its value is no bool";
    return {.subject = {},
            .message = fmt::format("{} cannot be decided: {}", what, printable(why)),
            .pointer = std::move(pointer),
            .error = true};
  }

  // A text that cannot be made is told as such: what a rule decided does not hang on its words.
  std::string text_of(const std::optional<cel::Program>& program) {
    if (!program) return {};
    const Value value = value_of(*program);
    return value.is(cel::Kind::kString) ? std::string(value.as_text()) : std::string();
  }

  void add(const Rule& rule, Violation violation, RuleOutcome& outcome) {
    violation.exception = exception_for(rule, violation);
    // What is excepted must not crowd out what is not.
    if (outcome.violations.size() < kMaxViolations) {
      outcome.violations.push_back(std::move(violation));
      return;
    }
    if (!violation.exception) ++outcome.more;
  }

  // Of errors there are exceptions only by the name of the rule, not by subjects that nobody could find out.
  std::optional<size_t> exception_for(const Rule& rule, const Violation& violation) {
    for (size_t i = 0; i < bundle_.exceptions.size(); ++i) {
      const Exception& each = bundle_.exceptions[i];
      if (each.rule != rule.name || !fits(each.scope)) continue;
      if (!each.subjects.empty() && (violation.subject.empty() || !matches_any(each.subjects, violation.subject)))
        continue;
      if (each.expires < today_) {
        expired_.insert(i);
        continue;
      }
      return i;
    }
    return std::nullopt;
  }

  const Bundle& bundle_;
  const Inputs& inputs_;
  ImageNames names_;
  std::string today_;
  std::vector<Value> variables_;
  cel::Arena arena_{kMaxEvaluationBytes};
  std::set<size_t> expired_;
};

}  // namespace

bool RuleOutcome::passed() const {
  return more == 0 && std::ranges::all_of(violations, [](const Violation& each) { return each.exception.has_value(); });
}

Result<Verdict> evaluate(const Bundle& bundle, const Inputs& inputs) {
  cel::Arena arena(kMaxFactBytes);
  TRY_ASSIGN(std::vector<Value> facts, fact_values(inputs.facts, arena));
  return Evaluator(bundle, inputs, std::move(facts)).run();
}

}  // namespace bulkhead::policy
