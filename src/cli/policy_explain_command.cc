// bulkhead policy explain
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "policy/catalogue.h"
#include "policy/fact_schema.h"

namespace bulkhead::cli {
namespace {

std::string rule_text(const policy::CatalogueRule& rule) {
  std::string out = fmt::format("{}: {}\n", rule.id, rule.title);
  for (const policy::Parameter& parameter : rule.parameters) {
    out += fmt::format("  {} ({}{}): {}\n", parameter.name, policy::parameter_type_name(parameter.type),
                       parameter.preset ? fmt::format(", {}", *parameter.preset) : std::string(", has to be given"),
                       parameter.description);
  }
  if (!rule.each.empty()) out += fmt::format("  for each of {}, as item\n", rule.each);
  out += fmt::format("  denies if  {}\n", rule.deny_if);
  if (!rule.subject.empty()) out += fmt::format("  exceptions name  {}\n", rule.subject);
  return out;
}

class PolicyExplainCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add(
        {.names = "RULE", .value = "[RULE]", .help = "a rule of the catalogue; none lists them", .may_be_empty = true},
        rule_);
    flags.add_switch({.names = "--facts", .help = "list the facts that rules are about instead"}, facts_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    std::string out;
    if (facts_) {
      for (const policy::FactInfo& fact : policy::all_facts()) {
        out += fmt::format("{}  {}  {}\n", fact.path, fact.type, fact.description);
      }
    } else if (rule_.empty()) {
      for (const policy::CatalogueRule& rule : policy::catalogue()) out += fmt::format("{}  {}\n", rule.id, rule.title);
    } else {
      const policy::CatalogueRule* rule = policy::find_rule(rule_);
      if (rule == nullptr) {
        return fail(Code::kNotFound, fmt::format("there is no rule \"{}\"", printable(rule_)),
                    "bulkhead policy explain lists them");
      }
      out = rule_text(*rule);
    }
    TRY(write_standard_output(out));
    return kSuccess;
  }

 private:
  std::string rule_;
  bool facts_ = false;
};

}  // namespace

CommandInfo policy_explain_command() {
  return {.name = "policy explain",
          .summary = "the rules that come with the program, and the facts that rules are about",
          .examples =
              "bulkhead policy explain\n"
              "bulkhead policy explain vulnerability-severity\n"
              "bulkhead policy explain --facts",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<PolicyExplainCommand>(); }};
}

}  // namespace bulkhead::cli
