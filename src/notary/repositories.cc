#include "notary/repositories.h"

#include <algorithm>

#include <fmt/format.h>

#include "tuf/codec.h"

namespace bulkhead::notary {
namespace {

constexpr size_t kMaxHeads = 4096;
constexpr int64_t kRenewalMargin = 3600;
constexpr int kAttempts = 3;

int64_t renewal_of(const tuf::Common& metadata, int64_t lifetime) {
  return metadata.expires - std::min(kRenewalMargin, lifetime / 10);
}

const std::string& sha256_of(const tuf::MetaFile& file) {
  return file.hashes.find("sha256")->second;  // the codec sees to it that there is one
}

Error missing(std::string_view what) {
  return {Code::kMalformed, fmt::format("the database lacks the {} that it leads to", what)};
}

}  // namespace

struct Repositories::Head {
  StoredFile timestamp;
  StoredFile snapshot;
  tuf::Root root;
  std::map<std::string, std::string, std::less<>> sha256;  // of what the snapshot names, by role
  tuf::Snapshot snapshot_metadata;
  bool snapshot_due_matters = false;  // the server can sign snapshots of this root
  int64_t timestamp_due = 0;          // seconds since 1970
  int64_t snapshot_due = 0;

  bool is_due(int64_t now) const { return timestamp_due <= now || (snapshot_due_matters && snapshot_due <= now); }
};

class Repositories::Keys final : public ServerKeys {
 public:
  Keys(Store& store, std::string_view gun) : store_(store), gun_(gun) {}

  Result<bool> holds(std::string_view role, std::string_view key_id) const override {
    return store_.holds_key(gun_, role, key_id);
  }
  Result<std::string> sign(std::string_view role, std::string_view key_id, SignatureScheme scheme,
                           std::string_view message) const override {
    TRY_ASSIGN(const PrivateKey key, store_.private_key(gun_, role, key_id));
    return key.sign(scheme, as_bytes(message));
  }

 private:
  Store& store_;
  std::string_view gun_;
};

class Repositories::State final : public RepositoryState {
 public:
  State(Store& store, std::string_view gun, HeadPointer head) : store_(store), gun_(gun), head_(std::move(head)) {}

  Result<std::optional<StoredFile>> current(std::string_view role) const override {
    if (head_ == nullptr) return std::nullopt;
    if (role == tuf::kTimestamp) return head_->timestamp;
    if (role == tuf::kSnapshot) return head_->snapshot;
    const auto named = head_->sha256.find(role);
    if (named == head_->sha256.end()) return std::nullopt;
    return store_.by_hash(gun_, role, named->second);
  }
  Result<std::optional<tuf::Root>> root() const override {
    if (head_ == nullptr) return std::nullopt;
    return head_->root;
  }
  Result<std::optional<StoredFile>> latest(std::string_view role) const override { return store_.latest(gun_, role); }
  Result<int64_t> floor(std::string_view role) const override { return store_.floor(gun_, role); }
  Result<bool> is_buried(std::string_view root_key_id) const override { return store_.is_buried(gun_, root_key_id); }

