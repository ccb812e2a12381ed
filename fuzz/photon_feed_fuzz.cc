// fuzz: advisory
// Photon OS's CVE metadata.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"photon-cves"}, {"cve_data_photon4.0.json"}, data, size);
}
