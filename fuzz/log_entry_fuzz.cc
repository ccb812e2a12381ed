// fuzz: sigstore
// Bodies of Rekor's entries, as every kind and version of them: none is about what it does not name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sigstore/log_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;            // NOLINT(google-build-using-namespace)
  using namespace bulkhead::sigstore;  // NOLINT(google-build-using-namespace)
  static const PublicKey key = PrivateKey::generate(KeyType::kEcdsaP256)->public_key();
  const LoggedContent content{
      .signature = "signature", .digest = Digest::sha256_of({}), .payload = Digest::sha256_of({}), .key = key};
  LogEntry entry{.body = std::string(reinterpret_cast<const char*>(data), size)};
  for (const std::string_view kind : {"hashedrekord", "dsse", "intoto"}) {
    for (const std::string_view version : {"0.0.1", "0.0.2"}) {
      entry.kind = kind;
      entry.version = version;
      if (check_entry_body(entry, content)) std::abort();  // the key is new
    }
  }
  return 0;
}
