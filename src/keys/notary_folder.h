// The private keys in the trust folder of docker and notary ($DOCKER_CONFIG/trust, ~/.notary): `private/<id>.key`.
// Folder and files are the user's; what is in them is untrusted. Thread-safe.
#pragma once

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

// Without decrypting anything: ids are the names of the files, and open_notary_key() checks them. None when the folder
// has no `private`.
Result<NotaryKeys> list_notary_keys(const std::string& trust_folder);

// kVerificationFailed when the file holds another key than its name says.
Result<KeyFile> open_notary_key(const NotaryKey& key, const AskPassphrase& ask);

// Its id. Never written over.
Result<std::string> add_notary_key(const std::string& trust_folder, const PrivateKey& key, std::string_view passphrase,
                                   const KeyFacts& facts);

}  // namespace bulkhead::keys
