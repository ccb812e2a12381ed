// fuzz: advisory
// Files of the Ruby Advisory Database.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"rubysec"}, {"gems/rack/CVE-2022-30123.yml", "rubies/ruby/CVE-2021-31810.yml"},
                                       data, size);
}
