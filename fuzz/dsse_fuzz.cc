// fuzz: sigstore
// DSSE envelopes, in-toto statements and simple signing payloads: what is read is written, and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sigstore/dsse.h"
#include "sigstore/simple_signing.h"
#include "sigstore/statement.h"

namespace {

using namespace bulkhead::sigstore;  // NOLINT(google-build-using-namespace)

void check_envelope(std::string_view text) {
  const auto first = read_envelope(text);
  if (!first) return;
  const auto second = read_envelope(write_envelope(*first));
  if (!second || second->payload != first->payload || second->signatures.size() != first->signatures.size()) {
    std::abort();
  }
}

void check_statement(std::string_view text) {
  const auto first = read_statement(text);
  if (!first) return;
  const auto written = write_statement(*first);
  if (!written) return;  // a predicate that is nested as deep as may be read, and no deeper fits around
  const auto second = read_statement(*written);
  if (!second || second->predicate != first->predicate || *write_statement(*second) != *written) std::abort();
  static_cast<void>(find_subject(*first, bulkhead::Digest::sha256_of({})));
}

void check_simple(std::string_view text) {
  const auto first = read_simple_signing(text);
  if (!first) return;
  const auto second = read_simple_signing(write_simple_signing(*first));
  if (!second || second->digest != first->digest || second->annotations != first->annotations) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_envelope(text);
  check_statement(text);
  check_simple(text);
  return 0;
}
