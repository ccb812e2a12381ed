// What a server of Notary v1 signs itself: timestamps always, snapshots where root names a key that it holds. Pure but
// for the keys, which are asked for through an interface.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "notary/store.h"
#include "tuf/metadata.h"

namespace bulkhead::notary {

// The server's keys of one repository.
class ServerKeys {
 public:
  virtual ~ServerKeys() = default;
  virtual Result<bool> holds(std::string_view role, std::string_view key_id) const = 0;
  // The signature's bytes, by a key that it holds: kNotFound for another.
  virtual Result<std::string> sign(std::string_view role, std::string_view key_id, SignatureScheme scheme,
                                   std::string_view message) const = 0;
};

// Seconds; what notary's own server gives.
struct IssuedLifetimes {
  int64_t snapshot = 3 * 365LL * 86'400;
  int64_t timestamp = 14 * 86'400LL;
};

// Signed by every key of the role that is held; nothing when they are fewer than root asks for.
Result<std::optional<NewFile>> issue(const ServerKeys& keys, const tuf::Root& root, const tuf::Snapshot& snapshot);
Result<std::optional<NewFile>> issue(const ServerKeys& keys, const tuf::Root& root, const tuf::Timestamp& timestamp);

// Length, SHA-256 and SHA-512 of a file.
tuf::MetaFile meta_of(std::string_view bytes);

}  // namespace bulkhead::notary
