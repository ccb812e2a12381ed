// bulkhead trust keys import
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/key_access.h"
#include "cli/key_import.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace bulkhead::cli {
namespace {

class TrustKeysImportCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add(
        {.names = "PATH",
         .help = "a key file (PEM of OpenSSL, cosign, docker or notary), or docker's or notary's trust folder, of "
                 "which all keys are taken: ~/.docker/trust, ~/.notary",
         .kind = Option::Kind::kFile,
         .required = true,
         .repeats = true},
        paths_);
    flags.add({.names = "--role", .value = "ROLE", .help = "what keys are for that do not say it"}, facts_.role);
    flags.add({.names = "--gun", .value = "NAME", .help = "the repository of keys that do not say theirs"}, facts_.gun);
    access_.declare(flags);
    access_.declare_new(flags);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    guard_memory();
    const ImportedKeys imported = import_keys(paths_, facts_, access_);
    std::string text;
    for (const ImportedKey& key : imported.keys) {
      text += fmt::format("store:{}{}{}{}{}\n", key.id, key.facts.role.empty() ? "" : "  ", printable(key.facts.role),
                          key.facts.gun.empty() ? "" : "  ", printable(key.facts.gun));
    }
    TRY(write_standard_output(text));
    for (const Error& error : imported.failures) print_notice(error.to_string());
    return imported.failures.empty() ? kSuccess : kFailure;
  }

 private:
  std::vector<std::string> paths_;
  keys::KeyFacts facts_;
  KeyAccess access_;
};

}  // namespace

CommandInfo trust_keys_import_command() {
  return {.name = "trust keys import",
          .summary = "take keys of docker, notary, cosign and OpenSSL into the key store",
          .details =
              "Files are left as they are. A key that is in the store already stays as it is. With keys of several "
              "passphrases, name a source for each role: --passphrase root=env:ROOT --passphrase env:OTHERS.",
          .examples =
              "bulkhead trust keys import ~/.docker/trust\n"
              "bulkhead trust keys import cosign.key --passphrase env:COSIGN_PASSWORD",
          .exit_status =
              "0; 1 on an error of the program or its input, and when a key could not be imported, though others were; "
              "130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysImportCommand>(); }};
}

}  // namespace bulkhead::cli
