// fuzz: advisory
// Canonical's OpenVEX documents.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"ubuntu-vex"}, {"vex/cve/2024/CVE-2024-0727.json"}, data, size);
}
