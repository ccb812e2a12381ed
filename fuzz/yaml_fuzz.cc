// fuzz: base
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)bulkhead::yaml::parse(text, bulkhead::yaml::Scalars::kText, {.max_nodes = 10'000});
  (void)bulkhead::yaml::parse(text, bulkhead::yaml::Scalars::kTyped, {.max_nodes = 10'000});
  return 0;
}
