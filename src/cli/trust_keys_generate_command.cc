// bulkhead trust keys generate
#include <string>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/key_access.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

class TrustKeysGenerateCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    declare_key_type(flags, type_);
    flags.add({.names = "--on",
               .value = "URI",
               .help = "make it in this token, where it stays: pkcs11:token=NAME;object=NAME-OF-THE-KEY"},
              token_);
    flags.add({.names = "--public-key",
               .value = "FILE",
               .help = "write the public half there, in PEM",
               .kind = Option::Kind::kFile},
              public_file_);
    access_.declare(flags);
    flags.check([this]() -> Status { return token_.empty() ? Status() : keys::check_token_uri(token_); });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    guard_memory();
    // Found before a key is made, which cannot be made again.
    std::vector<OutputTarget> outputs;
    if (!public_file_.empty()) {
      TRY_ASSIGN(outputs, find_outputs(std::vector{public_file_}));
    }
    TRY_ASSIGN(const auto made, token_.empty() ? in_store() : in_token());
    for (const OutputTarget& output : outputs) TRY(write_output(output, made.second.pem()));
    TRY(write_standard_output(made.first + "\n"));
    return kSuccess;
  }

 private:
  using Made = std::pair<std::string, PublicKey>;  // its reference

  Result<Made> in_token() {
    TRY_ASSIGN(keys::TokenKey key, keys::generate_in_token(token_, type_, access_.tokens()));
    return Made(std::move(key.uri), std::move(key.public_key));
  }
  Result<Made> in_store() {
    TRY_ASSIGN(const Secret passphrase, access_.new_passphrase());
    TRY_ASSIGN(const PrivateKey key, PrivateKey::generate(type_));
    TRY_ASSIGN(const std::string id, key_store().add(key, passphrase.reveal()));
    return Made("store:" + id, key.public_key());
  }

  KeyType type_ = KeyType::kEcdsaP256;
  std::string token_;
  std::string public_file_;
  KeyAccess access_;
};

}  // namespace

CommandInfo trust_keys_generate_command() {
  return {.name = "trust keys generate",
          .summary = "make a key, in the key store or in a token, and say how it is named",
          .examples =
              "bulkhead trust keys generate --public-key release.pub\n"
              "bulkhead trust keys generate --on 'pkcs11:token=release;object=root-2026' "
              "--passphrase file:/run/pin",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysGenerateCommand>(); }};
}

}  // namespace bulkhead::cli
