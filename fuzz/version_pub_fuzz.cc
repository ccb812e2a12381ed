// fuzz: version
#include "version_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bulkhead::version::fuzz_scheme(bulkhead::version::Scheme::kPub, data, size);
  return 0;
}
