#include "notary/validate.h"

#include <algorithm>
#include <ctime>
#include <ranges>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "notary/root_rules.h"
#include "notary/route.h"
#include "tuf/codec.h"
#include "tuf/trusted_set.h"

namespace bulkhead::notary {
namespace {

using Kind = Refusal::Kind;
template <typename T>
using Checked = std::expected<T, Refusal>;

std::unexpected<Refusal> refuse(Kind kind, std::string message, std::string missing = {}) {
  return std::unexpected(Refusal{.kind = kind, .message = std::move(message), .missing = std::move(missing)});
}

// What went wrong in reading what an upload holds is the uploader's matter.
std::unexpected<Refusal> refuse(Kind kind, const Error& error) {
  return refuse(kind, error.to_string());
}
// What went wrong in the store is ours.
std::unexpected<Refusal> broken(const Error& error) {
  return refuse(Kind::kInternal, error.to_string());
}

#define CHECK_OR_REFUSE(kind, expression)                                            \
  do {                                                                               \
    if (auto checked = (expression); !checked) return refuse(kind, checked.error()); \
  } while (false)
#define ASSIGN_OR(refusal, declaration, expression) \
  ASSIGN_OR_INNER(refusal, BULKHEAD_CONCAT(assign_or_, __LINE__), declaration, expression)
#define ASSIGN_OR_INNER(refusal, temporary, declaration, expression) \
  auto temporary = (expression);                                     \
  if (!temporary) return refusal(temporary.error());                 \
  declaration = std::move(*temporary)

// "targets expired at Sun Nov 22 06:32:51 UTC 2026"
std::string expired_text(std::string_view role, int64_t expires) {
  const std::time_t time = expires;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof(text), "%a %b %-d %H:%M:%S UTC %Y", &parts);
  return fmt::format("{} expired at {}", role, std::string_view(text, length));
}

std::string parent_of(std::string_view role) {
  return std::string(role.substr(0, role.rfind('/')));
}

size_t depth_of(std::string_view role) {
  return static_cast<size_t>(std::ranges::count(role, '/'));
}

class Validation {
 public:
  Validation(std::string_view gun, const Upload& upload, const RepositoryState& state, const ServerKeys& keys,
             const ValidationRules& rules, int64_t now)
      : gun_(gun), upload_(upload), state_(state), keys_(keys), rules_(rules), now_(now) {}

  Checked<Accepted> run() {
    for (const auto& step : {&Validation::check_root_upload, &Validation::check_targets_uploads,
                             &Validation::settle_snapshot, &Validation::issue_timestamp, &Validation::check_versions}) {
      if (auto done = (this->*step)(); !done) return std::unexpected(std::move(done).error());
    }
    return std::move(out_);
  }

 private:
  Checked<void> check_root_upload();
  Checked<void> check_targets_uploads();
  Checked<void> load(std::string_view role);
  Checked<void> check_targets_upload(const std::string& role, const UploadedFile& file);
  Checked<void> check_delegations(std::string_view role, const tuf::Targets& targets) const;
  Checked<void> settle_snapshot();
  Checked<void> check_snapshot_upload(const UploadedFile& file);
  Checked<void> check_named(const tuf::Snapshot& snapshot) const;
  Checked<void> issue_snapshot();
  Checked<void> issue_timestamp();
  Checked<void> check_versions();

  struct Authority {  // who signs a role
    const tuf::RoleKeys* keys;
    const tuf::Keys* known;
  };
  std::optional<Authority> authority_of(std::string_view role) const;
  Checked<int64_t> next_version(std::string_view role) const;
  Checked<void> check_fresh(Kind kind, std::string_view role, const tuf::Common& metadata) const {
    if (metadata.expires >= now_) return {};
    return refuse(kind, expired_text(role, metadata.expires));
  }
  const tuf::RoleKeys& keys_of(std::string_view role) const { return root_->roles.find(role)->second; }
  void accept(std::string_view role, const UploadedFile& file) {
    out_.files.push_back({.role = std::string(role), .version = file.version, .bytes = file.bytes});
  }

