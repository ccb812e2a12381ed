// fuzz: advisory
// CVE records.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"cve"}, {"2024/0xxx/CVE-2024-0727.json"}, data, size);
}
