// Where our private keys are kept: a folder (0700) with a file (0600) for each key, named by its id. A file holds what
// the key was made for and the public half in the clear, and the private one in PKCS#8 under a passphrase. Nothing but
// a passphrase is ever changed in it, and a process that is killed at any moment leaves each key whole, by the old
// passphrase or the new one. Thread-safe; several processes may use one folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signer.h"
#include "keys/key_file.h"
#include "keys/token.h"

namespace bulkhead::keys {

// The whole file or none, with mode 0600, in a folder that is made with 0700: kInvalidArgument when there is one of
// that name already.
Status write_new_key_file(const std::string& path, const Secret& text);

// The key in the file; errors name the path.
Result<KeyFile> read_key_file(const std::string& path, const AskPassphrase& ask);

struct StoredKey {
  std::string id;
  PublicKey public_key;
  KeyFacts facts{};  // what was said when it was added; nobody vouches for it
};

struct StoredKeys {
  std::vector<StoredKey> keys;    // in the order of their ids
  std::vector<Error> unreadable;  // of files that do not bear their names out; each names one

  auto begin() const { return keys.begin(); }
  auto end() const { return keys.end(); }
};

class KeyStore {
 public:
  explicit KeyStore(std::string folder) : folder_(std::move(folder)) {}

  // The id it is kept by from now on. Role and gun of `facts` are kept beside it. kInvalidArgument when it is there
  // already.
  Result<std::string> add(const PrivateKey& key, std::string_view passphrase, const KeyFacts& facts = {}) const;
  // None when there is no such folder yet.
  Result<StoredKeys> list() const;
  // By its id, or the first digits of it: at least 8, and of no other key (kInvalidArgument). kNotFound;
  // kVerificationFailed when the file holds another key than its name says.
  Result<StoredKey> find(std::string_view id) const;
  // By its whole id.
  Result<PrivateKey> open(std::string_view id, const AskPassphrase& ask) const;
  Status change_passphrase(std::string_view id, const AskPassphrase& ask, std::string_view next) const;
  // For ever, with what writers that were killed have left of it.
  Status remove(std::string_view id) const;

 private:
  Result<std::string> path_of(std::string_view id) const;
  Status remove_leftovers(const std::string& path) const;
  std::string folder_;
};

// How a user names a key: `file:PATH`, `store:ID`, `pkcs11:…` (token.h).
struct KeyReference {
  enum class Kind : uint8_t { kFile, kStore, kToken };
  Kind kind;
  std::string name;  // the path, the id, the whole URI
};
// As check_token_uri() for those of tokens.
Result<KeyReference> parse_key_reference(std::string_view text);

// As KeyStore::open(), read_key_file() or open_token_signer().
Result<std::unique_ptr<Signer>> open_signer(const KeyReference& reference, const KeyStore& store,
                                            const AskPassphrase& ask, const TokenAccess& tokens = {});

}  // namespace bulkhead::keys
