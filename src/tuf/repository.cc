#include "tuf/repository.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "crypto/digest.h"

namespace bulkhead::tuf {
namespace {

Error unknown_role(std::string_view role) {
  return {Code::kNotFound, fmt::format("the repository has no role \"{}\"", role)};
}

MetaFile meta_file_of(int64_t version, std::string_view bytes) {
  return {.version = version,
          .length = bytes.size(),
          .hashes = {{"sha256", std::string(as_text(Digest::sha256_of(as_bytes(bytes)).raw()))}}};
}

// The id under which a role's keys have this one; nothing when they do not.
std::optional<std::string> id_of(const PublicKey& key, const RoleKeys& keys, const Keys& known) {
  for (const std::string& id : keys.key_ids) {
    const auto found = known.find(id);
    if (found != known.end() && found->second.usable && found->second.usable->key == key) return id;
  }
  return std::nullopt;
}

Result<Signature> sign_with(const RoleSigner& signer, const std::string& id, const Keys& known,
                            std::string_view bytes) {
  const SignatureScheme scheme = known.find(id)->second.usable->scheme;
  TRY_ASSIGN(std::string made, signer.sign(scheme, as_bytes(bytes)));
  return Signature{.key_id = id, .bytes = std::move(made), .scheme = scheme};
}

Status check_threshold(const RoleKeys& keys, std::string_view role) {
  if (keys.threshold >= 1 && keys.key_ids.size() >= keys.threshold) return {};
  return fail(Code::kInvalidArgument,
              fmt::format("\"{}\" would need {} signatures of {} keys", role, keys.threshold, keys.key_ids.size()),
              "a threshold is at least 1 and at most the number of keys");
}

Status add_keys(const Codec& codec, const std::vector<PublicKey>& added, RoleKeys& keys, Keys& known) {
  for (const PublicKey& key : added) {
    if (id_of(key, keys, known)) return fail(Code::kInvalidArgument, "the role has this key already");
    auto [id, listed] = codec.list(key);
    known.emplace(id, std::move(listed));
    keys.key_ids.push_back(std::move(id));
  }
  return {};
}

template <typename T>
Filed<T> file(const Codec& codec, T metadata, std::vector<Signature> signatures) {
  std::string signed_bytes = codec.write(metadata);
  std::string bytes = codec.envelope(signed_bytes, signatures);
  return {.content = {.metadata = std::move(metadata),
                      .signatures = std::move(signatures),
                      .signed_bytes = std::move(signed_bytes)},
          .bytes = std::move(bytes)};
}

// Adds the signatures of `more` whose key has none yet.
void merge(std::vector<Signature>& signatures, const std::vector<Signature>& more) {
  for (const Signature& signature : more) {
    if (std::ranges::find(signatures, signature.key_id, &Signature::key_id) == signatures.end()) {
      signatures.push_back(signature);
    }
  }
}

// A client that is sent to a role and finds none refuses whatever it looked for.
Status check_delegated_roles_exist(const Published& next) {
  for (const auto& [name, filed] : next.targets) {
    const auto& delegations = filed.content.metadata.delegations;
    if (!delegations) continue;
    std::vector<std::string> roles;
    if (delegations->succinct) roles = delegations->succinct->all_roles();
    for (const DelegatedRole& role : delegations->roles) roles.push_back(role.name);
    for (const std::string& role : roles) {
      if (next.targets.contains(role)) continue;
      return fail(Code::kVerificationFailed,
                  fmt::format("\"{}\" delegates to \"{}\", which has no metadata", name, role));
    }
  }
  return {};
}

}  // namespace

RoleSigner signer_of(const PrivateKey& key) {
  return {.key = key.public_key(),
          .sign = [key](SignatureScheme scheme, ByteSpan message) { return key.sign(scheme, message); }};
}

Result<Repository> Repository::create(const Codec& codec, const Setup& setup, const Lifetimes& lifetimes, int64_t now) {
  Repository out(codec, lifetimes, now);
  Root root;
  root.version = 1;
  root.expires = now + lifetimes.root;
  root.consistent_snapshot = true;
  for (const auto& [role, keys] : {std::pair{kRoot, &setup.root}, std::pair{kTargets, &setup.targets},
                                   std::pair{kSnapshot, &setup.snapshot}, std::pair{kTimestamp, &setup.timestamp}}) {
    RoleKeys& listed = root.roles[std::string(role)];
    TRY(add_keys(codec, keys->keys, listed, root.keys));
    listed.threshold = keys->threshold;
    TRY(check_threshold(listed, role));
  }
  out.staged_root_ = Staged<Root>{.metadata = std::move(root), .signatures = {}};
  Targets targets;
  targets.version = 1;
  targets.expires = now + lifetimes.targets;
  out.staged_targets_[std::string(kTargets)] = {.metadata = std::move(targets), .signatures = {}};
  return out;
}

Result<Repository> Repository::resume(const Codec& codec, std::string_view staged_root, const Lifetimes& lifetimes,
                                      int64_t now) {
  Repository out(codec, lifetimes, now);
  TRY(out.stage(kRoot, staged_root));
  return out;
}

Repository::Repository(const Codec& codec, Published published, const Lifetimes& lifetimes, int64_t now)
    : codec_(&codec), lifetimes_(lifetimes), now_(now), published_(std::move(published)) {}

const Root& Repository::root() const {
  return staged_root_ ? staged_root_->metadata : published_->root.content.metadata;
}

Result<const Targets*> Repository::targets(std::string_view role) const {
  if (const auto staged = staged_targets_.find(role); staged != staged_targets_.end()) return &staged->second.metadata;
  if (published_) {
    const auto found = published_->targets.find(role);
    if (found != published_->targets.end()) return &found->second.content.metadata;
  }
  return fail(unknown_role(role));
}

std::set<std::string> Repository::targets_roles() const {
  std::set<std::string> names;
  for (const auto& [name, staged] : staged_targets_) names.insert(name);
  if (published_) {
    for (const auto& [name, published] : published_->targets) names.insert(name);
  }
  return names;
}

Root& Repository::staged_root() {
  if (!staged_root_) {
    staged_root_ = Staged<Root>{.metadata = published_->root.content.metadata, .signatures = {}};
    ++staged_root_->metadata.version;
  }
  staged_root_->metadata.expires = now_ + lifetimes_.root;
  staged_root_->signatures.clear();
  return staged_root_->metadata;
}

Result<Targets*> Repository::staged_targets(std::string_view role) {
  auto staged = staged_targets_.find(role);
  if (staged == staged_targets_.end()) {
    TRY_ASSIGN(const Targets* published, targets(role));
    staged = staged_targets_.emplace(role, Staged<Targets>{.metadata = *published, .signatures = {}}).first;
    ++staged->second.metadata.version;
  }
  staged->second.metadata.expires = now_ + lifetimes_.targets;
  staged->second.signatures.clear();
  return &staged->second.metadata;
}

Status Repository::set_target(std::string_view role, std::string_view path, TargetFile file) {
  if (file.hashes.empty()) return fail(Code::kInvalidArgument, fmt::format("\"{}\" has no hash", path));
  TRY_ASSIGN(Targets * targets, staged_targets(role));
  targets->targets.insert_or_assign(std::string(path), std::move(file));
  return {};
}

Status Repository::remove_target(std::string_view role, std::string_view path) {
  TRY_ASSIGN(const Targets* present, targets(role));
  if (!present->targets.contains(path)) {
    return fail(Code::kNotFound, fmt::format("\"{}\" has no target \"{}\"", role, path));
  }
  TRY_ASSIGN(Targets * targets, staged_targets(role));
  targets->targets.erase(targets->targets.find(path));
  return {};
}

Status Repository::delegate(std::string_view delegator, std::string_view role, const RoleSetup& keys, bool terminating,
                            std::vector<std::string> paths) {
  TRY(check_new_role(role));
  DelegatedRole delegated{.name = std::string(role),
                          .keys = {},
                          .terminating = terminating,
                          .paths = std::move(paths),
                          .hash_prefixes = {}};
  delegated.keys.threshold = keys.threshold;
  Keys known;
  TRY(add_keys(*codec_, keys.keys, delegated.keys, known));
  TRY(check_threshold(delegated.keys, role));
  TRY_ASSIGN(const Targets* present, targets(delegator));
  if (present->delegations && present->delegations->succinct) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" delegates to hash bins alone", delegator));
  }
  TRY_ASSIGN(Targets * changed, staged_targets(delegator));
  if (!changed->delegations) changed->delegations.emplace();
  changed->delegations->keys.merge(known);
  changed->delegations->roles.push_back(std::move(delegated));
  stage_first(std::string(role));
  return {};
}

