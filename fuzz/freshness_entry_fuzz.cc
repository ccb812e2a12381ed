// fuzz: trust
// What a target says of itself as an entry of a freshness map: what is read is written in one form, and read again as
// the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "trust/freshness_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto entry =
      trust::decode_entry({.length = size, .hashes = {{"sha256", std::string(32, 'x')}}, .custom = text});
  if (!entry) return 0;
  const auto written = trust::encode_entry(*entry);
  if (!written) std::abort();
  const auto again = trust::decode_entry(*written);
  if (!again || *again != *entry) std::abort();
  return 0;
}
