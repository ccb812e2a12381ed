// fuzz: inventory
#include <cstddef>
#include <cstdint>

#include "inventory/rpm/database.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  using namespace bulkhead::inventory::rpm;
  const ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto header = Header::parse(bytes);
  if (!header) return 0;
  (void)package_of(*header);
  (void)files_of(*header, 1 << 20);
  (void)header->binary(Tag::kSigMd5);
  return 0;
}
