#include "notary/store.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "crypto/digest.h"
#include "notary/store_lease.h"
#include "tuf/codec.h"

namespace bulkhead::notary {
namespace {

constexpr int64_t kApplication = 0x42484e56;  // "BHNV"
constexpr int64_t kFormat = 2;

// Texts are blobs: SQLite shall compare them byte for byte and guess at nothing.
constexpr const char* kSchema = R"(
CREATE TABLE setting(name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE repository(id INTEGER PRIMARY KEY, gun BLOB NOT NULL UNIQUE);
CREATE TABLE file(repository INTEGER NOT NULL, role BLOB NOT NULL, version INTEGER NOT NULL, sha256 BLOB NOT NULL,
  created INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(repository, role, version));
CREATE INDEX file_by_hash ON file(repository, sha256);
CREATE TABLE floor(repository INTEGER NOT NULL, role BLOB NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY(repository, role)) WITHOUT ROWID;
CREATE TABLE buried_key(repository INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY(repository, id)) WITHOUT ROWID;
CREATE TABLE change(id INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, gun BLOB NOT NULL,
  version INTEGER NOT NULL, sha256 BLOB NOT NULL, deletion INTEGER NOT NULL);
CREATE INDEX change_by_gun ON change(gun, id);
CREATE TABLE key(sequence INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER NOT NULL, role BLOB NOT NULL,
  id BLOB NOT NULL, public BLOB NOT NULL, sealed BLOB NOT NULL, published INTEGER NOT NULL,
  created INTEGER NOT NULL, UNIQUE(repository, role, id));
CREATE INDEX pending_key ON key(sequence) WHERE published = 0;
)";

// Of format 1: it did not say when keys were made.
constexpr const char* kFromFormat1 = R"(
ALTER TABLE key ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
)";

#define BULKHEAD_FILE_COLUMNS \
  "SELECT version, sha256, created, data FROM file WHERE repository = (SELECT id FROM repository WHERE gun = ?) "
constexpr std::string_view kLatest = BULKHEAD_FILE_COLUMNS "AND role = ? ORDER BY version DESC LIMIT 1";
constexpr std::string_view kByHash = BULKHEAD_FILE_COLUMNS "AND role = ? AND sha256 = ?";
constexpr std::string_view kByVersion = BULKHEAD_FILE_COLUMNS "AND role = ? AND version = ?";
#undef BULKHEAD_FILE_COLUMNS

Result<int64_t> number(Connection& connection, std::string_view sql) {
  TRY_ASSIGN(Statement statement, connection.prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

StoredFile file_of(const Statement& row) {
  return {.version = row.integer(0),
          .sha256 = std::string(row.bytes(1)),
          .bytes = std::string(row.bytes(3)),
          .created = row.integer(2)};
}

Result<int64_t> highest(Connection& connection, int64_t repository, std::string_view role) {
  TRY_ASSIGN(Statement statement,
             connection.prepare("SELECT max(version) FROM file WHERE repository = ? AND role = ?"));
  TRY(statement.bind(repository, role).step());
  return statement.integer(0);
}

// The ids of every key that a root of this repository has named for itself.
Result<std::set<std::string>> root_keys(Connection& connection, int64_t repository) {
  TRY_ASSIGN(Statement roots, connection.prepare("SELECT data FROM file WHERE repository = ? AND role = ?"));
  roots.bind(repository, tuf::kRoot);
  std::set<std::string> ids;
  for (;;) {
    TRY_ASSIGN(const bool row, roots.step());
    if (!row) return ids;
    TRY_ASSIGN(const auto root, tuf::notary_codec().root(roots.bytes(0)));
    const auto& named = root.metadata.roles.find(tuf::kRoot)->second.key_ids;
    ids.insert(named.begin(), named.end());
  }
}

}  // namespace

Store::Store(std::string path, UniqueFd lock, const StoreLimits& limits)
    : path_(std::move(path)), lock_(std::move(lock)), limits_(limits) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& path, const Secret& secret, const StoreLimits& limits) {
  TRY_CONTEXT(UniqueFd lock, lock_file(path + ".lock"), path);
  std::unique_ptr<Store> store(new Store(path, std::move(lock), limits));
  if (Status prepared = store->prepare(secret); !prepared) {
    return fail(std::move(prepared).error().with_context(path));
  }
  return store;
}

Status Store::prepare(const Secret& secret) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(const int64_t application, number(*connection, "PRAGMA application_id"));
  TRY_ASSIGN(const int64_t format, number(*connection, "PRAGMA user_version"));
  TRY_ASSIGN(const int64_t tables, number(*connection, "SELECT count(*) FROM sqlite_schema"));
  if (tables == 0 && application == 0) {
    const std::string salt = KeyVault::new_salt();
    TRY_ASSIGN(vault_, KeyVault::open(secret.reveal(), salt));
    return connection->transaction([&]() -> Status {
      TRY(connection->execute(kSchema));
      constexpr std::string_view kSet = "INSERT INTO setting(name, value) VALUES(?, ?)";
      TRY(connection->run(kSet, std::string_view("salt"), salt));
      TRY(connection->run(kSet, std::string_view("check"), vault_->seal_check()));
      return connection->execute(
          fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, kFormat));
    });
  }
  if (application != kApplication || (format != kFormat && format != 1)) {
    return fail(Code::kUnsupported, "this is no database of the trust server, or one of another version's");
  }
  const auto setting = [&](std::string_view name) -> Result<std::string> {
    TRY_ASSIGN(Statement statement, connection->prepare("SELECT value FROM setting WHERE name = ?"));
    TRY_ASSIGN(const bool row, statement.bind(name).step());
    if (!row) return fail(Code::kMalformed, fmt::format("the setting \"{}\" is missing", name));
    return std::string(statement.bytes(0));
  };
  TRY_ASSIGN(const std::string salt, setting("salt"));
  TRY_ASSIGN(const std::string check, setting("check"));
  TRY_ASSIGN(vault_, KeyVault::open(secret.reveal(), salt));
  TRY(vault_->check(check));
  if (format == kFormat) return {};
  return connection->transaction([&] { return connection->execute(kFromFormat1); });
}