Status Repository::delegate_bins(std::string_view delegator, std::string_view name_prefix, const RoleSetup& keys,
                                 uint32_t bit_length) {
  if (bit_length < 1 || bit_length > kMaxBinBits) {
    return fail(Code::kInvalidArgument, fmt::format("bins have 1 to {} bits", kMaxBinBits));
  }
  SuccinctRoles bins{.keys = {}, .bit_length = bit_length, .name_prefix = std::string(name_prefix)};
  bins.keys.threshold = keys.threshold;
  Keys known;
  TRY(add_keys(*codec_, keys.keys, bins.keys, known));
  TRY(check_threshold(bins.keys, name_prefix));
  const std::vector<std::string> names = bins.all_roles();
  for (const std::string& name : names) TRY(check_new_role(name));
  TRY_ASSIGN(const Targets* present, targets(delegator));
  if (present->delegations) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" has delegations already, and bins stand alone", delegator));
  }
  TRY_ASSIGN(Targets * changed, staged_targets(delegator));
  changed->delegations = Delegations{.keys = std::move(known), .roles = {}, .succinct = std::move(bins)};
  for (const std::string& name : names) stage_first(name);
  return {};
}

Status Repository::check_new_role(std::string_view role) const {
  if (!role.empty() && !is_top_level(role) && !targets(role)) return {};
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" cannot be the name of a new role", role));
}

