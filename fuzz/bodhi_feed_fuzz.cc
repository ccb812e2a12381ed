// fuzz: advisory
// Fedora updates, from Bodhi.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"fedora-bodhi"}, {"updates.json"}, data, size);
}
