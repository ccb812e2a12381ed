// fuzz: advisory
// CSAF advisories and VEX documents.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"redhat-vex", "redhat-csaf", "suse-vex", "suse-csaf", "openeuler-csaf"},
                                       {"2023/cve-2023-38545.json"}, data, size);
}
