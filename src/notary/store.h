// The database of a server of Notary v1: metadata of every repository (GUN) by role, version and hash, the changefeed,
// and the server's own private keys, encrypted. One SQLite file (docs/formats/notary-db.md), of one process at a time.
//
// Invariants, held by every transaction, so also after a crash at any moment:
//  1. The files of an update are all there or none is, with its entry in the changefeed and what it means for keys.
//  2. Versions of a role only rise; the latest file of a role is the one that the current snapshot names.
//  3. A repository that was removed leaves behind the versions that its timestamp and snapshot had reached, which the
//     next of that name goes on from, and the ids of all its root keys, which no later one may have.
//  4. Private keys stand in the file sealed (key_vault.h), and nowhere else.
//
// Thread-safe. Errors: kIo, kMalformed (a damaged file), kUnavailable name the database. Roles and repositories are
// checked by the caller (route.h).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "notary/key_vault.h"
#include "notary/sqlite.h"
#include "tuf/metadata.h"

namespace bulkhead::notary {

// The moments here are microseconds since 1970.
struct StoredFile {
  int64_t version = 0;
  std::string sha256;  // 32 bytes
  std::string bytes;
  int64_t created = 0;
};

struct NewFile {
  std::string role;
  int64_t version = 0;
  std::string bytes;
};

struct Change {
  int64_t id = 0;
  int64_t created = 0;
  std::string gun;
  int64_t version = 0;  // of the timestamp; 0 for a deletion
  std::string sha256;   // of the timestamp; empty for a deletion
  bool deletion = false;
};

// A key that the server holds.
struct HeldKey {
  std::string id;  // as metadata lists it (tuf::notary_codec)
  PublicKey key;
  bool published = false;  // a root that was current has named it
};

struct StoreLimits {
  int64_t versions = 1000;                                   // of each role but root; older ones go
  int64_t changes = 1'000'000;                               // older ones go
  int64_t pending_keys = 10'000;                             // that no root has named yet; old ones go
  int64_t pending_age = int64_t{7} * 24 * 3600 * 1'000'000;  // microseconds; younger ones stay
};

class Store {
 public:
  // Made where there is none. `secret` is what private keys are encrypted under. kUnauthenticated for another secret
  // than the one it was made with, kUnavailable when another process has it open, kUnsupported for another format.
  static Result<std::unique_ptr<Store>> open(const std::string& path, const Secret& secret,
                                             const StoreLimits& limits = {});
  ~Store();

  // ---- Metadata; nothing when there is none.
  Result<std::optional<StoredFile>> latest(std::string_view gun, std::string_view role);
  Result<std::optional<StoredFile>> by_hash(std::string_view gun, std::string_view role, std::string_view sha256);
  Result<std::optional<StoredFile>> by_version(std::string_view gun, std::string_view role, int64_t version);
  // What a removed repository of that name had reached; 0: there was none.
  Result<int64_t> floor(std::string_view gun, std::string_view role);
  Result<bool> is_buried(std::string_view gun, std::string_view root_key_id);

  struct Update {
    int64_t base = 0;  // version of the timestamp that it was made upon; 0: none
    std::vector<NewFile> files;
    std::optional<tuf::Root> root{};  // where one is among them
  };
  enum class Outcome : uint8_t {
    kDone,
    kOldVersion,  // a role has that version already, or a later one
    kChanged,     // another timestamp is current meanwhile
  };
  // With a root, the keys that it names are published, and those that they replace are dropped.
  Result<Outcome> update(std::string_view gun, const Update& update, int64_t now);
  // Whether there was anything.
  Result<bool> remove(std::string_view gun, int64_t now);

  // ---- The changefeed: in rising order, of one repository or (empty) of all.
  struct ChangeQuery {
    std::string_view gun = {};
    int64_t after = 0;                // going forward: the change after which it begins
    std::optional<int64_t> before{};  // going backward: the change before which it ends; nothing: the last one
    bool backward = false;
    int64_t limit = 100;
  };
  Result<std::vector<Change>> changes(const ChangeQuery& query);

  // ---- Keys, the oldest first.
  Result<std::vector<HeldKey>> keys(std::string_view gun, std::string_view role);
  // kLimitExceeded when too many are pending, and all of them young.
  Result<HeldKey> add_key(std::string_view gun, std::string_view role, const PrivateKey& key, int64_t now);
  Result<bool> holds_key(std::string_view gun, std::string_view role, std::string_view id);
  // kNotFound when it is not held.
  Result<PrivateKey> private_key(std::string_view gun, std::string_view role, std::string_view id);

  // Whether the database answers.
  Status check();

 private:
  class Lease;  // of a connection
  Store(std::string path, UniqueFd lock, const StoreLimits& limits);
  Status prepare(const Secret& secret);
  Result<Lease> lease();
  Result<std::optional<StoredFile>> read_one(std::string_view sql, std::string_view gun, std::string_view role,
                                             std::string_view sha256, int64_t version);
  static Result<int64_t> repository_id(Connection& connection, std::string_view gun);
  static Status drop_if_empty(Connection& connection, int64_t repository);
  Result<Outcome> write_files(Connection& connection, int64_t repository, std::string_view gun, const Update& update,
                              int64_t now) const;
  Status note_change(Connection& connection, const Change& change) const;
  Status make_room_for_pending(Connection& connection, int64_t now) const;
  static Status publish_keys(Connection& connection, int64_t repository, const tuf::Root& root);

  const std::string path_;
  const UniqueFd lock_;
  const StoreLimits limits_;
  std::optional<KeyVault> vault_;
  std::mutex writing_;
  std::mutex pool_mutex_;
  std::vector<std::unique_ptr<Connection>> pool_;
};

}  // namespace bulkhead::notary
