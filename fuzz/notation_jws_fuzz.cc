// fuzz: notation
// Envelopes in JWS: what is read has a signer, and what it signs is read without harm.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "notation/certificates.h"
#include "notation/envelope.h"
#include "notation/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::notation;  // NOLINT(google-build-using-namespace)
  const auto bytes = bulkhead::as_bytes({reinterpret_cast<const char*>(data), size});
  const auto envelope = parse_envelope(Format::kJws, bytes);
  if (!envelope) return 0;
  if (envelope->certificates.empty() || envelope->algorithm == nullptr) std::abort();
  static_cast<void>(verify_signature(*envelope));
  static_cast<void>(check_signing_certificates(envelope->certificates, envelope->signing_time));
  static_cast<void>(parse_payload(envelope->payload));
  return 0;
}
