// bulkhead trust restore
#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/environment.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"
#include "keys/key_file.h"
#include "keys/key_store.h"
#include "trust/backup.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxMetadataBytes = size_t{64} << 20;

class TrustRestoreCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "FILE", .help = "the backup", .kind = Option::Kind::kFile, .required = true}, file_);
    flags.add({.names = "DIR", .help = "the folder to make", .kind = Option::Kind::kFolder}, folder_);
    flags.add_switch({.names = "--check",
                      .help = "a drill: write nothing, and prove that every key opens and signs, that "
                              "the metadata holds, and that no role lacks a key"},
                     check_);
    flags.add_switch({.names = "--keys-only", .help = "put the keys into the key store, and make no folder"},
                     keys_only_);
    flags.add({.names = "--metadata",
               .value = "DIR",
               .help = "the published metadata as it stands elsewhere, when more was published after the backup",
               .kind = Option::Kind::kFolder},
              metadata_);
    add_backup_passphrase_flag(flags, backup_);
    add_quiet_flag(flags, quiet_, "do not say what was done");
    flags.check([this]() -> Status {
      if (folder_.empty() == (check_ || keys_only_)) return {};
      return fail(Code::kInvalidArgument,
                  folder_.empty() ? "no folder is named" : "nothing is written to a folder here",
                  "name a folder to restore into, or use --check or --keys-only");
    });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(const std::string sealed, read_file(file_, trust::kMaxBackupBytes));
    TRY_ASSIGN(const Secret passphrase, backup_.passphrase("the backup"));
    TRY_CONTEXT(trust::Backup backup, trust::open_backup(sealed, passphrase.reveal()), file_);
    if (!metadata_.empty()) TRY(take_metadata(backup));
    const trust::Drill found = trust::drill(backup);
    if (check_) return tell(backup, found);
    if (!keys_only_ && !found.verifies) {
      Error error = found.verifies.error();
      return fail(std::move(error).with_context(file_).with_remedy(
          "name what is published with --metadata, or bring back the keys alone with --keys-only"));
    }
    // Keys first: a folder whose keys are not there yet is of no use, and keys without it are.
    TRY(restore_keys(backup, passphrase.reveal()));
    std::string text = fmt::format("{} keys are in {}, under the passphrase of the backup\n", backup.keys.size(),
                                   printable(key_store_directory()));
    if (!keys_only_) {
      TRY(trust::restore_folder(backup, folder_));
      text += fmt::format(
          "{}: the map of {}\nWhat was published after that is not in it, and clients that have seen it refuse what is "
          "older: "
          "take it over with --metadata.\nNext: bulkhead trust doctor {}\n",
          printable(folder_), rfc3339_of(backup.time), printable(folder_));
    }
    if (!quiet_) TRY(write_standard_output(text));
    return kSuccess;
  }

 private:
  Result<int> tell(const trust::Backup& backup, const trust::Drill& found) const {
    std::string text = fmt::format("{}: of {}; {} keys, every one of which was opened\n", printable(file_),
                                   rfc3339_of(backup.time), backup.keys.size());
    for (const trust::BackedUpRole& role : found.roles) {
      text += fmt::format("  {:<12} needs {}, has {} of {} keys\n", printable(role.role), role.threshold, role.inside,
                          role.keys);
    }
    for (const std::string& problem : found.problems) text += fmt::format("wrong: {}\n", printable(problem));
    if (found.problems.empty()) text += "Nothing is missing.\n";
    if (!quiet_) TRY(write_standard_output(text));
    return found.problems.empty() ? kSuccess : kThresholdMet;
  }

  Status take_metadata(trust::Backup& backup) const {
    std::map<std::string, std::string> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(metadata_, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".json") || name.starts_with('.')) continue;
      // A link could lead to any file of this machine, and what is restored is served to everybody.
      if (!std::filesystem::is_regular_file(entry.symlink_status(error))) {
        return fail(Code::kVerificationFailed, fmt::format("{} is no plain file", entry.path().string()));
      }
      TRY_ASSIGN(files[name], read_file(entry.path().string(), kMaxMetadataBytes));
    }
    if (error) return fail(errno_error(error.value(), metadata_));
    if (files.empty()) return fail(Code::kNotFound, fmt::format("{} holds no metadata", metadata_));
    return trust::take_published(backup, std::move(files));
  }

  // Each is in the store from now on, wherever it was.
  static Status restore_keys(trust::Backup& backup, std::string_view passphrase) {
    const keys::KeyStore store(key_store_directory());
    TRY_ASSIGN(const auto present, store.list());
    for (const trust::BackedUpKey& each : backup.keys) {
      const std::string id = keys::key_id(each.key.public_key());
      backup.settings.key_references.insert_or_assign(id, "store:" + id);
      if (std::ranges::find(present, id, &keys::StoredKey::id) != present.end()) continue;
      TRY(store.add(each.key, passphrase));
    }
    return {};
  }

  std::string file_;
  std::string folder_;
  std::string metadata_;
  KeyAccess backup_;
  bool check_ = false;
  bool keys_only_ = false;
  bool quiet_ = false;
};

}  // namespace

CommandInfo trust_restore_command() {
  return {
      .name = "trust restore",
      .summary = "bring a map and its keys back from a backup, or prove that it could be done",
      .details =
          "Keys that are in the store already stay as they are. A folder is made whole or not at all, and never over "
          "one that is there.",
      .examples =
          "bulkhead trust restore --check map.backup\n"
          "bulkhead trust restore map.backup map\n"
          "bulkhead trust restore map.backup map --metadata /srv/www/metadata\n"
          "bulkhead trust restore map.backup --keys-only",
      .exit_status =
          "0; 2 when the drill found that something is missing; 1 on an error of the program or its input; 130 when "
          "stopped by a signal.",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustRestoreCommand>(); }};
}

}  // namespace bulkhead::cli
