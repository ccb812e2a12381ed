// bulkhead completion
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class CompletionCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "SHELL",
               .help = "whose completion",
               .choices = {{"bash", "source <(bulkhead completion bash)"},
                           {"zsh", "source <(bulkhead completion zsh), after compinit"},
                           {"fish", "bulkhead completion fish | source"}},
               .required = true},
              shell_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    const std::vector<DescribedCommand> described = describe(commands());
    TRY(write_standard_output(shell_ == "bash"  ? bash_completion(described)
                              : shell_ == "zsh" ? zsh_completion(described)
                                                : fish_completion(described)));
    return kSuccess;
  }

 private:
  std::string shell_;
};

}  // namespace

CommandInfo completion_command() {
  return {.name = "completion",
          .summary = "print a completion script for a shell",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<CompletionCommand>(); }};
}

}  // namespace bulkhead::cli