  const std::string_view gun_;
  const Upload& upload_;
  const RepositoryState& state_;
  const ServerKeys& keys_;
  const ValidationRules& rules_;
  const int64_t now_;

  std::optional<tuf::Root> root_;  // that will be in force
  std::string root_file_;
  std::map<std::string, tuf::Targets, std::less<>> targets_;  // uploaded ones, and what is in force above them
  std::string snapshot_;                                      // the file that will be in force
  Accepted out_;
};

Checked<void> Validation::check_root_upload() {
  ASSIGN_OR(broken, const auto stored, state_.current(tuf::kRoot));
  ASSIGN_OR(broken, root_, state_.root());
  if (stored) root_file_ = stored->bytes;
  const auto uploaded = upload_.find(tuf::kRoot);
  if (uploaded == upload_.end()) {
    if (root_) return {};
    return refuse(Kind::kValidation, "no pre-existing root and no root provided in update.");
  }
  const UploadedFile& file = uploaded->second;
  const int64_t current_version = root_ ? root_->version : 1;
  if (file.version != current_version && file.version != current_version + 1) {
    return refuse(Kind::kRoot, fmt::format("Root modifications must increment the version. Current {}, new {}",
                                           current_version, file.version));
  }
  auto next = tuf::notary_codec().root(file.bytes);
  if (!next) return refuse(Kind::kRoot, next.error());
  CHECK_OR_REFUSE(Kind::kRoot, check_root(*next, root_ ? &*root_ : nullptr, gun_, now_));
  if (auto fresh = check_fresh(Kind::kRoot, tuf::kRoot, next->metadata); !fresh) return fresh;
  for (const std::string& id : next->metadata.roles.find(tuf::kRoot)->second.key_ids) {
    ASSIGN_OR(broken, const bool buried, state_.is_buried(id));
    if (buried) {
      return refuse(
          Kind::kRoot,
          fmt::format("root key {} is that of a repository of this name that was deleted; initialise it anew", id));
    }
  }
  root_ = next->metadata;
  root_file_ = file.bytes;
  out_.root = std::move(next->metadata);
  accept(tuf::kRoot, file);
  return {};
}

Checked<void> Validation::check_targets_uploads() {
  std::vector<std::string> roles;
  for (const auto& [role, file] : upload_) {
    if (is_targets_role(role)) roles.push_back(role);
  }
  // Whoever delegates comes before those it delegates to.
  std::ranges::sort(roles, {}, [](const std::string& role) { return std::pair(depth_of(role), role); });
  if (out_.root && !upload_.contains(tuf::kTargets)) {
    if (auto loaded = load(tuf::kTargets); !loaded) return loaded;
  }
  for (const std::string& role : roles) {
    if (role != tuf::kTargets) {
      if (auto loaded = load(parent_of(role)); !loaded) return loaded;
    }
    if (auto checked = check_targets_upload(role, upload_.find(role)->second); !checked) return checked;
  }
  return {};
}

// A role that is not uploaded, and its ancestors, as they are in force. They may have expired; what is not there is
// missed when a role is looked for in it. What the new root's keys have not signed would be refused by every client.
Checked<void> Validation::load(std::string_view role) {
  if (targets_.contains(role)) return {};
  if (role != tuf::kTargets) {
    if (auto loaded = load(parent_of(role)); !loaded) return loaded;
  }
  const auto authority = authority_of(role);
  if (!authority) return {};
  ASSIGN_OR(broken, const auto stored, state_.current(role));
  if (!stored) return {};
  ASSIGN_OR(broken, auto targets, tuf::notary_codec().targets(stored->bytes, role));
  CHECK_OR_REFUSE(Kind::kTargets, check_signatures(*authority->keys, *authority->known, targets.signed_bytes,
                                                   targets.signatures, role));
  targets_.emplace(role, std::move(targets.metadata));
  return {};
}

std::optional<Validation::Authority> Validation::authority_of(std::string_view role) const {
  if (role == tuf::kTargets) return Authority{.keys = &keys_of(tuf::kTargets), .known = &root_->keys};
  const auto parent = targets_.find(parent_of(role));
  if (parent == targets_.end() || !parent->second.delegations) return std::nullopt;
  const tuf::Delegations& delegations = *parent->second.delegations;
  const tuf::RoleKeys* keys = delegations.keys_of(role);
  if (keys == nullptr) return std::nullopt;
  return Authority{.keys = keys, .known = &delegations.keys};
}

Checked<void> Validation::check_targets_upload(const std::string& role, const UploadedFile& file) {
  auto targets = tuf::notary_codec().targets(file.bytes, role);
  if (!targets) return refuse(Kind::kTargets, targets.error());
  const auto authority = authority_of(role);
  if (!authority) {
    return refuse(Kind::kTargets, fmt::format("tuf: invalid role {}. delegation does not exist", role));
  }
  CHECK_OR_REFUSE(Kind::kTargets, check_signatures(*authority->keys, *authority->known, targets->signed_bytes,
                                                   targets->signatures, role));
  if (auto checked = check_delegations(role, targets->metadata); !checked) return checked;
  if (auto fresh = check_fresh(Kind::kTargets, role, targets->metadata); !fresh) return fresh;
  targets_.insert_or_assign(role, std::move(targets->metadata));
  accept(role, file);
  return {};
}

Checked<void> Validation::check_delegations(std::string_view role, const tuf::Targets& targets) const {
  if (!targets.delegations) return {};
  for (const tuf::DelegatedRole& child : targets.delegations->roles) {
    if (parent_of(child.name) != role) {
      return refuse(Kind::kTargets,
                    fmt::format("{} type metadata invalid: delegation role {} invalid", role, child.name));
    }
    CHECK_OR_REFUSE(Kind::kTargets, check_key_ids(child.keys.key_ids, targets.delegations->keys, role, child.name));
  }
  return {};
}

Checked<void> Validation::settle_snapshot() {
  const auto uploaded = upload_.find(tuf::kSnapshot);
  return uploaded == upload_.end() ? issue_snapshot() : check_snapshot_upload(uploaded->second);
}

Checked<void> Validation::check_snapshot_upload(const UploadedFile& file) {
  const auto snapshot = tuf::notary_codec().snapshot(file.bytes);
  if (!snapshot) return refuse(Kind::kSnapshot, snapshot.error());
  CHECK_OR_REFUSE(Kind::kSnapshot, check_signatures(keys_of(tuf::kSnapshot), root_->keys, snapshot->signed_bytes,
                                                    snapshot->signatures, tuf::kSnapshot));
  if (auto fresh = check_fresh(Kind::kSnapshot, tuf::kSnapshot, snapshot->metadata); !fresh) return fresh;
  if (auto named = check_named(snapshot->metadata); !named) return named;
  snapshot_ = file.bytes;
  accept(tuf::kSnapshot, file);
  return {};
}

// Clients are led to what the snapshot names: it has to be there, and nothing older than what there is.
Checked<void> Validation::check_named(const tuf::Snapshot& snapshot) const {
  const auto mismatch = [](std::string_view role, const tuf::MetaFile& file) {
    const auto sha256 = file.hashes.find("sha256");
    return refuse(Kind::kSnapshot, fmt::format("sha256 checksum for {} did not match: expected {}", role,
                                               sha256 == file.hashes.end() ? "" : to_hex(as_bytes(sha256->second))));
  };
  const auto is_of = [](const tuf::MetaFile& file, std::string_view bytes) {
    return tuf::verify_content(file.length, file.hashes, bytes, "").has_value();
  };
  if (!is_of(*snapshot.root, root_file_)) return mismatch(tuf::kRoot, *snapshot.root);
  for (const auto& [role, file] : snapshot.meta) {
    if (!is_role(role) || !is_targets_role(role)) {
      return refuse(Kind::kSnapshot, fmt::format("\"{}\" is no role of targets", printable(role)));
    }
    if (const auto uploaded = upload_.find(role); uploaded != upload_.end()) {
      if (!is_of(file, uploaded->second.bytes)) return mismatch(role, file);
      continue;
    }
    ASSIGN_OR(broken, const auto stored, state_.latest(role));
    if (!stored || !is_of(file, stored->bytes)) return mismatch(role, file);
  }
  for (const auto& [role, file] : upload_) {
    if (!is_targets_role(role) || snapshot.meta.contains(role)) continue;
    return refuse(Kind::kSnapshot, fmt::format("no checksums for supported algorithms were provided for {}", role));
  }
  return {};
}

Checked<void> Validation::issue_snapshot() {
  ASSIGN_OR(broken, const auto stored, state_.current(tuf::kSnapshot));
  tuf::Snapshot next;
  if (stored) {
    ASSIGN_OR(broken, const auto previous, tuf::notary_codec().snapshot(stored->bytes));
    next = previous.metadata;
  } else if (!targets_.contains(tuf::kTargets)) {
    return refuse(Kind::kValidation, "targets must be loaded first");
  }
  next.root = meta_of(root_file_);
  for (const auto& [role, file] : upload_) {
    if (is_targets_role(role)) next.meta.insert_or_assign(role, meta_of(file.bytes));
  }
  const auto version = next_version(tuf::kSnapshot);
  if (!version) return std::unexpected(version.error());
  next.version = *version;
  next.expires = now_ + rules_.lifetimes.snapshot;
  ASSIGN_OR(broken, auto issued, issue(keys_, *root_, next));
  if (!issued) {
    return refuse(Kind::kHierarchy,
                  "no snapshot was included in update and server does not hold current snapshot key for repository",
                  std::string(tuf::kSnapshot));
  }
  snapshot_ = issued->bytes;
  out_.files.push_back(*std::move(issued));
  return {};
}

Checked<void> Validation::issue_timestamp() {
  tuf::Timestamp next;
  next.snapshot = meta_of(snapshot_);
  const auto version = next_version(tuf::kTimestamp);
  if (!version) return std::unexpected(version.error());
  next.version = *version;
  next.expires = now_ + rules_.lifetimes.timestamp;
  ASSIGN_OR(broken, auto issued, issue(keys_, *root_, next));
  if (!issued) return refuse(Kind::kRoot, "no timestamp keys exist on the server");
  out_.files.push_back(*std::move(issued));
  return {};
}

Checked<int64_t> Validation::next_version(std::string_view role) const {
  ASSIGN_OR(broken, const auto latest, state_.latest(role));
  ASSIGN_OR(broken, const int64_t floor, state_.floor(role));
  return std::max(latest ? latest->version : 0, floor) + 1;
}

// Last, as notary's server sees it where it stores.
Checked<void> Validation::check_versions() {
  for (const NewFile& file : out_.files) {
    if (!upload_.contains(file.role) || file.role == tuf::kTimestamp) continue;
    ASSIGN_OR(broken, const auto latest, state_.latest(file.role));
    const int64_t before = latest ? latest->version : 0;
    if (file.version <= before) return refuse(Kind::kOldVersion, "");
    if (file.version - before > rules_.max_version_jump) {
      return refuse(file.role == tuf::kSnapshot ? Kind::kSnapshot : Kind::kTargets,
                    fmt::format("version {} of {} is too far past {}: versions rise by {} at most", file.version,
                                file.role, before, rules_.max_version_jump));
    }
  }
  return {};
}

}  // namespace

std::expected<Accepted, Refusal> validate(std::string_view gun, const Upload& upload, const RepositoryState& state,
                                          const ServerKeys& keys, const ValidationRules& rules, int64_t now) {
  return Validation(gun, upload, state, keys, rules, now).run();
}

}  // namespace bulkhead::notary
