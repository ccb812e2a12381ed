// fuzz: advisory
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "advisory/repomd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entry = bulkhead::advisory::parse_repomd({reinterpret_cast<const char*>(data), size});
  if (!entry) return 0;
  // Whatever it says, it stays inside its repository and is held to a checksum.
  if (entry->digest.empty() || entry->location.empty() || entry->location.front() == '/') std::abort();
  if (entry->location.find("..") != std::string::npos && entry->location.find("/../") != std::string::npos)
    std::abort();
  if (entry->location.find("://") != std::string::npos) std::abort();
  return 0;
}
