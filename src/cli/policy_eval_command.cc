// bulkhead policy eval
#include <algorithm>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "cel/case_file.h"
#include "cel/json_value.h"
#include "cel/program.h"
#include "cli/command.h"
#include "cli/named_file.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxFacts = size_t{64} << 20;
constexpr size_t kMaxCases = size_t{64} << 20;
constexpr size_t kMaxMemory = size_t{64} << 20;  // of an evaluation

// "-" is standard input.
Result<std::string> read_input(std::string_view option, const std::string& file, size_t max_bytes,
                               const std::stop_token& stop) {
  if (file != "-") return read_named_file(option, file, max_bytes, stop);
  TRY_ASSIGN(const auto source, open_file_source(file));
  return read_all(*source, max_bytes, "standard input");
}

class PolicyEvalCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "EXPR", .value = "[EXPR]", .help = "the expression", .may_be_empty = true}, expression_);
    flags.add({.names = "--facts",
               .value = "FILE",
               .help = "a JSON object whose members are the expression's variables; - is standard input",
               .kind = Option::Kind::kFile},
              facts_);
    flags.add({.names = "--cases",
               .value = "FILE",
               .help = "evaluate the cases in FILE, one JSON object a line, and say which are not what they should be",
               .kind = Option::Kind::kFile},
              cases_);
    flags.add({.names = "--max-cost", .value = "N", .help = "refuse an evaluation of more steps", .group = kLimitGroup},
              max_cost_);
    flags.check([this]() -> Status {
      if (expression_.empty() != cases_.empty() && (cases_.empty() || facts_.empty())) return {};
      return fail(Code::kInvalidArgument, "one expression, perhaps with --facts, or --cases",
                  "for example: bulkhead policy eval \"image.user != 'root'\" --facts facts.json");
    });
  }

  Result<int> run(Interrupts& interrupts) override {
    return cases_.empty() ? evaluate(interrupts.stop_in_order()) : run_cases(interrupts.stop_in_order());
  }

 private:
  Result<int> evaluate(const std::stop_token& stop) const {
    std::string text = "{}";
    if (!facts_.empty()) {
      TRY_ASSIGN(text, read_input("--facts", facts_, kMaxFacts, stop));
    }
    TRY_CONTEXT(const json::Document document, json::Document::parse(text), facts_);
    if (!document.root().is_object()) {
      return fail(Code::kMalformed, fmt::format("{}: the facts are no JSON object", facts_),
                  "give an object: its members are the variables, like {\"image\": {\"user\": \"root\"}}");
    }
    cel::Environment environment;
    cel::Arena inputs(kMaxFacts * 4);
    std::vector<cel::Value> variables;
    for (const json::Member member : document.root().members()) {
      TRY_CONTEXT(const cel::Value value, cel::from_json(member.value, inputs), facts_);
      environment.declare(std::string(member.key), cel::simple_type(cel::TypeKind::kDyn));
      variables.push_back(value);
    }
    TRY_CONTEXT(const cel::Program program, cel::Program::compile(expression_, environment), "EXPR");
    cel::Arena arena(kMaxMemory);
    TRY_ASSIGN(const cel::Value value, program.evaluate(variables, arena, max_cost_));
    if (value.is_error()) {
      return fail(Code::kInvalidArgument, fmt::format("EXPR: {}", printable(value.as_text())),
                  "has(…) asks whether a field is there; .?field.orValue(…) gives one that is always there");
    }
    TRY(write_standard_output(cel::describe(value, kMaxMemory) + "\n"));
    return kSuccess;
  }

  Result<int> run_cases(const std::stop_token& stop) const {
    TRY_ASSIGN(const std::string text, read_input("--cases", cases_, kMaxCases, stop));
    size_t counts[3] = {};
    size_t number = 0;
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      TRY_CONTEXT(const cel::CaseResult result, cel::run_case(line), fmt::format("{}: line {}", cases_, number));
      ++counts[static_cast<size_t>(result.outcome)];
      if (result.outcome == cel::CaseOutcome::kPassed) continue;
      out += fmt::format("{} line {} {}: {}\n", result.outcome == cel::CaseOutcome::kFailed ? "failed" : "left out",
                         number, printable(result.name), printable(result.reason));
    }
    const auto count = [&](cel::CaseOutcome outcome) { return counts[static_cast<size_t>(outcome)]; };
    out += fmt::format("{} passed, {} failed, {} left out\n", count(cel::CaseOutcome::kPassed),
                       count(cel::CaseOutcome::kFailed), count(cel::CaseOutcome::kLeftOut));
    TRY(write_standard_output(out));
    return count(cel::CaseOutcome::kFailed) == 0 ? kSuccess : kThresholdMet;
  }

  std::string expression_;
  std::string facts_;
  std::string cases_;
  uint64_t max_cost_ = cel::kDefaultCost;
};

}  // namespace

CommandInfo policy_eval_command() {
  return {
      .name = "policy eval",
      .summary = "evaluate an expression of the policy language (CEL) over facts, or a file of cases",
      .details =
          "The expression's variables are the members of the facts. Its value is printed as the language writes it; an "
          "error, like a field that is not there, is an error.",
      .examples =
          "bulkhead policy eval '[1, 2, 3].filter(n, n > 1)'\n"
          "bulkhead policy eval \"image.user != 'root'\" --facts facts.json\n"
          "bulkhead policy eval --cases cases.jsonl",
      .exit_status =
          "0; 2 when a case that needs no protocol buffers does not pass; 1 on an error; 130 when stopped by a "
          "signal.",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<PolicyEvalCommand>(); }};
}

}  // namespace bulkhead::cli
