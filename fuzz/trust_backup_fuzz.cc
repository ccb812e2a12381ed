// fuzz: trust
// A backup's contents once its box is open, and the box's own head. Work on keys is bounded by crypto/kdf.h.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trust/backup.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto backup = trust::read_backup_contents(text, "x")) static_cast<void>(trust::drill(*backup));
  // Without the magic, or with it and nothing to derive a key for.
  if (size < 8 + 3 + 16 + 24) static_cast<void>(trust::open_backup(text, "x"));
  return 0;
}
