// fuzz: crypto
// Keys in DER and PEM: a key that is read is written so that it is read again as the same; no signature of noise holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/key.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)

void check(const Result<PublicKey>& key, std::string_view noise) {
  if (!key) return;
  const auto der = PublicKey::from_der(as_bytes(key->der()));
  const auto pem = PublicKey::from_pem(key->pem());
  if (!der || !pem || !(*der == *key) || !(*pem == *key)) std::abort();
  if (key->verify(default_scheme(key->type()), as_bytes("message"), as_bytes(noise))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(PublicKey::from_der(as_bytes(text)), text);
  check(PublicKey::from_pem(text), text);
  if (const auto key = PrivateKey::from_der(as_bytes(text))) check(key->public_key(), text);
  return 0;
}
