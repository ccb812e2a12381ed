// bulkhead man
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/man_page.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class ManCommand final : public Command {
 public:
  void declare(Flags& /*flags*/) override {}
  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY(write_standard_output(man_page(describe(commands()))));
    return kSuccess;
  }
};

}  // namespace

CommandInfo man_command() {
  return {.name = "man",
          .summary = "print the manual page",
          .examples = "bulkhead man | man -l -",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<ManCommand>(); }};
}

}  // namespace bulkhead::cli
