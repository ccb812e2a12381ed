// fuzz: layer
// Stacks of layers: the input is a number of layers, each a 16-bit size and so many bytes of tar archive. No stack
// harms the walk or the merge, facts survive their encoding, and everything that is reported lies below the root.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "layer/test_layers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  using namespace bulkhead::layer;
  static const EchoAnalyser echo("echo", {"a", "a/b", "*/b/*", "lib/x", "*/*/b", "*/a/*", "etc/os-release"});
  static const WantedPath kMagic[] = {{.pattern = "*/*", .max_bytes = 100, .magic = "x"}};
  static const EchoAnalyser magic("magic", kMagic);
  static const Analyser* const all[] = {&echo, &magic};
  static const AnalyserSet set = *AnalyserSet::create(all);
  const AnalyseOptions options{
      .limits = {.max_layer_bytes = 1 << 20, .max_entries = 2000, .max_header_bytes = 1 << 14}};

  ByteReader reader(as_bytes({reinterpret_cast<const char*>(data), size}));
  std::vector<std::string> archives;
  while (archives.size() < 5) {
    const auto bytes = reader.u16_le();
    if (!bytes) break;
    const auto archive = reader.take(std::min<size_t>(*bytes, reader.remaining()));
    archives.emplace_back(as_text(*archive));
  }
  for (const std::string& archive : archives) {
    const auto facts = analyse_layer(std::make_unique<MemorySource>(archive), {}, set, options);
    if (!facts) continue;
    const std::string encoded = encode_facts(*facts);
    const auto decoded = decode_facts(as_bytes(encoded));
    if (!decoded || encode_facts(*decoded) != encoded) std::abort();
  }
  const auto image = analyse_image(image_of(archives), set, options);
  if (!image) return 0;
  for (const std::string_view name : {"echo", "magic"}) {
    for (const FileFact* fact : image->history(name)) {
      if (fact->path.empty() || ("/" + fact->path + "/").find("/../") != std::string::npos) std::abort();
    }
    if (image->visible(name).size() > image->history(name).size()) std::abort();
  }
  return 0;
}
