// fuzz: advisory
// Files of the Ubuntu CVE tracker.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"ubuntu-tracker"}, {"active/CVE-2022-36879"}, data, size);
}
