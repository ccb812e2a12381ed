// bulkhead trust keys remove
#include <string>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/key_access.h"

namespace bulkhead::cli {
namespace {

class TrustKeysRemoveCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "ID", .help = "of a key in the store: all of its 64 digits", .required = true}, id_);
    flags.add_switch({.names = "--yes", .help = "it may be the last copy, and it shall go"}, yes_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    constexpr std::string_view kPrefix = "store:";
    const std::string_view id = id_.starts_with(kPrefix) ? std::string_view(id_).substr(kPrefix.size()) : id_;
    TRY_ASSIGN(const keys::StoredKey key, key_store().find(id));
    if (!yes_ || key.id != id) {
      return fail(Code::kInvalidArgument, fmt::format("the key {} would be gone for ever", key.id),
                  "export it first if it may be the last copy; then write its whole id and --yes");
    }
    TRY(key_store().remove(id));
    return kSuccess;
  }

 private:
  std::string id_;
  bool yes_ = false;
};

}  // namespace

CommandInfo trust_keys_remove_command() {
  return {.name = "trust keys remove",
          .summary = "delete a key from the store, for ever",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysRemoveCommand>(); }};
}

}  // namespace bulkhead::cli
