// fuzz: sigstore
// Layers of cosign's older images: signature, certificate, chain, Rekor bundle, timestamp and payload, each ended by a
// zero byte; as a signature and as an attestation.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sigstore/cosign_layer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::sigstore;  // NOLINT(google-build-using-namespace)
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 6> parts;
  for (std::string_view& part : parts) {
    const size_t zero = rest.find('\0');
    part = rest.substr(0, zero);
    rest = zero == std::string_view::npos ? std::string_view() : rest.substr(zero + 1);
  }
  const CosignAnnotations annotations{.signature = parts[0],
                                      .certificate = parts[1],
                                      .chain = parts[2],
                                      .rekor_bundle = parts[3],
                                      .timestamp = parts[4]};
  const auto signature = bundle_of_signature(parts[5], annotations);
  if (signature && signature->key_hint.has_value() == !signature->certificates.empty()) std::abort();
  const auto attestation = bundle_of_attestation(parts[5], annotations);
  if (attestation && (attestation->envelope() == nullptr || !attestation->envelope_digest)) std::abort();
  return 0;
}
