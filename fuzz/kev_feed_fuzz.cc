// fuzz: advisory
// CISA's catalogue of known exploited vulnerabilities.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"kev"}, {"known_exploited_vulnerabilities.json"}, data, size);
}
