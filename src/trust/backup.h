// All that a freshness map's publisher would miss: the map's folder and its private keys, in one file under a
// passphrase. The format: docs/formats/trust-backup.md. Pure but for randomness; trust of a file that is opened: none
// until it opens, its author's then. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "crypto/key.h"
#include "trust/publisher.h"

namespace bulkhead::trust {

constexpr size_t kMaxBackupBytes = size_t{256} << 20;

struct BackedUpKey {
  std::string reference;  // where it was
  PrivateKey key;
};

struct Backup {
  int64_t time = 0;  // of the backup, in seconds since 1970
  MapSettings settings{};
  std::map<std::string, std::string> published{};  // metadata by file name; empty before the first publication
  std::map<std::string, std::string> staged{};     // by role
  std::vector<BackedUpKey> keys{};
};

// kInvalidArgument for an empty passphrase.
Result<std::string> seal_backup(const Backup& backup, std::string_view passphrase);
// kUnauthenticated: the passphrase is wrong, or the file was changed. kMalformed, kUnsupported, kLimitExceeded.
Result<Backup> open_backup(std::string_view bytes, std::string_view passphrase);
// What is inside of the box: for the fuzzer.
Result<Backup> read_backup_contents(std::string_view contents, std::string_view passphrase);

// The map as it stands; keys are the caller's to add.
Result<Backup> back_up(const Publisher& publisher, int64_t now);
// Published metadata as it stands elsewhere, by file name, instead of the backup's, and nothing staged any more.
// kVerificationFailed, and nothing changed, unless a client that has seen the backup's would believe it, dates aside:
// it follows from the backup's newest root, ends with the newest root of `files`, and is no older.
Status take_published(Backup& backup, std::map<std::string, std::string> files);
// Makes the folder, whole or not at all. kInvalidArgument when there is something at its place.
Status restore_folder(const Backup& backup, const std::string& folder);

// What a drill finds: every key signs, the metadata holds, and the keys suffice for every role.
struct BackedUpRole {
  std::string role;
  uint32_t threshold = 1;
  size_t keys = 0;    // of the role
  size_t inside = 0;  // of them, those in the backup
};
struct Drill {
  std::vector<BackedUpRole> roles;
  std::vector<std::string> problems;  // sentences without a full stop; none: all is well
  Status verifies;                    // whether a client would believe the metadata; keys may be missing all the same
};
Drill drill(const Backup& backup);

}  // namespace bulkhead::trust
