// Where our private keys are kept: a folder (0700) with a file (0600) for each key, named by its id. A file holds the
// public half in the clear and the private one in PKCS#8 under a passphrase. Nothing in it is ever written over.
// Thread-safe; several processes may use one folder.
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
};

class KeyStore {
 public:
  explicit KeyStore(std::string folder) : folder_(std::move(folder)) {}

  // The id it is kept by from now on.
  Result<std::string> add(const PrivateKey& key, std::string_view passphrase) const;
  // In the order of their ids; none when there is no such folder yet. A file whose contents do not bear its name out is
  // kVerificationFailed.
  Result<std::vector<StoredKey>> list() const;
  // kNotFound; kVerificationFailed when the file holds another key than its name says.
  Result<PrivateKey> open(std::string_view id, const AskPassphrase& ask) const;

 private:
  Result<std::string> path_of(std::string_view id) const;
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
