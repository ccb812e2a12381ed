// What the commands of a freshness map's publisher share: the folder, the keys, and the way from a change to what
// clients see: staged, signed, published.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "cli/flags.h"
#include "cli/trust_keys.h"
#include "trust/publisher.h"

namespace bulkhead::cli {

// The present, in seconds since 1970.
int64_t unix_now();

struct PublisherFlags {
  std::string folder;
  TrustKeys keys;
  bool publish = false;  // --publish
  bool quiet = false;

  // DIR, --passphrase, --quiet.
  void declare(Flags& flags);
  // --publish, for commands that change something.
  void declare_publish(Flags& flags);
  Result<trust::Publisher> open() const { return trust::Publisher::open(folder, unix_now()); }
};

// The public halves of keys that a role is to list, and, by keys::key_id(), where their private halves are: not of
// files that hold a public key alone.
struct ListedKeys {
  std::vector<PublicKey> keys;
  std::map<std::string, std::string, std::less<>> references;
};
Result<ListedKeys> keys_to_list(TrustKeys& keys, std::span<const std::string> named);

// --reason
void add_reason_flag(Flags& flags, std::string& reason);

// Signs staged roles: by the keys that are named, wherever they may, or else by those whose place is known, as long as
// signatures are missing; a key that is not there is passed over. `roles`: these alone, or all when there is none.
// Nothing is saved. Answers the roles that were signed.
Result<std::vector<std::string>> sign_staged(trust::Publisher& publisher, TrustKeys& keys,
                                             std::span<const std::string> roles, std::span<const std::string> named);

// The online keys: those of snapshot and timestamp whose place is known, and the ones that are named.
Result<std::vector<tuf::RoleSigner>> online_signers(const trust::Publisher& publisher, TrustKeys& keys,
                                                    std::span<const std::string> named);

// Saves a change, with --publish signs and publishes it, and says what was done or who has to do what next.
Status finish_change(trust::Publisher& publisher, PublisherFlags& flags, std::string_view what);

// What is staged and who has to sign it, with the commands; empty when nothing is staged.
std::string pending_text(const trust::Publisher& publisher);
void write_pending(const trust::Publisher& publisher, json::Writer& w);

// How a key is called in text: the first digits of its id, its type, its place.
std::string key_text(const trust::RoleKey& key);

}  // namespace bulkhead::cli
