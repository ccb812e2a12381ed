// bulkhead facts
#include "cli/command.h"
#include "cli/image_judgement.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class FactsCommand final : public Command {
 public:
  void declare(Flags& flags) override { flags_.declare(flags); }

  Result<int> run(Interrupts& interrupts) override {
    TRY(judge_images(flags_, interrupts.stop_in_order(), [](const std::string& /*image*/, const std::string& facts) {
      return write_standard_output(facts);
    }));
    return kSuccess;
  }

 private:
  JudgementFlags flags_;
};

}  // namespace

CommandInfo facts_command() {
  return {.name = "facts",
          .summary = "what is known of an image, as the JSON document that policies are about",
          .details = kImageForms,
          .examples =
              "bulkhead facts alpine:3.19\n"
              "bulkhead facts rootfs:/ > facts.json",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<FactsCommand>(); }};
}

}  // namespace bulkhead::cli
