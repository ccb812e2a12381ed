// Key files as they are found in the world, read by one function, and written for whoever is to read them: PKCS#8 in
// PEM (plain, or under PBES2), docker's and notary's with `role:` and `gun:` in front, cosign's, and the traditional
// forms of OpenSSL. The text is untrusted and its work bounded. Secrets are wiped; no message repeats them.
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/kdf.h"
#include "crypto/key.h"

namespace bulkhead::keys {

// What a key file says of itself, unencrypted: nobody vouches for it. Printable ASCII.
struct KeyFacts {
  bool encrypted = false;
  std::string role{};  // docker and notary: "root", "targets", "alice"
  std::string gun{};   // the repository of targets and snapshot keys
};

Result<KeyFacts> inspect_key(std::string_view text);

// Asked once, for encrypted keys only.
using AskPassphrase = std::function<Result<Secret>()>;

struct KeyFile {
  PrivateKey key;
  KeyFacts facts;
};
// kUnauthenticated: the passphrase is wrong. kMalformed, kUnsupported, kLimitExceeded, or what `ask` fails with.
Result<KeyFile> read_key(std::string_view text, const AskPassphrase& ask);

enum class KeyForm : uint8_t {
  kPkcs8,   // under scrypt and AES-256: ours, and openssl's commands read it
  kPlain,   // PKCS#8 without a passphrase
  kNotary,  // what docker and notary read: PBKDF2-HMAC-SHA1, with more iterations than they make themselves
  kCosign,  // scrypt and XSalsa20-Poly1305
};
// The PEM text. `facts` counts for kNotary only. kInvalidArgument for an empty passphrase where one is needed, and for
// a role or gun that does not fit into a header.
Result<Secret> write_key(const PrivateKey& key, KeyForm form, std::string_view passphrase, const KeyFacts& facts = {});

// The id of a key in our store: the SHA-256 of its SubjectPublicKeyInfo, in hexadecimal digits.
std::string key_id(const PublicKey& key);
// The id that docker and notary name key files by.
std::string notary_key_id(const PublicKey& key);

}  // namespace bulkhead::keys