Result<Store::Lease> Store::lease() {
  {
    const std::scoped_lock lock(pool_mutex_);
    if (!pool_.empty()) {
      auto connection = std::move(pool_.back());
      pool_.pop_back();
      return Lease(*this, std::move(connection));
    }
  }
  TRY_ASSIGN(auto connection, Connection::open(path_));
  return Lease(*this, std::move(connection));
}

Result<std::optional<StoredFile>> Store::read_one(std::string_view sql, std::string_view gun, std::string_view role,
                                                  std::string_view sha256, int64_t version) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(Statement statement, connection->prepare(sql));
  statement.bind(gun, role);
  if (!sha256.empty()) statement.bind(sha256);
  if (version != 0) statement.bind(version);
  TRY_ASSIGN(const bool row, statement.step());
  if (!row) return std::nullopt;
  return file_of(statement);
}

Result<std::optional<StoredFile>> Store::latest(std::string_view gun, std::string_view role) {
  return read_one(kLatest, gun, role, {}, 0);
}

Result<std::optional<StoredFile>> Store::by_hash(std::string_view gun, std::string_view role, std::string_view sha256) {
  if (sha256.empty()) return std::nullopt;
  return read_one(kByHash, gun, role, sha256, 0);
}

Result<std::optional<StoredFile>> Store::by_version(std::string_view gun, std::string_view role, int64_t version) {
  if (version < 1) return std::nullopt;
  return read_one(kByVersion, gun, role, {}, version);
}

Result<int64_t> Store::floor(std::string_view gun, std::string_view role) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(Statement statement,
             connection->prepare("SELECT version FROM floor WHERE repository = (SELECT id FROM repository WHERE gun = "
                                 "?) AND role = ?"));
  TRY_ASSIGN(const bool row, statement.bind(gun, role).step());
  return row ? statement.integer(0) : 0;
}

Result<bool> Store::is_buried(std::string_view gun, std::string_view root_key_id) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(Statement statement,
             connection->prepare("SELECT 1 FROM buried_key WHERE repository = (SELECT id FROM repository WHERE gun = "
                                 "?) AND id = ?"));
  return statement.bind(gun, root_key_id).step();
}

Result<int64_t> Store::repository_id(Connection& connection, std::string_view gun) {
  TRY(connection.run("INSERT INTO repository(gun) VALUES(?) ON CONFLICT DO NOTHING", gun));
  TRY_ASSIGN(Statement statement, connection.prepare("SELECT id FROM repository WHERE gun = ?"));
  TRY(statement.bind(gun).step());
  return statement.integer(0);
}

Status Store::drop_if_empty(Connection& connection, int64_t repository) {
  return connection.run(
      "DELETE FROM repository WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM key WHERE repository = ?1) AND NOT "
      "EXISTS(SELECT 1 FROM file WHERE repository = ?1) AND NOT EXISTS(SELECT 1 FROM floor WHERE repository = ?1)",
      repository);
}

Result<Store::Outcome> Store::update(std::string_view gun, const Update& update, int64_t now) {
  const std::scoped_lock lock(writing_);
  TRY_ASSIGN(const Lease connection, lease());
  Outcome outcome = Outcome::kDone;
  TRY(connection->transaction([&]() -> Status {
    TRY_ASSIGN(const int64_t repository, repository_id(*connection, gun));
    TRY_ASSIGN(outcome, write_files(*connection, repository, gun, update, now));
    if (outcome != Outcome::kDone || !update.root) return {};
    return publish_keys(*connection, repository, *update.root);
  }));
  return outcome;
}

