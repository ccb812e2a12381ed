// What a server of Notary v1 lets be published. Source: theupdateframework/notary 0.7, server/handlers/validation.go,
// tuf/builder.go, trustpinning/certs.go; where this is stricter, it is so that clients are never given what they would
// refuse, and so that one upload cannot spoil a role for ever:
//  - a role's version may rise by max_version_jump at most;
//  - a snapshot that a client brings must name the latest file of every role that it names;
//  - hashes are those of the bytes as they came, which are what is served;
//  - a root key of a repository that was removed serves no later one of that name.
//
// Pure but for the two interfaces. Trust of the uploads: none.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notary/issue.h"
#include "tuf/metadata.h"

namespace bulkhead::notary {

// What there is of the repository. The calls fail as the store does.
class RepositoryState {
 public:
  virtual ~RepositoryState() = default;
  // What the current timestamp leads to; the timestamp itself, too.
  virtual Result<std::optional<StoredFile>> current(std::string_view role) const = 0;
  // What current(root) says.
  virtual Result<std::optional<tuf::Root>> root() const = 0;
  // The latest, whether something leads to it or not.
  virtual Result<std::optional<StoredFile>> latest(std::string_view role) const = 0;
  virtual Result<int64_t> floor(std::string_view role) const = 0;          // of Store
  virtual Result<bool> is_buried(std::string_view root_key_id) const = 0;  // of Store
};

struct UploadedFile {
  int64_t version = 0;  // as its "signed" says; 0 where it does not
  std::string bytes;
};
using Upload = std::map<std::string, UploadedFile, std::less<>>;  // by role; all are roles

struct ValidationRules {
  IssuedLifetimes lifetimes{};
  int64_t max_version_jump = 1000;
};

// Why an upload is refused, in the terms that clients know.
struct Refusal {
  enum class Kind : uint8_t { kValidation, kHierarchy, kRoot, kTargets, kSnapshot, kOldVersion, kInternal };
  Kind kind = Kind::kInternal;
  std::string message;
  std::string missing{};  // of kHierarchy: the role
};

// What is to be stored: the uploads but for a timestamp, with what the server signs itself.
struct Accepted {
  std::vector<NewFile> files;  // timestamp last
  std::optional<tuf::Root> root;
};

// `now`: seconds since 1970.
std::expected<Accepted, Refusal> validate(std::string_view gun, const Upload& upload, const RepositoryState& state,
                                          const ServerKeys& keys, const ValidationRules& rules, int64_t now);

}  // namespace bulkhead::notary
