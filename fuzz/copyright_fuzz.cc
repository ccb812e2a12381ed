// fuzz: inventory
#include <cstdint>
#include <string_view>

#include "inventory/license/debian_copyright.h"
#include "inventory/license/spdx.h"

using namespace bulkhead;
using namespace bulkhead::inventory;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string& license : licenses_of_copyright(text)) {
    if (license.empty() || license.find(char{10}) != std::string::npos) __builtin_trap();
  }
  // Canonical expressions are fixed points.
  if (const auto expression = spdx_expression(text)) {
    if (spdx_expression(*expression) != *expression) __builtin_trap();
  }
  return 0;
}
