// fuzz: engine
#include <cstdint>

#include "base/json.h"
#include "engine/client.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char c : engine::engine_error_text(text)) {
    if (static_cast<unsigned char>(c) < ' ') __builtin_trap();
  }
  const auto document = json::Document::parse(text);
  if (!document) return 0;
  const auto summary = engine::parse_image_summary(document->root());
  if (summary && summary->identifier.empty()) __builtin_trap();
  return 0;
}
