// The private keys in the trust folder of docker and notary ($DOCKER_CONFIG/trust, ~/.notary): `private/<id>.key`, and
// before notary 0.5 `private/root_keys/<id>_root.key` and `private/tuf_keys/<gun>/<id>_<role>.key`, with the role in
// the name or in the file. Folder and files are the user's; what is in them is untrusted. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/key_file.h"

namespace bulkhead::keys {

struct NotaryKey {
  std::string id;
  std::string path;
  KeyFacts facts;
};
struct NotaryKeys {
  std::vector<NotaryKey> keys;    // in the order of their ids
  std::vector<Error> unreadable;  // of the files that are no keys
};

// What the place of a key file below `private` says of it: pure, for any path. Nothing when it is no place of a key.
struct NotaryKeyPlace {
  std::string id;
  std::string role{};
  std::string gun{};
};
std::optional<NotaryKeyPlace> parse_notary_key_path(std::string_view path);

// Without decrypting anything: ids are the names of the files, and open_notary_key() checks them. What a file says of
// its role and gun goes before what its place says. None when the folder has no `private`; kLimitExceeded past 10,000
// files.
Result<NotaryKeys> list_notary_keys(const std::string& trust_folder);

// kVerificationFailed when the file holds another key than its name says.
Result<KeyFile> open_notary_key(const NotaryKey& key, const AskPassphrase& ask);

// Its id. Never written over.
Result<std::string> add_notary_key(const std::string& trust_folder, const PrivateKey& key, std::string_view passphrase,
                                   const KeyFacts& facts);

}  // namespace bulkhead::keys
