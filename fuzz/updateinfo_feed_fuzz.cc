// fuzz: advisory
// updateinfo.xml of rpm repositories.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed(
      {"amazon-updateinfo", "rocky-updateinfo", "almalinux-updateinfo", "fedora-updateinfo", "oracle-updateinfo"},
      {"updateinfo.xml"}, data, size);
}