// Nothing is written unless all can be.
Result<Store::Outcome> Store::write_files(Connection& connection, int64_t repository, std::string_view gun,
                                          const Update& update, int64_t now) const {
  TRY_ASSIGN(const int64_t current, highest(connection, repository, tuf::kTimestamp));
  if (current != update.base) return Outcome::kChanged;
  for (const NewFile& file : update.files) {
    TRY_ASSIGN(const int64_t stored, highest(connection, repository, file.role));
    if (file.version <= stored) return Outcome::kOldVersion;
  }
  for (const NewFile& file : update.files) {
    const Digest digest = Digest::sha256_of(as_bytes(file.bytes));
    const std::string_view sha256 = as_text(digest.raw());
    TRY(connection.run("INSERT INTO file(repository, role, version, sha256, created, data) VALUES(?, ?, ?, ?, ?, ?)",
                       repository, file.role, file.version, sha256, now, file.bytes));
    if (file.role == tuf::kTimestamp) {
      TRY(note_change(
          connection,
          {.created = now, .gun = std::string(gun), .version = file.version, .sha256 = std::string(sha256)}));
    }
    if (file.role == tuf::kRoot) continue;  // clients walk from one root to the next
    TRY(connection.run(
        "DELETE FROM file WHERE repository = ?1 AND role = ?2 AND version <= (SELECT version FROM file WHERE "
        "repository = ?1 AND role = ?2 ORDER BY version DESC LIMIT 1 OFFSET ?3)",
        repository, file.role, limits_.versions));
  }
  return Outcome::kDone;
}

Status Store::note_change(Connection& connection, const Change& change) const {
  TRY(connection.run("INSERT INTO change(created, gun, version, sha256, deletion) VALUES(?, ?, ?, ?, ?)",
                     change.created, change.gun, change.version, change.sha256, change.deletion));
  return connection.run("DELETE FROM change WHERE id <= (SELECT max(id) FROM change) - ?", limits_.changes);
}

Result<bool> Store::remove(std::string_view gun, int64_t now) {
  const std::scoped_lock lock(writing_);
  TRY_ASSIGN(const Lease connection, lease());
  bool removed = false;
  TRY(connection->transaction([&]() -> Status {
    TRY_ASSIGN(const int64_t repository, repository_id(*connection, gun));
    TRY_ASSIGN(const int64_t timestamp, highest(*connection, repository, tuf::kTimestamp));
    removed = timestamp != 0;
    if (!removed) return drop_if_empty(*connection, repository);
    for (const std::string_view role : {tuf::kTimestamp, tuf::kSnapshot}) {
      TRY_ASSIGN(const int64_t version, highest(*connection, repository, role));
      TRY(connection->run(
          "INSERT INTO floor(repository, role, version) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET version = "
          "max(version, ?3)",
          repository, role, version));
    }
    TRY_ASSIGN(const auto ids, root_keys(*connection, repository));
    for (const std::string& id : ids) {
      TRY(connection->run("INSERT INTO buried_key(repository, id) VALUES(?, ?) ON CONFLICT DO NOTHING", repository,
                          id));
    }
    TRY(connection->run("DELETE FROM file WHERE repository = ?", repository));
    TRY(connection->run("DELETE FROM key WHERE repository = ? AND published = 1", repository));
    return note_change(*connection, {.created = now, .gun = std::string(gun), .deletion = true});
  }));
  return removed;
}

Result<std::vector<Change>> Store::changes(const ChangeQuery& query) {
  constexpr std::string_view kForward =
      "SELECT id, created, gun, version, sha256, deletion FROM change WHERE id > ? AND id < ? ORDER BY id LIMIT ?";
  constexpr std::string_view kBackward =
      "SELECT id, created, gun, version, sha256, deletion FROM change WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?";
  constexpr std::string_view kForwardOf =
      "SELECT id, created, gun, version, sha256, deletion FROM change WHERE gun = ? AND id > ? AND id < ? ORDER BY id "
      "LIMIT ?";
  constexpr std::string_view kBackwardOf =
      "SELECT id, created, gun, version, sha256, deletion FROM change WHERE gun = ? AND id > ? AND id < ? ORDER BY id "
      "DESC LIMIT ?";
  TRY_ASSIGN(const Lease connection, lease());
  const bool of_one = !query.gun.empty();
  TRY_ASSIGN(Statement statement, connection->prepare(query.backward ? (of_one ? kBackwardOf : kBackward)
                                                                     : (of_one ? kForwardOf : kForward)));
  if (of_one) statement.bind(query.gun);
  statement.bind(query.backward ? 0 : query.after, query.before.value_or(INT64_MAX), query.limit);
  std::vector<Change> out;
  for (;;) {
    TRY_ASSIGN(const bool row, statement.step());
    if (!row) break;
    out.push_back({.id = statement.integer(0),
                   .created = statement.integer(1),
                   .gun = std::string(statement.bytes(2)),
                   .version = statement.integer(3),
                   .sha256 = std::string(statement.bytes(4)),
                   .deletion = statement.integer(5) != 0});
  }
  if (query.backward) std::ranges::reverse(out);
  return out;
}

Status Store::check() {
  TRY_ASSIGN(const Lease connection, lease());
  TRY(number(*connection, "SELECT count(*) FROM setting"));
  return {};
}

}  // namespace bulkhead::notary
