// The keys of the store: sealed private halves, what of them is published, and which are pending.
#include <algorithm>

#include <fmt/format.h>

#include "notary/store.h"
#include "notary/store_lease.h"
#include "tuf/codec.h"

namespace bulkhead::notary {

Result<std::vector<HeldKey>> Store::keys(std::string_view gun, std::string_view role) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(Statement statement,
             connection->prepare("SELECT id, public, published FROM key WHERE repository = (SELECT id FROM repository "
                                 "WHERE gun = ?) AND role = ? ORDER BY sequence"));
  statement.bind(gun, role);
  std::vector<HeldKey> out;
  for (;;) {
    TRY_ASSIGN(const bool row, statement.step());
    if (!row) return out;
    TRY_ASSIGN(PublicKey key, PublicKey::from_der(as_bytes(statement.bytes(1))));
    out.push_back(
        {.id = std::string(statement.bytes(0)), .key = std::move(key), .published = statement.integer(2) != 0});
  }
}

Result<HeldKey> Store::add_key(std::string_view gun, std::string_view role, const PrivateKey& key, int64_t now) {
  const std::scoped_lock lock(writing_);
  TRY_ASSIGN(const Lease connection, lease());
  HeldKey held{.id = tuf::notary_codec().list(key.public_key()).first, .key = key.public_key()};
  const std::string sealed = vault_->seal(key);
  TRY(connection->transaction([&]() -> Status {
    TRY(make_room_for_pending(*connection, now));
    TRY_ASSIGN(const int64_t repository, repository_id(*connection, gun));
    return connection->run(
        "INSERT INTO key(repository, role, id, public, sealed, published, created) VALUES(?, ?, ?, ?, ?, 0, ?)",
        repository, role, held.id, held.key.der(), sealed, now);
  }));
  return held;
}

Status Store::make_room_for_pending(Connection& connection, int64_t now) const {
  TRY_ASSIGN(Statement oldest, connection.prepare("SELECT sequence, repository, created FROM key WHERE published = 0 "
                                                  "ORDER BY sequence DESC LIMIT 1 OFFSET ?"));
  TRY_ASSIGN(const bool is_full, oldest.bind(limits_.pending_keys - 1).step());
  if (!is_full) return {};
  // Somebody may be about to publish a root that names it.
  if (oldest.integer(2) > now - limits_.pending_age) {
    return fail(limit_error("keys that no root has named yet", static_cast<uint64_t>(limits_.pending_keys), {}));
  }
  TRY(connection.run("DELETE FROM key WHERE published = 0 AND sequence <= ?", oldest.integer(0)));
  return drop_if_empty(connection, oldest.integer(1));
}

Result<bool> Store::holds_key(std::string_view gun, std::string_view role, std::string_view id) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(Statement statement,
             connection->prepare("SELECT 1 FROM key WHERE repository = (SELECT id FROM repository WHERE gun = ?) AND "
                                 "role = ? AND id = ?"));
  return statement.bind(gun, role, id).step();
}

Result<PrivateKey> Store::private_key(std::string_view gun, std::string_view role, std::string_view id) {
  TRY_ASSIGN(const Lease connection, lease());
  TRY_ASSIGN(Statement statement,
             connection->prepare("SELECT public, sealed FROM key WHERE repository = (SELECT id FROM repository WHERE "
                                 "gun = ?) AND role = ? AND id = ?"));
  TRY_ASSIGN(const bool row, statement.bind(gun, role, id).step());
  if (!row) return fail(Code::kNotFound, fmt::format("the server holds no key {} of {}", id, role));
  return vault_->unseal(statement.bytes(1), statement.bytes(0));
}

Status Store::publish_keys(Connection& connection, int64_t repository, const tuf::Root& root) {
  for (const std::string_view role : {tuf::kTimestamp, tuf::kSnapshot}) {
    int64_t newest = 0;
    for (const std::string& id : root.roles.find(role)->second.key_ids) {
      TRY(connection.run("UPDATE key SET published = 2 WHERE repository = ? AND role = ? AND id = ?", repository, role,
                         id));
      TRY_ASSIGN(Statement found,
                 connection.prepare("SELECT sequence FROM key WHERE repository = ? AND role = ? AND id = ?"));
      TRY_ASSIGN(const bool row, found.bind(repository, role, id).step());
      if (row) newest = std::max(newest, found.integer(0));
    }
    // 1: named by an earlier root only. A pending key that is younger than what was published now is still wanted.
    TRY(
        connection.run("DELETE FROM key WHERE repository = ? AND role = ? AND published <> 2 AND (published = 1 OR "
                       "sequence < ?)",
                       repository, role, newest));
    TRY(connection.run("UPDATE key SET published = 1 WHERE repository = ? AND role = ? AND published = 2", repository,
                       role));
  }
  return {};
}

}  // namespace bulkhead::notary
