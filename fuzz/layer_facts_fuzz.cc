// fuzz: layer
// Cached facts: any bytes are refused, or are facts that encode to facts again and can be merged.
#include <cstdlib>
#include <memory>
#include <string>

#include "layer/test_layers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  using namespace bulkhead::layer;
  static const EchoAnalyser echo("echo", {"a", "a/b", "*/b/*", "lib/x", "*/*/b", "*/a/*"});
  static const Analyser* const all[] = {&echo};
  static const AnalyserSet set = *AnalyserSet::create(all);
  auto facts = decode_facts(as_bytes({reinterpret_cast<const char*>(data), size}));
  if (!facts) return 0;
  const std::string encoded = encode_facts(*facts);
  const auto again = decode_facts(as_bytes(encoded));
  if (!again || encode_facts(*again) != encoded) std::abort();
  const auto shared = std::make_shared<const LayerFacts>(*std::move(facts));
  const std::shared_ptr<const LayerFacts> layers[] = {shared, shared};
  static_cast<void>(MergedImage::merge(layers, set, {.max_entries = 10'000}).has_value());
  return 0;
}
