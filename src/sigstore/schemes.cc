#include "sigstore/schemes.h"

#include <array>

#include <fmt/format.h>

namespace bulkhead::sigstore {
namespace {

using enum SignatureScheme::Kind;
constexpr std::array<SignatureScheme, 1> kP256{{{kEcdsa, HashAlgorithm::kSha256}}};
constexpr std::array<SignatureScheme, 2> kP384{{{kEcdsa, HashAlgorithm::kSha384}, {kEcdsa, HashAlgorithm::kSha256}}};
constexpr std::array<SignatureScheme, 2> kP521{{{kEcdsa, HashAlgorithm::kSha512}, {kEcdsa, HashAlgorithm::kSha256}}};
constexpr std::array<SignatureScheme, 1> kPureEd25519{{{kEd25519}}};
constexpr std::array<SignatureScheme, 1> kRsa{{{kRsaPkcs1, HashAlgorithm::kSha256}}};

}  // namespace

std::span<const SignatureScheme> schemes_of(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return kP256;
    case KeyType::kEcdsaP384:
      return kP384;
    case KeyType::kEcdsaP521:
      return kP521;
    case KeyType::kEd25519:
      return kPureEd25519;
    case KeyType::kRsa:
      return kRsa;
  }
  return {};
}

Status verify_by_key(const PublicKey& key, ByteSpan message, ByteSpan signature) {
  Status verified;
  for (const SignatureScheme& scheme : schemes_of(key.type())) {
    verified = key.verify(scheme, message, signature);
    if (verified) break;
  }
  return verified;
}

Status verify_digest_by_key(const PublicKey& key, HashAlgorithm hash, ByteSpan digest, ByteSpan signature) {
  for (const SignatureScheme& scheme : schemes_of(key.type())) {
    if (scheme.hash == hash && scheme.kind != kEd25519) return key.verify_digest(scheme, digest, signature);
  }
  return fail(Code::kUnsupported, fmt::format("this {} key signs no such digest: the bytes themselves are needed",
                                              key_type_name(key.type())));
}

}  // namespace bulkhead::sigstore
