// fuzz: advisory
// The JSON of Debian's security tracker.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"debian-tracker"}, {"json"}, data, size);
}
