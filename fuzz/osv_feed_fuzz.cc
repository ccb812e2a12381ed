// fuzz: advisory
// OSV documents of every publisher, JSON and YAML.
#include "feed_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bulkhead::advisory::fuzz_feed(
      {"almalinux-osv", "rocky-osv", "go-vulndb", "ghsa", "pypi-advisories", "rustsec-osv", "bitnami", "ubuntu-osv",
       "ubuntu-notices", "debian-osv", "debian-advisories-osv", "alpine-osv", "chainguard-osv", "minimos-osv",
       "suse-osv", "redhat-osv", "malicious-packages", "osv-errata", "osv"},
      {"advisory.yaml", "advisory.json"}, data, size);
}
