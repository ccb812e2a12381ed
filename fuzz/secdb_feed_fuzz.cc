// fuzz: advisory
// Security databases in Alpine's form, JSON and YAML.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"alpine-secdb", "wolfi-secdb", "chainguard-secdb", "minimos-secdb"},
                                       {"v3.11/main.yaml", "v3.20/main.json"}, data, size);
}
