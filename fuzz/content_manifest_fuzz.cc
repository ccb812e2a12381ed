// fuzz: inventory
// Red Hat's content manifests, out of an image and out of the layer cache.
#include <cstdint>
#include <string_view>

#include "inventory/rpm/content_manifest.h"

using namespace bulkhead;
using namespace bulkhead::inventory::rpm;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto manifest = read_content_manifest(text);
  if (manifest && *manifest && decode_content_manifest(as_bytes(encode_content_manifest(**manifest))) != **manifest) {
    __builtin_trap();
  }
  if (const auto value = decode_content_manifest(as_bytes(text))) {
    if (decode_content_manifest(as_bytes(encode_content_manifest(*value))) != *value) __builtin_trap();
  }
  return 0;
}
