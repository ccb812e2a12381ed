// How a command comes by private keys: how a user names one, and where passphrases and PINs are from. What is asked for
// is kept for the life of the object, so that a source is read, and a person asked, once for each purpose.
#pragma once

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
#include "keys/key_store.h"

namespace bulkhead::cli {

// What a KEY may be, for help.
inline constexpr std::string_view kKeyReferences =
    "A KEY is store:ID (in the key store, $XDG_DATA_HOME/bulkhead/keys; the first 8 digits do), file:PATH (a PEM file "
    "of "
    "OpenSSL, cosign, docker or notary, or of a public key where nothing is signed), or a pkcs11: URI (a token, RFC "
    "7512).";

keys::KeyStore key_store();

// From now on nobody else of this user can look into the process, and no core file holds its memory.
void guard_memory();

class KeyAccess {
 public:
  // --passphrase, --pkcs11-module
  void declare(Flags& flags);
  // --new-passphrase, for commands that read one key and write another. Without it new keys have --passphrase's.
  void declare_new(Flags& flags);

  // Instead of these: a flag of that name for one source, of what is no key.
  void declare_source(Flags& flags, std::string name, std::string help);

  // Of an existing key; `what` names it in the prompt, `role` is docker's and notary's.
  Result<Secret> passphrase(std::string_view what, std::string_view role = {});
  // Of keys that are made, or of `what`: the terminal is asked twice. Never empty.
  Result<Secret> new_passphrase(std::string_view what = {});
  keys::TokenAccess tokens();

  // `text` is a KEY. An id in the store that is shortened is completed.
  Result<keys::KeyReference> parse(std::string_view text) const;
  Result<std::unique_ptr<Signer>> open_signer(std::string_view text);
  // The public half, also of a PEM file that has no other; asks for a passphrase or PIN only where it does not stand in
  // the clear.
  Result<PublicKey> public_key(std::string_view text);
  // A private key in memory. kUnsupported for those of tokens.
  Result<keys::KeyFile> open_private(std::string_view text);

 private:
  struct Source {
    std::string role;  // empty: all others
    PassphraseSource source;
    std::optional<Secret> read{};  // but from the terminal
  };
  Result<Secret> read(Source& source, std::string_view prompt);
  Source& source_of(std::string_view role);

  std::vector<Source> sources_;
  std::optional<Source> new_source_;
  std::optional<Secret> new_;
  std::string module_;
};

// --key-type, of keys that are made.
void declare_key_type(Flags& flags, KeyType& type);

}  // namespace bulkhead::cli
