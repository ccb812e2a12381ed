// bulkhead policy init
#include <algorithm>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/output.h"
#include "policy/starters.h"

namespace bulkhead::cli {
namespace {

class PolicyInitCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    std::vector<Choice> choices;
    for (const policy::Starter& starter : policy::starters()) {
      choices.push_back({std::string(starter.name), std::string(starter.summary)});
    }
    flags.add({.names = "NAME",
               .value = "NAME",
               .help = "which bundle to begin with",
               .choices = std::move(choices),
               .required = true},
              name_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    const auto starter = std::ranges::find(policy::starters(), name_, &policy::Starter::name);
    TRY(write_standard_output(starter->text));
    return kSuccess;
  }

 private:
  std::string name_;
};

}  // namespace

CommandInfo policy_init_command() {
  return {.name = "policy init",
          .summary = "a bundle to begin with, on standard output",
          .examples = "bulkhead policy init baseline > policy.yaml",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<PolicyInitCommand>(); }};
}

}  // namespace bulkhead::cli
