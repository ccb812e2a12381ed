// For tests only: certificates of every kind, weak and wrong ones too, made as a test needs them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/signer.h"

namespace bulkhead {

inline constexpr int64_t kTestDay = 86'400;
inline constexpr int64_t kTestEpoch = 1'800'000'000;  // what tests take for today; certificates are valid a year around

struct CertificateRecipe {
  std::string subject = "C=US,ST=WA,O=Example,CN=leaf";  // as encoded, first first
  std::string key = "P-256";                             // P-256, P-384, P-521, secp256k1, ED25519, RSA:2048 …
  std::string pkcs8{};                                   // this key instead of a new one
  std::string digest = "SHA256";                         // of its signature; ignored by Ed25519 issuers
  bool pss = false;                                      // signed so by an RSA issuer
  int64_t not_before = kTestEpoch - 180 * kTestDay;
  int64_t not_after = kTestEpoch + 180 * kTestDay;
  uint64_t serial = 1;
  // As openssl.cnf has them: {"basicConstraints", "critical,CA:TRUE"}, {"1.2.3.4", "critical,DER:0500"}.
  std::vector<std::pair<std::string, std::string>> extensions{};
};

// A certificate with its private key.
struct TestIdentity {
  std::string der;
  std::string pkcs8;

  Certificate certificate() const;  // aborts when it cannot be read
  std::string pem() const;
  PrivateKey private_key() const;
};

// Self-signed without an issuer. Aborts when OpenSSL does not understand the recipe.
TestIdentity make_certificate(const CertificateRecipe& recipe, const TestIdentity* issuer = nullptr);

// The extensions of an authority and of a signer of code.
CertificateRecipe authority_recipe(std::string_view common_name);
CertificateRecipe code_signing_recipe(std::string_view common_name);

}  // namespace bulkhead
