// fuzz: advisory
// EPSS scores.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"epss"}, {"epss_scores-current.csv"}, data, size);
}
