// fuzz: inventory
#include <cstdint>
#include <string_view>

#include "inventory/apk/installed.h"

using namespace bulkhead;
using namespace bulkhead::inventory;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto packages = parse_apk_installed(text);
  const auto lists = parse_apk_files(text);
  // Both walk the same stanzas.
  if (packages.has_value() != lists.has_value()) __builtin_trap();
  if (packages && packages->size() != lists->size()) __builtin_trap();
  if (lists && decode_file_lists(as_bytes(encode_file_lists(*lists))) != *lists) __builtin_trap();
  return 0;
}
