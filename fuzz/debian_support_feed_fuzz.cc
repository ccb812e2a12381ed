// fuzz: advisory
// Debian's lists of packages without security support, in both layouts.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"debian-security-support"},
                                       {"security-support.deb12", "security-support-ended.deb11"}, data, size);
}