void Repository::stage_first(std::string role) {
  Targets first;
  first.version = 1;
  first.expires = now_ + lifetimes_.targets;
  staged_targets_[std::move(role)] = {.metadata = std::move(first), .signatures = {}};
}

Result<std::pair<RoleKeys*, Keys*>> Repository::changeable_keys(std::string_view role) {
  if (is_top_level(role)) {
    Root& root = staged_root();
    return std::pair{&root.roles.find(role)->second, &root.keys};
  }
  const auto delegates = [&](const Targets& targets) {
    return targets.delegations && targets.delegations->keys_of(role) != nullptr;
  };
  for (const std::string& name : targets_roles()) {
    if (!delegates(**targets(name))) continue;
    TRY_ASSIGN(Targets * delegator, staged_targets(name));
    Delegations& delegations = *delegator->delegations;
    if (delegations.succinct) return std::pair{&delegations.succinct->keys, &delegations.keys};
    const auto found = std::ranges::find(delegations.roles, role, &DelegatedRole::name);
    return std::pair{&found->keys, &delegations.keys};
  }
  return fail(unknown_role(role));
}

Status Repository::change_keys(std::string_view role, const std::vector<PublicKey>& add,
                               const std::vector<std::string>& remove, std::optional<uint32_t> threshold) {
  // On a copy, so that a change that is refused leaves nothing behind.
  Repository next = *this;
  TRY_ASSIGN(const auto owned, next.changeable_keys(role));
  auto& [keys, known] = owned;
  TRY(add_keys(*codec_, add, *keys, *known));
  for (const std::string& id : remove) {
    const auto found = std::ranges::find(keys->key_ids, id);
    if (found == keys->key_ids.end()) {
      return fail(Code::kNotFound, fmt::format("\"{}\" has no key {}", role, id));
    }
    keys->key_ids.erase(found);
  }
  if (threshold) keys->threshold = *threshold;
  TRY(check_threshold(*keys, role));
  if (is_top_level(role)) {
    Root& root = next.staged_root_->metadata;
    std::erase_if(root.keys, [&](const auto& key) {
      return std::ranges::none_of(root.roles, [&](const auto& other) {
        return std::ranges::find(other.second.key_ids, key.first) != other.second.key_ids.end();
      });
    });
  }
  *this = std::move(next);
  // What the removed keys signed must be signed anew.
  if (remove.empty() || (is_top_level(role) && role != kTargets)) return {};
  for (const std::string& name : signed_alike(role)) TRY(renew(name));
  return {};
}

// The role itself, or all bins when it is one.
std::vector<std::string> Repository::signed_alike(std::string_view role) const {
  for (const std::string& name : targets_roles()) {
    const auto& delegations = (*targets(name))->delegations;
    if (delegations && delegations->succinct && delegations->succinct->has(role)) {
      return delegations->succinct->all_roles();
    }
  }
  return {std::string(role)};
}

Status Repository::renew(std::string_view role) {
  if (role == kRoot) {
    staged_root();
    return {};
  }
  if (is_top_level(role) && role != kTargets) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is made anew by every publication", role));
  }
  TRY(staged_targets(role));
  return {};
}

