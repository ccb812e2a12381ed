// fuzz: advisory
// Debian's lists of advisories: DSA, DLA and DTSA.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"debian-advisories"}, {"DSA/list"}, data, size);
}
