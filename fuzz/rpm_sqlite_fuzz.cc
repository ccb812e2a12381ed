// fuzz: inventory
#include <cstddef>
#include <cstdint>

#include "inventory/rpm/sqlite_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  using namespace bulkhead::inventory::rpm;
  const ByteSpan bytes(reinterpret_cast<const std::byte*>(data), size);
  (void)committed_wal_frames(bytes);
  const auto file = SqliteFile::open(bytes);
  if (!file) return 0;
  size_t sum = 0;
  (void)file->for_each_row("Packages", [&](int64_t, std::span<const SqliteValue> columns) -> Status {
    for (const SqliteValue& column : columns) {
      for (const std::byte byte : column.bytes) sum += std::to_integer<size_t>(byte);
    }
    return {};
  });
  return sum == 1 ? 1 : 0;
}
