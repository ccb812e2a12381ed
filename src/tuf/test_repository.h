// For tests only: a repository in memory with its keys, and a store in memory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "tuf/updater.h"

namespace bulkhead::tuf {

inline constexpr int64_t kTestNow = 1'800'000'000;
inline constexpr int64_t kTestLater = kTestNow + 1'000'000;

class MemoryStore final : public MetadataStore {
 public:
  Result<std::optional<std::string>> load(std::string_view role) override {
    const auto found = files.find(role);
    return found == files.end() ? std::optional<std::string>() : found->second;
  }
  Status save(std::string_view role, std::string_view bytes) override {
    files.insert_or_assign(std::string(role), std::string(bytes));
    return {};
  }
  std::map<std::string, std::string, std::less<>> files;
};

// A test changes the metadata, its signers or the files, and publishes what it wants to be seen.
class TestRepository final : public MetadataSource {
 public:
  TestRepository() {
    root.version = timestamp.version = snapshot.version = targets.version = 1;
    root.expires = timestamp.expires = snapshot.expires = targets.expires = kTestLater;
    root.consistent_snapshot = true;
    for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
      root.roles[std::string(role)] = {};
      add_signer(role);
    }
    snapshot.meta[std::string(kTargets)] = {.version = 1, .length = {}, .hashes = {}};
    timestamp.snapshot.version = 1;
    publish_all();
  }

  static PrivateKey new_key() { return *PrivateKey::generate(KeyType::kEd25519); }

  // A new key for a top-level role, which signs from now on.
  void add_signer(std::string_view role) {
    const PrivateKey key = new_key();
    auto [id, listed] = tuf1_codec().list(key.public_key());
    root.roles[std::string(role)].key_ids.push_back(id);
    root.keys.emplace(id, std::move(listed));
    signers[std::string(role)].emplace(id, key);
  }
  void rotate(std::string_view role) {
    root.roles[std::string(role)].key_ids.clear();
    signers[std::string(role)].clear();
    add_signer(role);
  }
  // Lets `delegator` delegate to a role with a new key, which signs it from now on.
  void delegate(Targets& delegator, DelegatedRole role) {
    if (!delegator.delegations) delegator.delegations.emplace();
    const PrivateKey key = new_key();
    auto [id, listed] = tuf1_codec().list(key.public_key());
    role.keys.key_ids = {id};
    signers[role.name].emplace(id, key);
    delegator.delegations->keys.emplace(id, std::move(listed));
    delegator.delegations->roles.push_back(std::move(role));
  }

  template <typename T>
  std::string sign(std::string_view role, const T& metadata) const {
    const std::string bytes = tuf1_codec().write(metadata);
    std::vector<Signature> signatures;
    for (const auto& [id, key] : signers.find(role)->second) {
      signatures.push_back({.key_id = id, .bytes = *key.sign({SignatureScheme::Kind::kEd25519}, as_bytes(bytes))});
    }
    return tuf1_codec().envelope(bytes, signatures);
  }

  void publish_root() { files[std::to_string(root.version) + ".root.json"] = sign(kRoot, root); }
  void publish_timestamp() { files["timestamp.json"] = sign(kTimestamp, timestamp); }
  void publish_snapshot() { files[std::to_string(snapshot.version) + ".snapshot.json"] = sign(kSnapshot, snapshot); }
  void publish_targets(std::string_view role, const Targets& metadata) {
    files[std::to_string(metadata.version) + "." + path_segment(role) + ".json"] = sign(role, metadata);
    snapshot.meta[std::string(role)].version = metadata.version;
  }
  void publish_all() {
    publish_root();
    publish_targets(kTargets, targets);
    publish_snapshot();
    publish_timestamp();
  }
  // New versions of snapshot and timestamp, which name what was published since.
  void publish_new_snapshot() {
    ++snapshot.version;
    publish_snapshot();
    timestamp.snapshot.version = snapshot.version;
    ++timestamp.version;
    publish_timestamp();
  }

  Result<std::string> fetch(std::string_view name, uint64_t max_bytes) override {
    requests.emplace_back(name);
    if (failure && name == failing) return std::unexpected(*failure);
    const auto found = files.find(name);
    if (found == files.end()) return fail(Code::kNotFound, std::string(name) + " is not there");
    if (found->second.size() > max_bytes) return fail(limit_error("bytes", max_bytes, ""));
    return found->second;
  }

  Root root;
  Timestamp timestamp;
  Snapshot snapshot;
  Targets targets;
  std::map<std::string, std::map<std::string, PrivateKey>, std::less<>> signers;
  std::map<std::string, std::string, std::less<>> files;
  std::vector<std::string> requests;
  std::optional<Error> failure;
  std::string failing;
};

}  // namespace bulkhead::tuf