 private:
  Store& store_;
  std::string_view gun_;
  HeadPointer head_;
};

Repositories::Repositories(Store& store, const ValidationRules& rules, std::function<int64_t()> clock)
    : store_(store), rules_(rules), clock_(std::move(clock)) {}
Repositories::~Repositories() = default;

std::mutex& Repositories::changing(std::string_view gun) {
  return changing_.at(std::hash<std::string_view>()(gun) % changing_.size());
}

Result<Repositories::HeadPointer> Repositories::load(const std::string& gun) {
  auto head = std::make_shared<Head>();
  TRY_ASSIGN(auto timestamp, store_.latest(gun, tuf::kTimestamp));
  if (!timestamp) return nullptr;
  TRY_ASSIGN(const auto read, tuf::notary_codec().timestamp(timestamp->bytes));
  TRY_ASSIGN(auto snapshot, store_.by_hash(gun, tuf::kSnapshot, sha256_of(read.metadata.snapshot)));
  if (!snapshot) return fail(missing(tuf::kSnapshot));
  TRY_ASSIGN(auto named, tuf::notary_codec().snapshot(snapshot->bytes));
  TRY_ASSIGN(const auto root, store_.by_hash(gun, tuf::kRoot, sha256_of(*named.metadata.root)));
  if (!root) return fail(missing(tuf::kRoot));
  TRY_ASSIGN(head->root, read_root(gun, *root));
  head->sha256.emplace(tuf::kRoot, root->sha256);
  for (const auto& [role, file] : named.metadata.meta) head->sha256.emplace(role, sha256_of(file));
  head->timestamp_due = renewal_of(read.metadata, rules_.lifetimes.timestamp);
  head->snapshot_due = renewal_of(named.metadata, rules_.lifetimes.snapshot);
  const Keys keys(store_, gun);
  const tuf::RoleKeys& signers = head->root.roles.find(tuf::kSnapshot)->second;
  uint32_t held = 0;
  for (const std::string& id : signers.key_ids) {
    TRY_ASSIGN(const bool holds, keys.holds(tuf::kSnapshot, id));
    held += holds ? 1 : 0;
  }
  head->snapshot_due_matters = held >= signers.threshold;
  head->snapshot_metadata = std::move(named.metadata);
  head->timestamp = *std::move(timestamp);
  head->snapshot = *std::move(snapshot);
  return head;
}

Result<Repositories::HeadPointer> Repositories::head_of(const std::string& gun) {
  uint64_t generation = 0;
  HeadPointer head;
  {
    const std::scoped_lock lock(heads_mutex_);
    generation = generation_;
    if (const auto found = heads_.find(gun); found != heads_.end() && !found->second.stale) {
      head = found->second.head;
    }
  }
  if (head == nullptr) {
    TRY_ASSIGN(head, load(gun));
    if (head == nullptr) return head;
    const std::scoped_lock lock(heads_mutex_);
    if (generation == generation_) {
      if (heads_.size() >= kMaxHeads) heads_.clear();
      heads_.insert_or_assign(gun, Kept{.head = head});
    }
  }
  return head->is_due(now()) ? renewed(gun) : head;
}

void Repositories::forget(const std::string& gun) {
  const std::scoped_lock lock(heads_mutex_);
  ++generation_;
  if (const auto found = heads_.find(gun); found != heads_.end()) found->second.stale = true;
}

Result<tuf::Root> Repositories::read_root(const std::string& gun, const StoredFile& file) {
  {
    const std::scoped_lock lock(heads_mutex_);
    if (const auto found = heads_.find(gun); found != heads_.end()) {
      const Head& kept = *found->second.head;
      if (kept.sha256.find(tuf::kRoot)->second == file.sha256) return kept.root;
    }
  }
  TRY_ASSIGN(auto read, tuf::notary_codec().root(file.bytes));
  return std::move(read.metadata);
}

Result<Repositories::HeadPointer> Repositories::renewed(const std::string& gun) {
  const std::scoped_lock lock(changing(gun));
  TRY_ASSIGN(const HeadPointer head, load(gun));
  if (head == nullptr || !head->is_due(now())) return head;
  const Keys keys(store_, gun);
  Store::Update update{.base = head->timestamp.version};
  tuf::Timestamp timestamp;
  timestamp.version = head->timestamp.version + 1;
  timestamp.expires = now() + rules_.lifetimes.timestamp;
  timestamp.snapshot = meta_of(head->snapshot.bytes);
  if (head->snapshot_due_matters && head->snapshot_due <= now()) {
    tuf::Snapshot snapshot = head->snapshot_metadata;
    TRY_ASSIGN(const auto latest, store_.latest(gun, tuf::kSnapshot));
    snapshot.version = latest->version + 1;
    snapshot.expires = now() + rules_.lifetimes.snapshot;
    TRY_ASSIGN(auto issued, issue(keys, head->root, snapshot));
    if (issued) {
      timestamp.snapshot = meta_of(issued->bytes);
      update.files.push_back(*std::move(issued));
    }
  }
  TRY_ASSIGN(auto issued, issue(keys, head->root, timestamp));
  if (!issued) return head;  // whoever holds the key has to
  update.files.push_back(*std::move(issued));
  TRY_ASSIGN(const auto outcome, store_.update(gun, update, clock_()));
  forget(gun);
  renewals_ += outcome == Store::Outcome::kDone ? 1 : 0;
  return load(gun);
}

Result<std::optional<StoredFile>> Repositories::current(const std::string& gun, std::string_view role) {
  TRY_ASSIGN(HeadPointer head, head_of(gun));
  return State(store_, gun, std::move(head)).current(role);
}

std::expected<void, Refusal> Repositories::publish(const std::string& gun, const Upload& upload) {
  const auto broken = [](const Error& error) {
    return std::unexpected(Refusal{.kind = Refusal::Kind::kInternal, .message = error.to_string()});
  };
  const std::scoped_lock lock(changing(gun));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto head = load(gun);
    if (!head) return broken(head.error());
    auto accepted = validate(gun, upload, State(store_, gun, *head), Keys(store_, gun), rules_, now());
    if (!accepted) return std::unexpected(std::move(accepted).error());
    const Store::Update update{.base = *head == nullptr ? 0 : (*head)->timestamp.version,
                               .files = std::move(accepted->files),
                               .root = std::move(accepted->root)};
    const auto outcome = store_.update(gun, update, clock_());
    forget(gun);
    if (!outcome) return broken(outcome.error());
    if (*outcome == Store::Outcome::kDone) return {};
    if (*outcome == Store::Outcome::kOldVersion) return std::unexpected(Refusal{.kind = Refusal::Kind::kOldVersion});
  }
  return broken(Error(Code::kUnavailable, "the repository changed again and again"));
}

Status Repositories::remove(const std::string& gun) {
  const std::scoped_lock lock(changing(gun));
  const auto removed = store_.remove(gun, clock_());
  forget(gun);
  TRY(removed);
  return {};
}

Result<HeldKey> Repositories::key(const std::string& gun, std::string_view role) {
  const std::scoped_lock lock(changing(gun));
  TRY_ASSIGN(const HeadPointer head, load(gun));
  TRY_ASSIGN(const auto held, store_.keys(gun, role));
  if (head != nullptr) {
    for (const std::string& id : head->root.roles.find(role)->second.key_ids) {
      if (const auto key = std::ranges::find(held, id, &HeldKey::id); key != held.end()) return *key;
    }
  }
  return pending_key(gun, role, held);
}

Result<HeldKey> Repositories::next_key(const std::string& gun, std::string_view role) {
  const std::scoped_lock lock(changing(gun));
  TRY_ASSIGN(const auto held, store_.keys(gun, role));
  return pending_key(gun, role, held);
}

Result<HeldKey> Repositories::pending_key(const std::string& gun, std::string_view role,
                                          const std::vector<HeldKey>& held) {
  const auto pending = std::ranges::find(held, false, &HeldKey::published);
  if (pending != held.end()) return *pending;
  TRY_ASSIGN(const PrivateKey made, PrivateKey::generate(KeyType::kEd25519));
  return store_.add_key(gun, role, made, clock_());
}

}  // namespace bulkhead::notary
