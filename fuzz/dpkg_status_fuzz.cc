// fuzz: inventory
#include <cstdint>
#include <string_view>

#include "inventory/dpkg/status.h"
#include "inventory/package_codec.h"

using namespace bulkhead;
using namespace bulkhead::inventory;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto packages = parse_dpkg_status(text);
  parse_dpkg_file_list(text);
  parse_dpkg_md5sums(text);
  if (!packages) return 0;
  for (const Package& package : *packages) {
    if (package.name.empty() || package.version.empty() || package.source_name.empty()) __builtin_trap();
  }
  // What is read survives the cache.
  const auto decoded = decode_packages(as_bytes(encode_packages(*packages)));
  if (!decoded || decoded->size() != packages->size()) __builtin_trap();
  return 0;
}
