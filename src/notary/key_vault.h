// How the server's private keys stand in its database: each in a box of its own, sealed with a key that is derived once
// from the operator's secret. Source: NaCl secretbox (crypto/secretbox.h), scrypt (RFC 7914).
#pragma once

#include <string>
#include <string_view>

#include "crypto/key.h"

namespace bulkhead::notary {

// Thread-safe.
class KeyVault {
 public:
  static constexpr size_t kSaltBytes = 32;
  static std::string new_salt();

  // Takes about a tenth of a second. kInvalidArgument for a secret of less than 16 bytes.
  static Result<KeyVault> open(std::string_view secret, std::string_view salt);

  // What tells the right secret from a wrong one: sealed() of it is kept beside the salt.
  std::string seal_check() const;
  // kUnauthenticated when the box was sealed under another secret.
  Status check(std::string_view box) const;

  std::string seal(const PrivateKey& key) const;
  // kVerificationFailed when the box was changed, or is that of another key.
  // `public_half` is its SubjectPublicKeyInfo.
  Result<PrivateKey> unseal(std::string_view box, std::string_view public_half) const;

 private:
  explicit KeyVault(Secret key) : key_(std::move(key)) {}
  std::string seal_bytes(std::string_view bytes) const;
  Result<Secret> unseal_bytes(std::string_view box) const;

  Secret key_;
};

}  // namespace bulkhead::notary
