// fuzz: advisory
// Pages of NVD's API.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"nvd"}, {"nvd/0.json"}, data, size);
}
