// bulkhead trust sign
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxStagedBytes = size_t{64} << 20;

class TrustSignCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    flags.add({.names = "--role", .value = "ROLE", .help = "this one alone", .repeats = true}, roles_);
    flags.add({.names = "--key",
               .value = "KEY",
               .help = "sign with this one",
               .preset = "those whose place is known, as far as signatures are missing",
               .repeats = true},
              named_);
    flags.add_switch({.names = "--renew", .help = "stage a new version of each --role first, with a new date"}, renew_);
    flags.add({.names = "--take-from",
               .value = "DIR",
               .help = "take over the signatures that a copy of the folder has got",
               .kind = Option::Kind::kFolder,
               .repeats = true},
              copies_);
    flags.check([this]() -> Status {
      if (!renew_ || !roles_.empty()) return {};
      return fail(Code::kInvalidArgument, "--renew needs --role", "name what is to be renewed: root, targets");
    });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(auto publisher, common_.open());
    for (const std::string& role : renew_ ? roles_ : std::vector<std::string>()) {
      TRY(publisher.repository().renew(role));
    }
    for (const std::string& copy : copies_) TRY(take_from(publisher, copy));
    std::vector<std::string> done;
    if (copies_.empty() || !named_.empty()) {
      TRY_ASSIGN(done, sign_staged(publisher, common_.keys, roles_, named_));
    }
    TRY(publisher.save());
    if (common_.quiet) return kSuccess;
    std::string text;
    for (const std::string& role : done) text += fmt::format("signed \"{}\"\n", printable(role));
    if (text.empty() && copies_.empty()) text = "nothing was signed\n";
    TRY(write_standard_output(text + pending_text(publisher)));
    return kSuccess;
  }

 private:
  static Status take_from(trust::Publisher& publisher, const std::string& copy) {
    const bool whole = std::filesystem::is_directory(copy + "/staged");
    for (const auto& pending : publisher.repository().pending()) {
      const std::string file =
          fmt::format("{}{}/{}.json", copy, whole ? "/staged" : "", tuf::path_segment(pending.role));
      const auto bytes = read_file(file, kMaxStagedBytes);
      if (!bytes && bytes.error().code() == Code::kNotFound) continue;
      if (!bytes) return std::unexpected(bytes.error());
      if (auto added = publisher.repository().add_signatures(pending.role, *bytes); !added) {
        return std::unexpected(std::move(added).error().with_context(file));
      }
    }
    return {};
  }

  PublisherFlags common_;
  std::vector<std::string> roles_;
  std::vector<std::string> named_;
  std::vector<std::string> copies_;
  bool renew_ = false;
};

}  // namespace

CommandInfo trust_sign_command() {
  return {
      .name = "trust sign",
      .summary = "sign what is staged, with the keys that are here",
      .details =
          "Keys that are elsewhere sign a copy: copy the folder to where the key is, sign it there, bring it back, and "
          "take the signatures over with --take-from. What is signed is what was staged: a copy that says anything "
          "else "
          "is refused. `bulkhead trust status` tells who is missing.",
      .examples =
          "bulkhead trust sign map\n"
          "bulkhead trust sign map --role root --key pkcs11:object=root\n"
          "bulkhead trust sign map --take-from /media/stick/map\n"
          "bulkhead trust sign map --role targets --renew",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustSignCommand>(); }};
}

}  // namespace bulkhead::cli
