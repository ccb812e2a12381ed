// fuzz: base
// Canonical JSON: the canonical form of the canonical form is itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/canonical_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::json;  // NOLINT(google-build-using-namespace)
  const auto document = Document::parse({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  const auto text = canonical(document->root());
  if (!text) return 0;
  const auto again = Document::parse(parseable(*text));
  if (!again) std::abort();
  const auto same = canonical(again->root());
  if (!same || *same != *text) std::abort();
  return 0;
}
