// fuzz: advisory
// repomd.xml of an rpm repository: what it is read to name lies inside the repository.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "advisory/repomd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entry = bulkhead::advisory::parse_repomd({reinterpret_cast<const char*>(data), size});
  if (!entry) return 0;
  if (entry->location.empty() || entry->location.front() == '/') std::abort();
  if (("/" + entry->location + "/").contains("/../") || entry->location.contains("://")) std::abort();
  return 0;
}
