// fuzz: advisory
#include <cstddef>
#include <cstdint>
#include <string>

#include "advisory/feed.h"

namespace {

class CountingSink final : public bulkhead::advisory::Sink {
 public:
  bulkhead::Status add(bulkhead::advisory::AdvisoryRecord) override { return {}; }
  bulkhead::Status add(bulkhead::advisory::Vulnerability) override { return {}; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  for (const char* name : {"redhat-vex", "suse-csaf", "openeuler-csaf"}) {
    MemorySource source(std::string(reinterpret_cast<const char*>(data), size));
    CountingSink sink;
    (void)advisory::find_feed(name)->parse({.path = "cve_data_photon4.0.json", .source = source}, sink, {});
  }
  return 0;
}
