// fuzz: advisory
// feeds.json: a manifest that is read names files inside its folder only, each once, and is the same when it is written
// and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "advisory/feed_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using bulkhead::advisory::FeedFile;
  using bulkhead::advisory::FeedManifest;
  auto manifest = FeedManifest::parse({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  for (const FeedFile& file : manifest->files) {
    if (file.path.empty() || file.path.front() == '/' || ("/" + file.path + "/").contains("/../")) std::abort();
    if (manifest->find(file.path) != &file) std::abort();
  }
  const std::string json = manifest->to_json();
  const auto again = FeedManifest::parse(json);
  if (!again || again->files.size() != manifest->files.size() || again->to_json() != json) std::abort();
  return 0;
}
