// bulkhead trust status
#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"

namespace bulkhead::cli {
namespace {

class TrustStatusCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "DIR", .help = "the map's folder", .kind = Option::Kind::kFolder, .required = true}, folder_);
    flags.add_switch({.names = "--json", .help = "for machines"}, json_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(const auto publisher, trust::Publisher::open(folder_, unix_now()));
    if (json_) {
      json::Writer w;
      w.begin_object();
      w.key("pending");
      write_pending(publisher, w);
      w.end_object();
      TRY(write_standard_output(std::move(w).take()));
      return kSuccess;
    }
    const std::string text = pending_text(publisher);
    TRY(write_standard_output(text.empty() ? "Nothing is staged.\n" : text));
    return kSuccess;
  }

 private:
  std::string folder_;
  bool json_ = false;
};

}  // namespace

CommandInfo trust_status_command() {
  return {.name = "trust status",
          .summary = "what is staged, and whose signatures are missing",
          .examples = "bulkhead trust status map",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustStatusCommand>(); }};
}

}  // namespace bulkhead::cli
