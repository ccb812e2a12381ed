// fuzz: inventory
#include <cstddef>
#include <cstdint>

#include "inventory/rpm/database.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  using namespace bulkhead::inventory::rpm;
  const ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
  if (bytes.size() < 4 || as_text(bytes.first(4)) != "RpmP") return 0;
  (void)read_database(bytes, Part::kPackages);
  (void)read_database(bytes, Part::kFiles);
  return 0;
}
