// The vocabulary of The Update Framework: what signed metadata says, apart from how its bytes spell it (codec.h).
// Source: TUF 1.0.34 section 4; TAP 15 (succinct hash bins). Plain values; safe to share between threads when constant.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key.h"

namespace bulkhead::tuf {

// The four top-level roles; every other name is a delegated targets role.
inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kTimestamp = "timestamp";
inline constexpr std::string_view kSnapshot = "snapshot";
inline constexpr std::string_view kTargets = "targets";
bool is_top_level(std::string_view role);

// A key as metadata lists it. One whose type or scheme is unknown here keeps its id and can verify nothing.
struct Key {
  struct Usable {
    PublicKey key;
    SignatureScheme scheme;
  };
  std::optional<Usable> usable;
  std::string json{};  // as it is listed, in canonical form: what its id is the hash of
};
using Keys = std::map<std::string, Key, std::less<>>;  // by key id

// Who signs a role.
struct RoleKeys {
  std::vector<std::string> key_ids;  // distinct
  uint32_t threshold = 1;            // at least 1
};

struct Signature {
  std::string key_id;
  std::string bytes;  // decoded; empty when it was no text that decodes, which verifies nothing
  // Where the dialect has a signature say how it was made, and the codec knows it: instead of the key's scheme.
  std::optional<SignatureScheme> scheme = std::nullopt;
};

// "sha256" → 32 bytes; algorithms that are unknown here are kept by name.
using Hashes = std::map<std::string, std::string, std::less<>>;

struct MetaFile {
  int64_t version = 0;  // 0: not stated, as in the Notary dialect; hashes are, then
  std::optional<uint64_t> length;
  Hashes hashes;
};

struct Common {
  int64_t version = 0;  // at least 1
  int64_t expires = 0;  // seconds since 1970
};

struct Root : Common {
  static constexpr std::string_view kRole = kRoot;
  bool consistent_snapshot = false;
  Keys keys;
  std::map<std::string, RoleKeys, std::less<>> roles;  // all four
};

struct Timestamp : Common {
  static constexpr std::string_view kRole = kTimestamp;
  MetaFile snapshot;
};

struct Snapshot : Common {
  static constexpr std::string_view kRole = kSnapshot;
  std::optional<MetaFile> root;                       // where the dialect states it
  std::map<std::string, MetaFile, std::less<>> meta;  // by role name, targets and delegated ones
};

struct TargetFile {
  uint64_t length = 0;
  Hashes hashes;       // at least one
  std::string custom;  // canonical JSON, or empty
};

// Delegation by patterns of paths, by prefixes of the SHA-256 of paths, or (Notary) by prefixes of paths.
struct DelegatedRole {
  std::string name;
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;               // either these
  std::vector<std::string> hash_prefixes;       // or these
  std::vector<std::string> path_prefixes = {};  // or these
  bool covers(std::string_view target_path) const;
};

// TAP 15: 2^bit_length roles "<prefix>-<bin in hex>", each for the paths whose SHA-256 begins with the bin's bits.
struct SuccinctRoles {
  RoleKeys keys;
  uint32_t bit_length = 0;  // 1 to 32
  std::string name_prefix;
  std::string role_for(std::string_view target_path) const;
  std::vector<std::string> all_roles() const;  // in the order of bins
  bool has(std::string_view role) const;
};

struct Delegations {
  Keys keys;
  std::vector<DelegatedRole> roles;       // in order of priority
  std::optional<SuccinctRoles> succinct;  // instead of roles

  // Who signs that role for this delegator; nothing when it does not delegate to it.
  const RoleKeys* keys_of(std::string_view role) const;
};

struct Targets : Common {
  static constexpr std::string_view kRole = kTargets;
  std::map<std::string, TargetFile, std::less<>> targets;  // by path
  std::optional<Delegations> delegations;
};

// Metadata with its signatures and the bytes that those sign.
template <typename T>
struct Signed {
  T metadata;
  std::vector<Signature> signatures;  // one for each key id
  std::string signed_bytes;
};

}  // namespace bulkhead::tuf
