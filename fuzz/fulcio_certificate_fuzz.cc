// fuzz: sigstore
// What a Fulcio certificate holds beyond others: its timestamps of logs, the part those are over, and its identity.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "crypto/certificate.h"
#include "sigstore/identity.h"
#include "sigstore/sct.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const auto certificate = Certificate::from_der(std::as_bytes(std::span(data, size)));
  if (!certificate) return 0;
  static_cast<void>(sigstore::embedded_timestamps(*certificate));
  const auto tbs = sigstore::precertificate_tbs(*certificate);
  if (tbs && tbs->size() > certificate->tbs().size()) std::abort();
  const auto identity = sigstore::identity_of(*certificate);
  if (identity && (identity->name.empty() || certificate->alternative_names().size() != 1)) std::abort();
  return 0;
}
