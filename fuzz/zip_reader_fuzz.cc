// fuzz: archive
#include <cstddef>
#include <cstdint>

#include "archive/zip_reader.h"

using bulkhead::archive::Limits;
using bulkhead::archive::ZipEntry;
using bulkhead::archive::ZipReader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bulkhead::ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
  const Limits limits{.max_layer_bytes = uint64_t{1} << 24, .max_entries = 1000};
  const auto zip = ZipReader::open(bytes, limits);
  if (!zip) return 0;
  for (const ZipEntry& entry : zip->entries()) (void)zip->read_entry(entry, size_t{1} << 20);
  return 0;
}
