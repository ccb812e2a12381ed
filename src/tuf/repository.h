// The publisher's side of a repository: what is published, what is staged for the next publication, and who has still
// to sign it. Pure: no I/O, no private key, no clock; files are folder_repository.h's matter.
//
// Invariants
//  1. Only what a client would accept is published: publish() runs the client's own checks, from the root that was
//     published before, over the files that it makes, and changes nothing when they fail. Targets roles that are not
//     staged have to be signed, and may have expired.
//  2. A staged role has the version after the published one, whatever is changed in it and how often.
//  3. A change of a staged role drops its signatures; a signature is of the very bytes that will be published.
//  4. Snapshot and timestamp are made by publish() alone; keys of root and targets are never asked for there.
// Errors: kInvalidArgument for what makes no sense for this repository, kNotFound for roles, keys and targets that are
// not there, kVerificationFailed where signatures are missing. Not thread-safe. Trust of what is read: as a client's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/trusted_set.h"

namespace bulkhead::tuf {

// Makes a signature with a private key, wherever that is: a file, a token.
using Sign = std::function<Result<std::string>(SignatureScheme scheme, ByteSpan message)>;

struct RoleSigner {
  PublicKey key;
  Sign sign;
};
RoleSigner signer_of(const PrivateKey& key);

// For how long new metadata is fresh, in seconds.
struct Lifetimes {
  int64_t root = 365LL * 86'400;
  int64_t targets = 90LL * 86'400;
  int64_t snapshot = 7LL * 86'400;
  int64_t timestamp = 86'400;
};

struct RoleSetup {
  std::vector<PublicKey> keys;
  uint32_t threshold = 1;
};

struct Setup {
  RoleSetup root;
  RoleSetup targets;
  RoleSetup snapshot;
  RoleSetup timestamp;
};

// Metadata and the file it stands in.
template <typename T>
struct Filed {
  Signed<T> content;
  std::string bytes;
};

struct Published {
  Filed<Root> root;
  Filed<Timestamp> timestamp;
  Filed<Snapshot> snapshot;
  std::map<std::string, Filed<Targets>, std::less<>> targets;  // the role targets and delegated ones
};

class Repository {
 public:
  // A repository of which nothing is published: root and an empty targets role are staged, to be signed.
  static Result<Repository> create(const Codec& codec, const Setup& setup, const Lifetimes& lifetimes, int64_t now);
  // One of which nothing is published yet, from its staged root.
  static Result<Repository> resume(const Codec& codec, std::string_view staged_root, const Lifetimes& lifetimes,
                                   int64_t now);
  // One of which something is.
  Repository(const Codec& codec, Published published, const Lifetimes& lifetimes, int64_t now);

  // What is in force: null before the first publication.
  const Published* published() const { return published_ ? &*published_ : nullptr; }
  // What will be: staged metadata where there is some, else what is published. kNotFound for unknown roles.
  const Root& root() const;
  Result<const Targets*> targets(std::string_view role) const;

  // ---- Changes. Each stages the role.
  Status set_target(std::string_view role, std::string_view path, TargetFile file);
  Status remove_target(std::string_view role, std::string_view path);
  // A new delegation of `delegator`, the last in order, to a role that has no targets yet. kInvalidArgument for names
  // that are taken.
  Status delegate(std::string_view delegator, std::string_view role, const RoleSetup& keys, bool terminating,
                  std::vector<std::string> paths);
  // The same for paths by the bits that their SHA-256 begins with (TAP 15): 2^bit_length new roles "<prefix>-<bin>",
  // all of the same keys. `delegator` has no other delegation then, and bits are 1 to kMaxBinBits.
  static constexpr uint32_t kMaxBinBits = 12;
  Status delegate_bins(std::string_view delegator, std::string_view name_prefix, const RoleSetup& keys,
                       uint32_t bit_length);
  // Adds and removes keys of a top-level role, or of a delegated one (of a bin: of all of them). Roles that the removed
  // keys signed are staged, too, to be signed by those that remain. kInvalidArgument when fewer keys than the threshold
  // would be left.
  Status change_keys(std::string_view role, const std::vector<PublicKey>& add, const std::vector<std::string>& remove,
                     std::optional<uint32_t> threshold = std::nullopt);
  // A new version with a new date and nothing else changed.
  Status renew(std::string_view role);

  // ---- Signatures
  struct Pending {
    std::string role;
    int64_t version = 0;
    uint32_t missing = 0;               // signatures until it can be published
    std::vector<std::string> may_sign;  // ids of keys that have not
  };
  std::vector<Pending> pending() const;                         // of all that is staged, root first
  std::optional<Pending> pending(std::string_view role) const;  // nothing when it is not staged
  // kInvalidArgument when the key signs nothing of this role, kNotFound when the role is not staged.
  Status sign(std::string_view role, const RoleSigner& signer);

  // ---- Staged metadata, to be kept or to be sent to who signs it
  std::map<std::string, std::string> staged_files() const;  // by role
  // Takes a staged file back, with the signatures that it has: those of another copy of the same bytes are added to
  // those here.
  Status stage(std::string_view role, std::string_view bytes);
  // Takes signatures that hold, and nothing else: kInvalidArgument when the copy holds other bytes than are staged
  // here, kNotFound when nothing is.
  Status add_signatures(std::string_view role, std::string_view bytes);

  // ---- Publication
  // The files to be added, by name, timestamp.json last; what is published is then these. Snapshot and timestamp are
  // signed by `online`. Without staged changes it renews the timestamp, and the snapshot when it expires sooner than a
  // timestamp would.
  Result<std::vector<std::pair<std::string, std::string>>> publish(const std::vector<RoleSigner>& online);
  // The same as if nothing were staged, which stays so: who is slow to sign freezes nobody. kInvalidArgument before the
  // first publication.
  Result<std::vector<std::pair<std::string, std::string>>> refresh(const std::vector<RoleSigner>& online);

 private:
  template <typename T>
  struct Staged {
    T metadata;
    std::vector<Signature> signatures;
  };

  Repository(const Codec& codec, const Lifetimes& lifetimes, int64_t now)
      : codec_(&codec), lifetimes_(lifetimes), now_(now) {}

  std::set<std::string> targets_roles() const;  // staged and published
  Root& staged_root();
  Result<Targets*> staged_targets(std::string_view role);
  // Who signs a targets role, by the state that will be.
  struct Authority {
    const RoleKeys* keys;
    const Keys* known;
  };
  std::vector<Authority> authorities_of(std::string_view role) const;
  Status check_new_role(std::string_view role) const;
  Pending pending_of(std::string_view role, int64_t version, const std::string& signed_bytes,
                     const std::vector<Signature>& signatures) const;
  void stage_first(std::string role);
  bool verifies(std::string_view role, std::string_view signed_bytes, const Signature& signature) const;
  Result<std::pair<RoleKeys*, Keys*>> changeable_keys(std::string_view role);
  std::vector<std::string> signed_alike(std::string_view role) const;
  template <typename T>
  Result<Filed<T>> seal(T metadata, std::string_view role, const Root& root,
                        const std::vector<RoleSigner>& online) const;
  Status check_role(const TrustedSet& client, const Filed<Targets>& filed, const std::string& role,
                    const RoleKeys& keys, const Keys& known, const Targets* delegator) const;
  Status check(const Published& next, bool new_root) const;

  const Codec* codec_;
  Lifetimes lifetimes_;
  int64_t now_;
  std::optional<Published> published_;
  std::optional<Staged<Root>> staged_root_;
  std::map<std::string, Staged<Targets>, std::less<>> staged_targets_;
};

}  // namespace bulkhead::tuf
