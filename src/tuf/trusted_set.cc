#include "tuf/trusted_set.h"

#include <algorithm>
#include <cassert>
#include <set>

#include <fmt/format.h>

#include "base/date.h"
#include "crypto/digest.h"

namespace bulkhead::tuf {
namespace {

Error distrust(std::string message) {
  return {Code::kVerificationFailed, std::move(message)};
}

std::string digest_of(Digest::Algorithm algorithm, std::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.update(as_bytes(bytes));
  return std::string(as_text(hasher.finish().raw()));
}

}  // namespace

size_t count_signers(const RoleKeys& keys, const Keys& known, std::string_view signed_bytes,
                     std::span<const Signature> signatures) {
  std::set<std::string_view> signers;  // by the key itself
  for (const Signature& signature : signatures) {
    if (std::ranges::find(keys.key_ids, signature.key_id) == keys.key_ids.end()) continue;
    const auto key = known.find(signature.key_id);
    if (key == known.end() || !key->second.usable) continue;
    const Key::Usable& usable = *key->second.usable;
    if (usable.key.verify(signature.scheme.value_or(usable.scheme), as_bytes(signed_bytes),
                          as_bytes(signature.bytes))) {
      signers.insert(usable.key.der());
    }
  }
  return signers.size();
}

Status verify_signatures(const RoleKeys& keys, const Keys& known, std::string_view signed_bytes,
                         std::span<const Signature> signatures, std::string_view what) {
  const size_t signers = count_signers(keys, known, signed_bytes, signatures);
  if (signers >= keys.threshold) return {};
  return fail(distrust(fmt::format("{} is signed by {} of its keys, and needs {}", what, signers, keys.threshold)));
}

Status verify_content(std::optional<uint64_t> length, const Hashes& hashes, std::string_view bytes,
                      std::string_view what) {
  if (length && *length != bytes.size()) {
    return fail(distrust(fmt::format("{} has {} bytes, and should have {}", what, bytes.size(), *length)));
  }
  bool known = hashes.empty();
  for (const auto& [name, hash] : hashes) {
    const bool sha256 = name == "sha256";
    if (!sha256 && name != "sha512") continue;
    known = true;
    if (digest_of(sha256 ? Digest::Algorithm::kSha256 : Digest::Algorithm::kSha512, bytes) != hash) {
      return fail(distrust(fmt::format("{} has not the {} that it should have", what, name)));
    }
  }
  if (!known) return fail(distrust(fmt::format("{} has only hashes that are unknown here", what)));
  return {};
}

Status TrustedSet::start(std::string_view bytes) {
  doubt_ = Doubt::kOther;
  TRY_ASSIGN(Signed<Root> root, codec_.root(bytes));
  TRY(verify_signatures(root.metadata.roles.at(std::string(kRoot)), root.metadata.keys, root.signed_bytes,
                        root.signatures, "the trusted root"));
  root_ = std::move(root);
  root_bytes_ = bytes;
  return {};
}

Status TrustedSet::update_root(std::string_view bytes) {
  assert(root_ && !roots_finished_);
  doubt_ = Doubt::kOther;
  TRY_ASSIGN(Signed<Root> next, codec_.root(bytes));
  const int64_t wanted = root_->metadata.version + 1;
  if (next.metadata.version != wanted) {
    return fail(distrust(fmt::format("root has version {} where {} belongs", next.metadata.version, wanted)));
  }
  const std::string what = fmt::format("root {}", wanted);
  TRY(verify_by_root(kRoot, next.signed_bytes, next.signatures));
  TRY(verify_signatures(next.metadata.roles.at(std::string(kRoot)), next.metadata.keys, next.signed_bytes,
                        next.signatures, what));
  root_ = std::move(next);
  root_bytes_ = bytes;
  return {};
}

Status TrustedSet::finish_roots() {
  assert(root_);
  doubt_ = Doubt::kOther;
  roots_finished_ = true;
  return require_fresh(root_->metadata, kRoot);
}

Result<TrustedSet::Update> TrustedSet::update_timestamp(std::string_view bytes) {
  assert(roots_finished_ && !snapshot_);
  doubt_ = Doubt::kOther;
  TRY_ASSIGN(Signed<Timestamp> next, codec_.timestamp(bytes));
  TRY(verify_by_root(kTimestamp, next.signed_bytes, next.signatures));
  if (timestamp_) {
    const Timestamp& trusted = timestamp_->metadata;
    if (next.metadata.version == trusted.version) return Update::kSame;
    if (next.metadata.version < trusted.version) {
      return fail(older(
          fmt::format("timestamp {} is older than the one seen before, {}", next.metadata.version, trusted.version)));
    }
    if (next.metadata.snapshot.version < trusted.snapshot.version) {
      return fail(older(fmt::format("the timestamp names snapshot {}, older than the one seen before, {}",
                                    next.metadata.snapshot.version, trusted.snapshot.version)));
    }
  }
  timestamp_ = std::move(next);
  return Update::kAccepted;
}

Status TrustedSet::require_timestamp() const {
  doubt_ = Doubt::kOther;
  if (!timestamp_) return fail(distrust("there is no timestamp"));
  return require_fresh(timestamp_->metadata, kTimestamp);
}

Status TrustedSet::update_snapshot(std::string_view bytes, Origin origin) {
  TRY(require_timestamp());
  const MetaFile& entry = timestamp_->metadata.snapshot;
  if (origin == Origin::kRepository) TRY(verify_content(entry.length, entry.hashes, bytes, kSnapshot));
  TRY_ASSIGN(Signed<Snapshot> next, codec_.snapshot(bytes));
  TRY(verify_by_root(kSnapshot, next.signed_bytes, next.signatures));
  if (snapshot_) {
    if (entry.version == 0 && next.metadata.version < snapshot_->metadata.version) {
      return fail(older(fmt::format("snapshot {} is older than the one seen before, {}", next.metadata.version,
                                    snapshot_->metadata.version)));
    }
    for (const auto& [role, trusted] : snapshot_->metadata.meta) {
      const auto now = next.metadata.meta.find(role);
      if (now == next.metadata.meta.end()) {
        return fail(older(fmt::format("the snapshot does not name \"{}\" any more", role)));
      }
      if (now->second.version < trusted.version) {
        return fail(older(fmt::format("the snapshot names version {} of \"{}\", older than the one seen before, {}",
                                      now->second.version, role, trusted.version)));
      }
    }
  }
  snapshot_ = std::move(next);
  snapshot_bytes_ = bytes;
  return {};
}

Status TrustedSet::require_snapshot() const {
  TRY(require_timestamp());
  if (!snapshot_) return fail(distrust("there is no snapshot"));
  const MetaFile& entry = timestamp_->metadata.snapshot;
  if (entry.version != 0 && snapshot_->metadata.version != entry.version) {
    return fail(distrust(fmt::format("snapshot {} is not the one that the timestamp names, {}",
                                     snapshot_->metadata.version, entry.version)));
  }
  TRY(verify_content(entry.length, entry.hashes, snapshot_bytes_, kSnapshot));
  if (const auto& root = snapshot_->metadata.root) {
    TRY(verify_content(root->length, root->hashes, root_bytes_, "root as the snapshot has it"));
  }
  return require_fresh(snapshot_->metadata, kSnapshot);
}

Result<MetaFile> TrustedSet::snapshot_entry(std::string_view role) const {
  TRY(require_snapshot());
  const auto found = snapshot_->metadata.meta.find(role);
  if (found == snapshot_->metadata.meta.end()) {
    return fail(distrust(fmt::format("the snapshot does not name \"{}\"", role)));
  }
  return found->second;
}

Status TrustedSet::verify_targets(const Signed<Targets>& targets, std::string_view role,
                                  const Targets* delegator) const {
  if (delegator == nullptr) return verify_by_root(kTargets, targets.signed_bytes, targets.signatures);
  const std::string what = fmt::format("\"{}\"", role);
  const RoleKeys* keys = delegator->delegations ? delegator->delegations->keys_of(role) : nullptr;
  if (keys == nullptr) return fail(distrust(fmt::format("nobody delegates to {}", what)));
  return verify_signatures(*keys, delegator->delegations->keys, targets.signed_bytes, targets.signatures, what);
}

Result<Signed<Targets>> TrustedSet::check_targets(std::string_view bytes, std::string_view role,
                                                  const Targets* delegator) const {
  TRY_ASSIGN(const MetaFile entry, snapshot_entry(role));
  const std::string what = fmt::format("\"{}\"", role);
  TRY(verify_content(entry.length, entry.hashes, bytes, what));
  TRY_ASSIGN(Signed<Targets> targets, codec_.targets(bytes, role));
  TRY(verify_targets(targets, role, delegator));
  if (entry.version != 0 && targets.metadata.version != entry.version) {
    return fail(distrust(
        fmt::format("{} has version {}, and the snapshot names {}", what, targets.metadata.version, entry.version)));
  }
  TRY(require_fresh(targets.metadata, role));
  return targets;
}

Status TrustedSet::check_not_older(const Targets& next, std::string_view kept, std::string_view role,
                                   const Targets* delegator) const {
  TRY_ASSIGN(const MetaFile entry, snapshot_entry(role));
  if (entry.version != 0) return {};
  const auto seen = codec_.targets(kept, role);
  if (!seen || !verify_targets(*seen, role, delegator) || seen->metadata.version <= next.version) return {};
  return fail(older(fmt::format("version {} of \"{}\" is older than the one seen before, {}", next.version, role,
                                seen->metadata.version)));
}

Status TrustedSet::verify_by_root(std::string_view role, std::string_view signed_bytes,
                                  std::span<const Signature> signatures) const {
  const Root& root = root_->metadata;
  return verify_signatures(root.roles.find(role)->second, root.keys, signed_bytes, signatures, role);
}

Error TrustedSet::older(std::string message) const {
  doubt_ = Doubt::kOlder;
  return distrust(std::move(message));
}

Status TrustedSet::require_fresh(const Common& metadata, std::string_view role) const {
  if (metadata.expires > now_) return {};
  doubt_ = Doubt::kExpired;
  return fail(Code::kVerificationFailed,
              fmt::format("version {} of \"{}\" expired on {}", metadata.version, role, rfc3339_of(metadata.expires)),
              "its publisher must sign it anew; a clock that is wrong here has the same effect");
}

}  // namespace bulkhead::tuf
