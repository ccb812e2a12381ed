// fuzz: advisory
// Advisories of the Node.js security working group, about npm packages and about Node.js.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"node-security"}, {"vuln/npm/118.json"}, data, size);
}
