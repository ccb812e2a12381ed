// What of a repository of Docker Content Trust (Notary v1) may still be believed, and can be signed anew: the tags
// whose digests its metadata vouches for, by the rules of a client, and the keys that sign it. For the time when its
// server is gone: who still has the metadata has the proof of what it said.
//
// Expired metadata is believed only where that is asked for, and then as it was at the last moment at which all of it
// held; every such leniency is told. Nothing else is tolerated. Pure but for `read`; trust of what it reads: none,
// beyond the first root. Source: theupdateframework/notary 0.7; docker/cli 28, cli/trust.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "tuf/metadata.h"

namespace bulkhead::trust {

// The metadata of a role. `file` is what other metadata says of it: nothing for timestamp. kNotFound: there is none.
using ReadMetadata = std::function<Result<std::string>(std::string_view role, const tuf::MetaFile& file)>;

struct RescueRequest {
  std::string gun;                 // "docker.io/library/debian"
  std::vector<std::string> roots;  // the one that is trusted, then its successors
  ReadMetadata read;
  int64_t now = 0;  // seconds since 1970
  bool allow_expired = false;
  // Roles whose tags count beside those of targets/releases and targets, which are all that docker pulls by.
  std::vector<std::string> more_roles{};
};

struct RescuedTag {
  std::string tag;
  Digest digest;                       // of the manifest or index
  uint64_t size = 0;                   // of it
  std::string role;                    // that vouches for it
  std::vector<std::string> signers{};  // other roles that say the same of it
};

struct RescueLoss {
  std::string what;  // "root", "targets/alice", "tag 1.0"
  std::string why;
};

// A key that signs a role, by the id that docker and notary name key files by.
struct RoleKeyId {
  std::string role;
  std::string notary_id;
  friend bool operator==(const RoleKeyId&, const RoleKeyId&) = default;
};

struct RescuedRepository {
  std::string gun;
  std::vector<RescuedTag> tags;  // in the order of their names
  std::vector<RoleKeyId> keys;   // of the root and the delegations that are believed
  std::vector<std::string> tolerated;
  std::vector<RescueLoss> lost;
};

constexpr size_t kMaxRescuedRoles = 100;                    // that are delegated, and asked for
constexpr size_t kMaxRescuedBytes = size_t{256} << 20;      // of all metadata of a repository, with its roots
constexpr size_t kMaxRescuedRootBytes = size_t{512} << 10;  // of each root

// What cannot be saved is in `lost`, with the reason; there is no other failure.
RescuedRepository rescue(const RescueRequest& request);

}  // namespace bulkhead::trust
