// fuzz: inventory
#include <cstdint>
#include <string_view>

#include "inventory/package_codec.h"

using namespace bulkhead;
using namespace bulkhead::inventory;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ByteSpan value = as_bytes(text);
  const DecodeLimits limits{.max_packages = 10'000, .max_files = 100'000, .max_decoded_bytes = 1 << 20};
  const auto keys = decode_package_keys(value, limits);
  if (const auto packages = decode_packages(value, limits)) {
    if (!keys || keys->size() != packages->size()) __builtin_trap();
    const auto again = decode_packages(as_bytes(encode_packages(*packages)));
    if (!again || again->size() != packages->size()) __builtin_trap();
  }
  if (const auto lists = decode_file_lists(value, limits)) {
    if (decode_file_lists(as_bytes(encode_file_lists(*lists))) != *lists) __builtin_trap();
  }
  return 0;
}