std::vector<Repository::Authority> Repository::authorities_of(std::string_view role) const {
  const auto by_root = [&](const Root& root) {
    return Authority{.keys = &root.roles.find(role)->second, .known = &root.keys};
  };
  if (role == kRoot) {
    std::vector<Authority> both{by_root(root())};
    if (published_ && staged_root_) both.push_back(by_root(published_->root.content.metadata));
    return both;
  }
  if (role == kTargets) return {by_root(root())};
  std::vector<Authority> out;
  for (const std::string& name : targets_roles()) {
    const Targets* delegator = *targets(name);
    const RoleKeys* keys = delegator->delegations ? delegator->delegations->keys_of(role) : nullptr;
    if (keys != nullptr) out.push_back({.keys = keys, .known = &delegator->delegations->keys});
  }
  return out;
}

Repository::Pending Repository::pending_of(std::string_view role, int64_t version, const std::string& signed_bytes,
                                           const std::vector<Signature>& signatures) const {
  Pending pending{.role = std::string(role), .version = version, .missing = 0, .may_sign = {}};
  for (const Authority& authority : authorities_of(role)) {
    const size_t signers = count_signers(*authority.keys, *authority.known, signed_bytes, signatures);
    const size_t missing = authority.keys->threshold > signers ? authority.keys->threshold - signers : 0;
    pending.missing = std::max(pending.missing, static_cast<uint32_t>(missing));
    for (const std::string& id : authority.keys->key_ids) {
      const bool signed_already = std::ranges::find(signatures, id, &Signature::key_id) != signatures.end();
      const bool told = std::ranges::find(pending.may_sign, id) != pending.may_sign.end();
      if (!signed_already && !told) pending.may_sign.push_back(id);
    }
  }
  return pending;
}

std::optional<Repository::Pending> Repository::pending(std::string_view role) const {
  if (role == kRoot) {
    if (!staged_root_) return std::nullopt;
    return pending_of(kRoot, staged_root_->metadata.version, codec_->write(staged_root_->metadata),
                      staged_root_->signatures);
  }
  const auto staged = staged_targets_.find(role);
  if (staged == staged_targets_.end()) return std::nullopt;
  const auto& [metadata, signatures] = staged->second;
  return pending_of(role, metadata.version, codec_->write(metadata), signatures);
}

std::vector<Repository::Pending> Repository::pending() const {
  std::vector<Pending> out;
  if (auto root = pending(kRoot)) out.push_back(*std::move(root));
  for (const auto& [role, staged] : staged_targets_) out.push_back(*pending(role));
  return out;
}

Status Repository::sign(std::string_view role, const RoleSigner& signer) {
  const auto staged = staged_targets_.find(role);
  const bool is_root = role == kRoot;
  if (is_root ? !staged_root_ : staged == staged_targets_.end()) {
    return fail(Code::kNotFound, fmt::format("nothing of \"{}\" is staged", role));
  }
  std::vector<Signature>& signatures = is_root ? staged_root_->signatures : staged->second.signatures;
  const std::string bytes = is_root ? codec_->write(staged_root_->metadata) : codec_->write(staged->second.metadata);
  bool signs = false;
  for (const Authority& authority : authorities_of(role)) {
    const auto id = id_of(signer.key, *authority.keys, *authority.known);
    if (!id) continue;
    signs = true;
    TRY_ASSIGN(Signature made, sign_with(signer, *id, *authority.known, bytes));
    std::erase_if(signatures, [&](const Signature& old) { return old.key_id == *id; });
    signatures.push_back(std::move(made));
  }
  if (signs) return {};
  return fail(Code::kInvalidArgument, fmt::format("the key is none of those that sign \"{}\"", role));
}

std::map<std::string, std::string> Repository::staged_files() const {
  std::map<std::string, std::string> out;
  if (staged_root_) {
    out.emplace(kRoot, codec_->envelope(codec_->write(staged_root_->metadata), staged_root_->signatures));
  }
  for (const auto& [role, staged] : staged_targets_) {
    out.emplace(role, codec_->envelope(codec_->write(staged.metadata), staged.signatures));
  }
  return out;
}

