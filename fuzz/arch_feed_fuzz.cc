// fuzz: advisory
// The Arch Linux security tracker.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"arch"}, {"all.json"}, data, size);
}
