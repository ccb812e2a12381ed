// bulkhead trust backup
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"
#include "keys/key_store.h"
#include "trust/backup.h"

namespace bulkhead::cli {
namespace {

class TrustBackupCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "FILE", .help = "the file to write", .kind = Option::Kind::kFile, .required = true}, file_);
    common_.declare(flags);
    add_backup_passphrase_flag(flags, backup_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    trust::Backup backup;
    std::set<std::string> references;
    std::string left_out;
    {
      TRY_ASSIGN(const auto publisher, common_.open());
      TRY_ASSIGN(backup, trust::back_up(publisher, unix_now()));
      std::set<std::string> told;
      for (const trust::RoleFacts& role : publisher.roles()) {
        for (const trust::RoleKey& key : role.keys) {
          if (!key.reference.empty()) references.insert(key.reference);
          if (key.reference.empty() && told.insert(key.tuf_id).second) {
            left_out += fmt::format("  {} of \"{}\"\n", key_text(key), printable(role.role));
          }
        }
      }
    }
    for (const std::string& reference : references) {
      TRY_ASSIGN(auto key, common_.keys.private_key(reference));
      if (key) {
        backup.keys.push_back({.reference = reference, .key = *std::move(key)});
      } else {
        left_out += fmt::format("  {}, which never leaves its token\n", printable(reference));
      }
    }
    TRY_ASSIGN(const Secret passphrase, backup_.new_passphrase("the backup"));
    TRY_ASSIGN(const std::string sealed, trust::seal_backup(backup, passphrase.reveal()));
    // Before it takes an older one's place.
    TRY(trust::open_backup(sealed, passphrase.reveal()));
    constexpr unsigned kMode = 0600;
    TRY(write_file_atomically(file_, sealed, kMode));
    if (common_.quiet) return kSuccess;
    TRY(write_standard_output(
        fmt::format("{}: {} keys, {} files of metadata\n{}{}Prove it now and then: bulkhead trust restore "
                    "--check {}\n",
                    printable(file_), backup.keys.size(), backup.published.size(),
                    left_out.empty() ? "" : "Not in it:\n", left_out, printable(file_))));
    return kSuccess;
  }

 private:
  std::string file_;
  PublisherFlags common_;
  KeyAccess backup_;
};

}  // namespace

CommandInfo trust_backup_command() {
  return {.name = "trust backup",
          .summary = "write the map and all of its private keys into one encrypted file",
          .details =
              "Every key whose place is known is opened and put in; keys in tokens and with other people are named "
              "as left out. The file opens with its own passphrase, and needs nothing else of this machine.",
          .examples = "bulkhead trust backup /media/stick/map.backup map",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustBackupCommand>(); }};
}

}  // namespace bulkhead::cli
