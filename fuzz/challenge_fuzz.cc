// fuzz: net
#include <cstdint>

#include "net/challenge.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto challenges = bulkhead::net::parse_challenges(text);
  if (!challenges) return 0;
  if (challenges->empty()) __builtin_trap();
  for (const auto& challenge : *challenges) {
    // A token and parameters exclude each other, and no name is given twice.
    if (challenge.scheme.empty() || (!challenge.token68.empty() && !challenge.parameters.empty())) __builtin_trap();
    for (const auto& [name, value] : challenge.parameters) {
      if (challenge.find(name) != value) __builtin_trap();
    }
  }
  return 0;
}
