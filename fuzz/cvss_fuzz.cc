// fuzz: advisory
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "advisory/cvss.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto score = bulkhead::advisory::cvss_score({reinterpret_cast<const char*>(data), size});
  if (score && !(score->base >= 0 && score->base <= 10)) std::abort();
  return 0;
}
