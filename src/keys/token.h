// Keys in PKCS#11 tokens (smart cards, USB keys, HSMs), which sign without ever giving the key away, named by the URIs
// of RFC 7512: `pkcs11:token=release;object=root-2026`.
//
// Which module is asked: the URI's module-path, else the configured one, else all that p11-kit has registered (and of
// them the one with the URI's module-name). One token must match, and one private key in it: of several an error lists
// them, and no PIN goes to a token that was not meant. A module runs within this process: who names one is trusted, and
// one that hangs hangs us.
//
// Errors: kNotFound (no such token or key), kInvalidArgument (a URI that says nothing of use, several candidates),
// kUnauthenticated (the PIN is wrong: it is tried once, since every try is counted), kPermissionDenied (the PIN is
// locked), kUnavailable (the token is gone), kUnsupported (what the token cannot do; no p11-kit), kMalformed (what a
// token says of a key makes no sense). No message holds a PIN. Thread-safe.
// Source: PKCS#11 2.40 and, for Ed25519, 3.0; RFC 7512.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "crypto/signer.h"

namespace bulkhead::keys {

struct PinRequest {
  std::string token;      // its label, for the prompt
  bool last_try = false;  // a wrong one locks the token
};
using AskPin = std::function<Result<Secret>(const PinRequest&)>;

struct TokenAccess {
  std::string module_path{};  // used where a URI has none; empty: all modules that are registered
  // For URIs without pin-source; not asked where the token needs none, or has a keypad of its own.
  AskPin ask_pin{};
};

// kInvalidArgument, and no part of the text in the message: it may hold a PIN. A pin-value is refused (every process
// can read arguments), a pin-source is a file's path or `file:` URI.
Status check_token_uri(std::string_view uri);

// The private key, to sign with. Every signature is verified before it is handed on. Its session stays open.
Result<std::unique_ptr<Signer>> open_token_signer(std::string_view uri, const TokenAccess& access);

struct TokenKey {
  std::string uri;  // names this key and no other, without a PIN
  std::string label;
  PublicKey public_key;
};
struct TokenKeys {
  std::vector<TokenKey> keys;
  std::vector<Error> unreadable;  // of keys that are of no kind used here
};
// By the public halves and certificates that the one matching token shows to everybody: no PIN is asked for.
Result<TokenKeys> list_token_keys(std::string_view uri, const TokenAccess& access);

// Makes a key in the token, which can never leave it. The URI's object is its label; kInvalidArgument when there is a
// key of that label already, or the URI has none.
Result<TokenKey> generate_in_token(std::string_view uri, KeyType type, const TokenAccess& access);

}  // namespace bulkhead::keys
