// fuzz: sigstore
// Sigstore bundles of every version, and the verification of what they hold by a key that did not sign them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/key.h"
#include "sigstore/verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  static const PublicKey key = PrivateKey::generate(KeyType::kEcdsaP256)->public_key();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto bundle = sigstore::read_bundle(text);
  if (!bundle) return 0;
  const sigstore::Artifact artifact{.digest = Digest::sha256_of({}), .bytes = ""};
  if (sigstore::verify(*bundle, artifact, {.key = key, .require_log_entry = false})) std::abort();
  return 0;
}
