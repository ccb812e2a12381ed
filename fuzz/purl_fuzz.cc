// fuzz: inventory
#include <cstdint>
#include <string_view>

#include "inventory/purl.h"

using namespace bulkhead;
using namespace bulkhead::inventory;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const PurlCheck check : {PurlCheck::kTypeRules, PurlCheck::kSyntax}) {
    const auto purl = parse_purl(text, check);
    if (!purl) continue;
    const auto built = build_purl(*purl, check);
    if (!built) __builtin_trap();
    if (built->size() > kMaxPurlBytes) continue;
    const auto again = parse_purl(*built, check);
    if (!again || *again != *purl) __builtin_trap();
  }
  return 0;
}
