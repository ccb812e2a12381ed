// fuzz: audit
// POSIX access lists of files: whoever is named has no right that there is not, and the owning group is named once.
#include <algorithm>
#include <cstdint>

#include "audit/collect/access_list.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entries = audit::parse_access_list(std::as_bytes(std::span(data, size)));
  if (!entries) {
    if (entries.error().code() != Code::kMalformed || entries.error().to_string().size() > 200) __builtin_trap();
    return 0;
  }
  if (entries->size() > size / 8) __builtin_trap();
  for (const auto& entry : *entries) {
    if (entry.rights > 7 || !entry.name.empty()) __builtin_trap();
  }
  const auto owning = std::ranges::count(*entries, audit::AccessEntry::Kind::kOwningGroup, &audit::AccessEntry::kind);
  if (owning != (entries->empty() ? 0 : 1)) __builtin_trap();
  return 0;
}
