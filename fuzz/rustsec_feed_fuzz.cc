// fuzz: advisory
// RustSec advisories: markdown with a block of TOML.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed(
      {"rustsec"}, {"crates/openssl/RUSTSEC-2023-0072.md", "rust/std/CVE-2018-1000657.md"}, data, size);
}
