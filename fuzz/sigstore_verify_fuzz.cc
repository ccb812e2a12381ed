// fuzz: sigstore
// A trusted root, a zero byte, a bundle: parsed, and the bundle verified by the root for whoever signed it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sigstore/verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;            // NOLINT(google-build-using-namespace)
  using namespace bulkhead::sigstore;  // NOLINT(google-build-using-namespace)
  static const TextPattern anybody = *TextPattern::regex("(?s).*");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t zero = text.find('\0');
  const auto root = read_trusted_root(text.substr(0, zero));
  if (!root || zero == std::string_view::npos) return 0;
  const auto bundle = read_bundle(text.substr(zero + 1));
  if (!bundle) return 0;
  const Artifact artifact{.digest = Digest::sha256_of(as_bytes("artifact")), .bytes = "artifact"};
  const auto verified =
      verify(*bundle, artifact, {.identities = {{.name = anybody, .issuer = anybody}}, .root = &*root});
  if (verified && (verified->times.empty() || verified->log_entries.empty() || !verified->identity)) std::abort();
  return 0;
}
