#include "notation/algorithm.h"

#include <array>

#include <fmt/format.h>

namespace bulkhead::notation {
namespace {

using enum SignatureScheme::Kind;
constexpr auto kAlgorithms = std::to_array<Algorithm>({
    {"PS256", -37, {kRsaPss, HashAlgorithm::kSha256}, KeyType::kRsa, 2048},
    {"PS384", -38, {kRsaPss, HashAlgorithm::kSha384}, KeyType::kRsa, 3072},
    {"PS512", -39, {kRsaPss, HashAlgorithm::kSha512}, KeyType::kRsa, 4096},
    {"ES256", -7, {kEcdsaRaw, HashAlgorithm::kSha256}, KeyType::kEcdsaP256, 256},
    {"ES384", -35, {kEcdsaRaw, HashAlgorithm::kSha384}, KeyType::kEcdsaP384, 384},
    {"ES512", -36, {kEcdsaRaw, HashAlgorithm::kSha512}, KeyType::kEcdsaP521, 521},
});

const Algorithm* first(const auto& matches) {
  for (const Algorithm& algorithm : kAlgorithms) {
    if (matches(algorithm)) return &algorithm;
  }
  return nullptr;
}

}  // namespace

Result<const Algorithm*> algorithm_for(const PublicKey& key) {
  const Algorithm* algorithm =
      first([&](const Algorithm& row) { return row.key == key.type() && row.bits == key.bits(); });
  if (algorithm != nullptr) return algorithm;
  return fail(Code::kUnsupported,
              fmt::format("{} keys of {} bits sign no notation", key_type_name(key.type()), key.bits()),
              "use an ECDSA key on P-256, P-384 or P-521, or an RSA key of 2048, 3072 or 4096 bits");
}

const Algorithm* algorithm_named(std::string_view jws) {
  return first([&](const Algorithm& row) { return row.jws == jws; });
}
const Algorithm* algorithm_labelled(int64_t cose) {
  return first([&](const Algorithm& row) { return row.cose == cose; });
}

}  // namespace bulkhead::notation
