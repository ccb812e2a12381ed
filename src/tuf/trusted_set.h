// Which metadata may be believed: the client workflow of TUF 1.0.34 section 5 over bytes that somebody else fetches and
// keeps. Pure: no I/O, and the time is fixed when the set is made (5.1).
//
// Invariants. A call that fails changes nothing but what is said at it.
//  1. The root that is trusted was signed by a threshold of its own keys and, but for the first, of its predecessor's,
//     and its version is its predecessor's plus one (5.3.4, 5.3.5).
//  2. No timestamp is accepted before root has been checked to be fresh (5.3.10); then no root any more.
//  3. Versions of the timestamp, of the snapshot in it and of each role in the snapshot never fall, and no role leaves
//     the snapshot (5.4.3, 5.5.5), compared with what was accepted from the local store by the keys of the present
//     root: rotated keys drop what was signed by the old ones, which is how one recovers from fast-forward (5.3.11).
//  4. What decides is fresh: timestamp, snapshot and targets that have expired are kept for comparison only (5.4.4,
//     5.5.6, 5.6.5).
//  5. A targets role is believed by the keys of the very delegator through which it was reached, every time.
//
// Errors: kVerificationFailed for whatever is well-formed and not to be believed; those of the codec. Not thread-safe.
#pragma once

#include <optional>
#include <span>

#include "tuf/codec.h"

namespace bulkhead::tuf {

// How many different keys among `keys.key_ids` have signed. Two ids of one key count once; signatures that do not
// verify are passed over.
size_t count_signers(const RoleKeys& keys, const Keys& known, std::string_view signed_bytes,
                     std::span<const Signature> signatures);
// kVerificationFailed unless at least `keys.threshold` of them have. `what` names the
// metadata.
Status verify_signatures(const RoleKeys& keys, const Keys& known, std::string_view signed_bytes,
                         std::span<const Signature> signatures, std::string_view what);

// kVerificationFailed unless the bytes have that length (where one is said) and every hash that is known here. With
// hashes, at least one must be of a known algorithm.
Status verify_content(std::optional<uint64_t> length, const Hashes& hashes, std::string_view bytes,
                      std::string_view what);

// What is the matter with metadata that is not believed, for those who have to tell it from other failures.
enum class Doubt : uint8_t {
  kOther,    // signatures, lengths, hashes, versions that do not fit each other
  kExpired,  // a freeze, a publisher that sleeps, or a clock that is wrong here
  kOlder,    // than what was seen before: a rollback
};

class TrustedSet {
 public:
  // `codec` must outlive the set. `now`: seconds since 1970.
  TrustedSet(const Codec& codec, int64_t now) : codec_(codec), now_(now) {}

  // The root that trust begins with: pinned by the user, or accepted earlier. It may have expired.
  Status start(std::string_view root);
  // The next version of the root.
  Status update_root(std::string_view bytes);
  // Ends the chain of roots; kVerificationFailed when the last one has expired.
  Status finish_roots();

  enum class Update : uint8_t { kAccepted, kSame };
  // kSame: of the version that is trusted already; the old one stays. An expired one is accepted for comparison:
  // require_timestamp() says whether it decides.
  Result<Update> update_timestamp(std::string_view bytes);
  Status require_timestamp() const;

  enum class Origin : uint8_t { kRepository, kLocalStore };
  // From the repository it must have the length and hashes that the timestamp says; from the local store it may be an
  // older one, for comparison: require_snapshot() says whether it decides.
  Status update_snapshot(std::string_view bytes, Origin origin);
  Status require_snapshot() const;

  // `delegator` is null for the role targets itself. The delegator must be from this set.
  Result<Signed<Targets>> check_targets(std::string_view bytes, std::string_view role, const Targets* delegator) const;

  // Where the snapshot states no versions: kVerificationFailed when `kept`, of the local store, is of a later version
  // than `next` and signed by the present keys.
  Status check_not_older(const Targets& next, std::string_view kept, std::string_view role,
                         const Targets* delegator) const;

  // Of the last call that failed with kVerificationFailed.
  Doubt doubt() const { return doubt_; }

  const Root& root() const { return root_->metadata; }
  // After they have been accepted.
  const Timestamp& timestamp() const { return timestamp_->metadata; }
  const Snapshot& snapshot() const { return snapshot_->metadata; }
  // What the snapshot says of a targets role; kVerificationFailed when it does not name it.
  Result<MetaFile> snapshot_entry(std::string_view role) const;

 private:
  Status verify_by_root(std::string_view role, std::string_view signed_bytes,
                        std::span<const Signature> signatures) const;
  Status verify_targets(const Signed<Targets>& targets, std::string_view role, const Targets* delegator) const;
  Status require_fresh(const Common& metadata, std::string_view role) const;
  Error older(std::string message) const;

  const Codec& codec_;
  const int64_t now_;
  mutable Doubt doubt_ = Doubt::kOther;  // set back by every call that can fail
  std::optional<Signed<Root>> root_;
  std::string root_bytes_;
  bool roots_finished_ = false;
  std::optional<Signed<Timestamp>> timestamp_;
  std::optional<Signed<Snapshot>> snapshot_;
  std::string snapshot_bytes_;
};

}  // namespace bulkhead::tuf
