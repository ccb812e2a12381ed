// fuzz: advisory
// Red Hat's list of repositories and their products.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"redhat-repositories"}, {"repository-to-cpe.json"}, data, size);
}
