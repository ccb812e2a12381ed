// Public and private keys, and the signatures they check and make: ECDSA on P-256, P-384 and P-521, Ed25519, RSA of
// 2048 to 8192 bits. Anything else is kUnsupported: weak, or nobody's. Source: RFC 5280 4.1.2.7 (SubjectPublicKeyInfo),
// RFC 5958 (PKCS#8), FIPS 186-5, RFC 8032, RFC 8017; raw ECDSA signatures (r and s, each as long as the curve's order):
// IEEE P1363.
//
// Both classes are cheap handles on immutable keys: safe to copy, and to use from several threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace bulkhead {

enum class KeyType : uint8_t { kEcdsaP256, kEcdsaP384, kEcdsaP521, kEd25519, kRsa };
std::string_view key_type_name(KeyType type);  // "ECDSA P-256", "Ed25519", "RSA"

enum class HashAlgorithm : uint8_t { kSha256, kSha384, kSha512 };

// How a signature is made. The caller says it, never the signature: a scheme that does not fit the key is
// kVerificationFailed.
struct SignatureScheme {
  enum class Kind : uint8_t {
    kEcdsa,     // DER
    kEcdsaRaw,  // IEEE P1363
    kEd25519,   // `hash` is ignored
    kRsaPss,    // MGF1 with the same hash, a salt as long as the hash
    kRsaPkcs1,  // v1.5
  };
  Kind kind;
  HashAlgorithm hash = HashAlgorithm::kSha256;

  friend bool operator==(const SignatureScheme&, const SignatureScheme&) = default;
};

// The scheme that suits a key when nothing else is asked for: ECDSA in DER with the hash of its curve's length,
// Ed25519, RSA-PSS with SHA-256.
SignatureScheme default_scheme(KeyType type);

class PublicKey {
 public:
  // SubjectPublicKeyInfo, exactly. kMalformed, or kUnsupported for a kind or length of key that is not used here.
  static Result<PublicKey> from_der(ByteSpan spki);
  // The first "PUBLIC KEY" block of a text; what stands around it is passed over. Headers in the block, which OpenSSL
  // refuses and docker writes, are passed over too.
  static Result<PublicKey> from_pem(std::string_view pem);
  static Result<PublicKey> from_ed25519(ByteSpan raw);  // 32 bytes

  KeyType type() const;
  unsigned bits() const;
  const std::string& der() const;  // SubjectPublicKeyInfo
  std::string pem() const;
  std::string ed25519() const;  // 32 bytes; empty for another type

  // kVerificationFailed unless `signature` is one of `message` by this key's private half.
  Status verify(SignatureScheme scheme, ByteSpan message, ByteSpan signature) const;
  // The same of a message of which only the digest by the scheme's hash is known. Ed25519 has none.
  Status verify_digest(SignatureScheme scheme, ByteSpan digest, ByteSpan signature) const;

  // The same key, whatever it was read from.
  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.der() == b.der(); }

 private:
  friend class PrivateKey;
  struct State;
  template <typename Verify>
  Status verify_with(SignatureScheme scheme, ByteSpan signature, Verify verify) const;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// A private key in this process's memory. OpenSSL overwrites it when the last handle dies.
class PrivateKey {
 public:
  static Result<PrivateKey> generate(KeyType type);  // RSA: 3072 bits
  // PrivateKeyInfo (PKCS#8), not encrypted; notary's own form for Ed25519, too.
  static Result<PrivateKey> from_der(ByteSpan pkcs8);
  // What is in "RSA PRIVATE KEY" (PKCS#1) for kRsa, else in "EC PRIVATE KEY" (SEC 1).
  static Result<PrivateKey> from_traditional(KeyType type, ByteSpan der);

  const PublicKey& public_key() const;
  Secret der() const;         // PrivateKeyInfo
  Secret notary_der() const;  // the same as docker and notary read it: Ed25519 is in their own form

  // Fails (kInvalidArgument) when the scheme does not fit the key.
  Result<std::string> sign(SignatureScheme scheme, ByteSpan message) const;

 private:
  struct State;
  static Result<PrivateKey> from_notary_ed25519(ByteSpan three);
  explicit PrivateKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace bulkhead
