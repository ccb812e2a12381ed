// Signer: whatever can sign for a public key, wherever the private half lives: a PrivateKey in this process's memory,
// later a token that never gives it away.
#pragma once

#include <string>

#include "base/bytes.h"
#include "crypto/key.h"

namespace bulkhead {

// Implementations are safe to use from several threads at once.
class Signer {
 public:
  Signer() = default;
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  virtual ~Signer() = default;

  virtual const PublicKey& public_key() const = 0;
  // kInvalidArgument when the scheme does not fit the key.
  virtual Result<std::string> sign(SignatureScheme scheme, ByteSpan message) const = 0;
};

class MemorySigner final : public Signer {
 public:
  explicit MemorySigner(PrivateKey key) : key_(std::move(key)) {}
  const PublicKey& public_key() const override { return key_.public_key(); }
  Result<std::string> sign(SignatureScheme scheme, ByteSpan message) const override {
    return key_.sign(scheme, message);
  }

 private:
  PrivateKey key_;
};

}  // namespace bulkhead
