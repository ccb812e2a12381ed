// bulkhead trust keys passwd
#include <string>

#include "cli/command.h"
#include "cli/key_access.h"

namespace bulkhead::cli {
namespace {

class TrustKeysPasswdCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "KEY", .help = "store:ID", .required = true}, key_);
    access_.declare(flags);
    access_.declare_new(flags);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    guard_memory();
    TRY_ASSIGN(const keys::KeyReference reference, access_.parse(key_));
    if (reference.kind != keys::KeyReference::Kind::kStore) {
      return fail(Code::kUnsupported, "only passphrases of keys in the store are changed",
                  "import the file, or export it anew: trust keys export file:PATH --output NEW");
    }
    // The old one first, as everybody is used to; opened once here so that a wrong one costs no new one.
    TRY_ASSIGN(const Secret old, access_.passphrase(key_));
    const auto known = [&]() -> Result<Secret> { return old; };
    TRY(key_store().open(reference.name, known));
    TRY_ASSIGN(const Secret next, access_.new_passphrase());
    TRY(key_store().change_passphrase(reference.name, known, next.reveal()));
    return kSuccess;
  }

 private:
  std::string key_;
  KeyAccess access_;
};

}  // namespace

CommandInfo trust_keys_passwd_command() {
  return {.name = "trust keys passwd",
          .summary = "change the passphrase of a key in the store",
          .examples = "bulkhead trust keys passwd store:3f2a91c0",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysPasswdCommand>(); }};
}

}  // namespace bulkhead::cli
