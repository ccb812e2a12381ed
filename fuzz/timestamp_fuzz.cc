// fuzz: crypto
// Timestamps of RFC 3161: a length of two bytes, a certificate that is trusted, then a response or a token.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "crypto/timestamp_token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  ByteReader reader(std::as_bytes(std::span(data, size)));
  const auto length = reader.u16_be();
  const auto der = length ? reader.take(*length) : std::unexpected(length.error());
  if (!der) return 0;
  const auto rest = reader.take(reader.remaining());
  std::vector<Certificate> trusted;
  if (auto certificate = Certificate::from_der(*der)) trusted.push_back(*std::move(certificate));
  const auto inner = timestamp_token_of(*rest);
  const auto verified =
      verify_timestamp(inner ? *inner : *rest, as_bytes("message"), {.roots = trusted, .certificates = trusted});
  if (verified && (trusted.empty() || verified->chain.empty() || verified->chain.back() != trusted[0])) std::abort();
  return 0;
}
