// fuzz: keys
// Where docker and notary keep keys, now and before notary 0.5.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "keys/notary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  const auto place = bulkhead::keys::parse_notary_key_path(path);
  // An id is no way out of a folder, and nothing in front of it is lost.
  if (place && (place->id.size() != 64 || place->id.contains('/') || !path.contains(place->id))) std::abort();
  return 0;
}
