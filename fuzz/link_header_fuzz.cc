// fuzz: net
#include <cstdint>

#include "net/http_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto target = bulkhead::net::link_target({{"Link", text}}, "next");
  // It stands in the field as it is, between brackets.
  if (target && !text.contains('<' + *target + '>')) __builtin_trap();
  return 0;
}
