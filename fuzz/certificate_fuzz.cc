// fuzz: crypto
// Certificates in DER and PEM: what is read is written as it was, and no chain leads from noise to a root that is not
// it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/certificate_chain.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto certificates = Certificate::list_from(as_bytes(text));
  if (!certificates) return 0;
  for (const Certificate& certificate : *certificates) {
    const auto again = Certificate::from_pem(certificate.pem());
    if (!again || !(*again == certificate) || again->fingerprint() != certificate.fingerprint()) std::abort();
    static_cast<void>(certificate.public_key());
    static_cast<void>(certificate.verify_signed_by(certificates->front()));
  }
  const Certificate& leaf = certificates->front();
  const std::span<const Certificate> rest = std::span(*certificates).subspan(1);
  const int64_t at = leaf.not_before();
  if (verify_chain(leaf, {.roots = {}, .intermediates = rest, .at = at})) std::abort();
  const auto chain = verify_chain(leaf, {.roots = rest, .at = at});
  if (chain && (chain->empty() || !(chain->front() == leaf))) std::abort();
  return 0;
}
