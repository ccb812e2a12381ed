// fuzz: advisory
// OVAL definitions.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed(
      {"redhat-oval", "oracle-oval", "suse-oval", "azurelinux-oval", "photon-oval", "almalinux-oval"}, {"oval.xml"},
      data, size);
}