Status Repository::stage(std::string_view role, std::string_view bytes) {
  const auto check = [&](int64_t version, std::optional<int64_t> published, bool same_bytes) -> Status {
    const int64_t wanted = published.value_or(0) + 1;
    if (version != wanted) {
      return fail(Code::kInvalidArgument,
                  fmt::format("staged \"{}\" has version {} where {} belongs", role, version, wanted),
                  "it was made before the last publication: make the change again");
    }
    if (same_bytes) return {};
    return fail(Code::kInvalidArgument, fmt::format("staged \"{}\" holds what would be lost here", role));
  };
  if (role == kRoot) {
    TRY_ASSIGN(Signed<Root> read, codec_->root(bytes));
    const auto published =
        published_ ? std::optional(published_->root.content.metadata.version) : std::optional<int64_t>();
    TRY(check(read.metadata.version, published, codec_->write(read.metadata) == read.signed_bytes));
    if (staged_root_ && codec_->write(staged_root_->metadata) == read.signed_bytes) {
      merge(staged_root_->signatures, read.signatures);
      return {};
    }
    staged_root_ = Staged<Root>{.metadata = std::move(read.metadata), .signatures = std::move(read.signatures)};
    return {};
  }
  TRY_ASSIGN(Signed<Targets> read, codec_->targets(bytes, role));
  std::optional<int64_t> published;
  if (published_) {
    const auto found = published_->targets.find(role);
    if (found != published_->targets.end()) published = found->second.content.metadata.version;
  }
  TRY(check(read.metadata.version, published, codec_->write(read.metadata) == read.signed_bytes));
  const auto staged = staged_targets_.find(role);
  if (staged != staged_targets_.end() && codec_->write(staged->second.metadata) == read.signed_bytes) {
    merge(staged->second.signatures, read.signatures);
    return {};
  }
  staged_targets_.insert_or_assign(std::string(role), Staged<Targets>{.metadata = std::move(read.metadata),
                                                                      .signatures = std::move(read.signatures)});
  return {};
}

bool Repository::verifies(std::string_view role, std::string_view signed_bytes, const Signature& signature) const {
  return std::ranges::any_of(authorities_of(role), [&](const Authority& authority) {
    return count_signers(*authority.keys, *authority.known, signed_bytes, std::span(&signature, 1)) == 1;
  });
}

Status Repository::add_signatures(std::string_view role, std::string_view bytes) {
  const auto add = [&](auto& staged, const auto& read) -> Status {
    if (codec_->write(staged.metadata) != read.signed_bytes) {
      return fail(Code::kInvalidArgument, fmt::format("another \"{}\" was signed than is staged here", role),
                  "one of the two was changed since the copy was made");
    }
    for (const Signature& signature : read.signatures) {
      if (verifies(role, read.signed_bytes, signature)) merge(staged.signatures, {signature});
    }
    return {};
  };
  const auto staged = staged_targets_.find(role);
  if (role == kRoot ? !staged_root_ : staged == staged_targets_.end()) {
    return fail(Code::kNotFound, fmt::format("nothing of \"{}\" is staged", role));
  }
  if (role == kRoot) {
    TRY_ASSIGN(const Signed<Root> read, codec_->root(bytes));
    return add(*staged_root_, read);
  }
  TRY_ASSIGN(const Signed<Targets> read, codec_->targets(bytes, role));
  return add(staged->second, read);
}

template <typename T>
Result<Filed<T>> Repository::seal(T metadata, std::string_view role, const Root& root,
                                  const std::vector<RoleSigner>& online) const {
  const RoleKeys& keys = root.roles.find(role)->second;
  const std::string bytes = codec_->write(metadata);
  std::vector<Signature> signatures;
  for (const RoleSigner& signer : online) {
    const auto id = id_of(signer.key, keys, root.keys);
    if (!id) continue;
    TRY_ASSIGN(Signature made, sign_with(signer, *id, root.keys, bytes));
    signatures.push_back(std::move(made));
  }
  TRY(verify_signatures(keys, root.keys, bytes, signatures, role));
  return file(*codec_, std::move(metadata), std::move(signatures));
}

