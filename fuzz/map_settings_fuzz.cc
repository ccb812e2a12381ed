// fuzz: trust
// A publisher's settings: what is read is written, and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trust/map_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const auto settings = trust::read_settings({reinterpret_cast<const char*>(data), size});
  if (!settings) return 0;
  const auto again = trust::read_settings(trust::write_settings(*settings));
  if (!again || again->key_references != settings->key_references) std::abort();
  return 0;
}
