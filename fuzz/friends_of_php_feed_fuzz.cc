// fuzz: advisory
// FriendsOfPHP advisories.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed({"friends-of-php"}, {"symfony/symfony/CVE-2012-6431.yaml"}, data, size);
}