Result<std::vector<std::pair<std::string, std::string>>> Repository::publish(const std::vector<RoleSigner>& online) {
  for (const Pending& role : pending()) {
    if (role.missing == 0) continue;
    return fail(Code::kVerificationFailed,
                fmt::format("\"{}\" {} lacks {} signature{}", role.role, role.version, role.missing,
                            role.missing == 1 ? "" : "s"),
                fmt::format("one of these keys has to sign it: {}", fmt::join(role.may_sign, ", ")));
  }
  std::vector<std::pair<std::string, std::string>> files;
  const auto add_file = [&](std::string_view role, int64_t version, const std::string& bytes) {
    files.emplace_back(codec_->file_name(role, {.version = version, .length = {}, .hashes = {}}, true), bytes);
  };
  Published next = published_.value_or(Published());
  if (staged_root_) {
    next.root = file(*codec_, staged_root_->metadata, staged_root_->signatures);
    add_file(kRoot, next.root.content.metadata.version, next.root.bytes);
  }
  for (const auto& [role, staged] : staged_targets_) {
    Filed<Targets> filed = file(*codec_, staged.metadata, staged.signatures);
    add_file(role, filed.content.metadata.version, filed.bytes);
    next.targets.insert_or_assign(role, std::move(filed));
  }
  const Root& root = next.root.content.metadata;

  const auto& old_snapshot = next.snapshot.content;
  const bool snapshot_stands = published_ && staged_targets_.empty() &&
                               old_snapshot.metadata.expires > now_ + lifetimes_.timestamp &&
                               verify_signatures(root.roles.find(kSnapshot)->second, root.keys,
                                                 old_snapshot.signed_bytes, old_snapshot.signatures, kSnapshot);
  if (!snapshot_stands) {
    Snapshot snapshot;
    snapshot.version = old_snapshot.metadata.version + 1;
    snapshot.expires = now_ + lifetimes_.snapshot;
    for (const auto& [role, filed] : next.targets) {
      snapshot.meta.emplace(role, meta_file_of(filed.content.metadata.version, filed.bytes));
    }
    TRY_ASSIGN(next.snapshot, seal(std::move(snapshot), kSnapshot, root, online));
    add_file(kSnapshot, next.snapshot.content.metadata.version, next.snapshot.bytes);
  }
  Timestamp timestamp;
  timestamp.version = next.timestamp.content.metadata.version + 1;
  timestamp.expires = now_ + lifetimes_.timestamp;
  timestamp.snapshot = meta_file_of(next.snapshot.content.metadata.version, next.snapshot.bytes);
  TRY_ASSIGN(next.timestamp, seal(std::move(timestamp), kTimestamp, root, online));
  add_file(kTimestamp, next.timestamp.content.metadata.version, next.timestamp.bytes);

  TRY(check(next, staged_root_.has_value()));
  published_ = std::move(next);
  staged_root_.reset();
  staged_targets_.clear();
  return files;
}

Result<std::vector<std::pair<std::string, std::string>>> Repository::refresh(const std::vector<RoleSigner>& online) {
  if (!published_) return fail(Code::kInvalidArgument, "nothing is published yet that could be kept fresh");
  Repository alone(*codec_, *published_, lifetimes_, now_);
  TRY_ASSIGN(auto files, alone.publish(online));
  published_ = std::move(alone.published_);
  return files;
}

// What is not staged may have expired: its owner's delay must not freeze the others.
Status Repository::check_role(const TrustedSet& client, const Filed<Targets>& filed, const std::string& role,
                              const RoleKeys& keys, const Keys& known, const Targets* delegator) const {
  if (!staged_targets_.contains(role)) {
    return verify_signatures(keys, known, filed.content.signed_bytes, filed.content.signatures,
                             fmt::format("\"{}\"", role));
  }
  TRY(client.check_targets(filed.bytes, role, delegator));
  return {};
}

// As a client does that has seen what was published before.
Status Repository::check(const Published& next, bool new_root) const {
  TrustedSet client(*codec_, now_);
  TRY(client.start(published_ ? published_->root.bytes : next.root.bytes));
  if (published_ && new_root) TRY(client.update_root(next.root.bytes));
  TRY(client.finish_roots());
  if (published_) static_cast<void>(client.update_timestamp(published_->timestamp.bytes));
  TRY(client.update_timestamp(next.timestamp.bytes));
  TRY(client.require_timestamp());
  if (published_) {
    static_cast<void>(client.update_snapshot(published_->snapshot.bytes, TrustedSet::Origin::kLocalStore));
  }
  TRY(client.update_snapshot(next.snapshot.bytes, TrustedSet::Origin::kRepository));
  TRY(client.require_snapshot());
  TRY(check_delegated_roles_exist(next));
  for (const auto& [role, filed] : next.targets) {
    if (role == kTargets) {
      TRY(check_role(client, filed, role, next.root.content.metadata.roles.find(role)->second,
                     next.root.content.metadata.keys, nullptr));
    }
    for (const auto& [name, delegator] : next.targets) {
      const auto& delegations = delegator.content.metadata.delegations;
      const RoleKeys* keys = delegations ? delegations->keys_of(role) : nullptr;
      if (keys != nullptr) TRY(check_role(client, filed, role, *keys, delegations->keys, &delegator.content.metadata));
    }
  }
  return {};
}

}  // namespace bulkhead::tuf
