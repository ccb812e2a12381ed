// Keys of the trust commands: how they are named, where their passphrases are from, and how new ones are made.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "cli/flags.h"
#include "cli/passphrase.h"
#include "crypto/signer.h"
#include "tuf/repository.h"

namespace bulkhead::cli {

// What a KEY may be, for help.
inline constexpr std::string_view kKeyForms =
    "A KEY is store:ID (in the key store, $XDG_DATA_HOME/bulkhead/keys), file:PATH (a PEM file of OpenSSL, cosign, "
    "docker or "
    "notary, or of a public key where nothing is signed), or pkcs11:… (a token, RFC 7512).";

// Opens each key once. The terminal is asked for each passphrase; any other source is read once and serves all keys.
class TrustKeys {
 public:
  void declare(Flags& flags);
  void declare(Flags& flags, std::string name, std::string help);

  // The public half; a passphrase is asked for only where no public half is at hand.
  Result<PublicKey> public_key(const std::string& reference);
  Result<std::shared_ptr<const Signer>> open(const std::string& reference);
  // The private half itself; nothing for a key that never leaves its token.
  Result<std::optional<PrivateKey>> private_key(const std::string& reference);
  // Whether its private half can be had, as far as can be told without a passphrase.
  Status is_here(const std::string& reference);
  // In the store, under a passphrase that is asked for once for all; answers its reference.
  Result<std::string> generate(KeyType type);
  // For what is to be encrypted. The terminal is asked twice.
  Result<Secret> new_passphrase(std::string_view prompt);
  // For what is to be decrypted.
  Result<Secret> passphrase(std::string_view prompt);

 private:
  PassphraseSource source_;
  std::optional<Secret> read_;                                              // from a source that is no terminal
  std::optional<Secret> new_;                                               // of generated keys
  std::map<std::string, std::shared_ptr<const Signer>, std::less<>> open_;  // by reference
};

// For tuf::Repository, which keeps no key.
tuf::RoleSigner role_signer(std::shared_ptr<const Signer> signer);

// --backup-passphrase
void add_backup_passphrase_flag(Flags& flags, TrustKeys& keys);
// --key-type
void add_key_type_flag(Flags& flags, KeyType& type);

}  // namespace bulkhead::cli
