// fuzz: oci
// Indexes that are changed in place: what comes out is an index with the entry that was added, and another round adds
// nothing.
#include <cstdint>

#include "oci/artifact_manifest.h"
#include "oci/artifact_store.h"

using namespace bulkhead::oci;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto before = parse_manifest(text, kOciIndex, {});
  const ManifestBlob blob = ManifestBlob::of(kOciIndex, text);
  const Descriptor added = describe("text/plain", "added");
  const auto edited = with_referrer(&blob, added, {});
  if (!edited || !*edited) return 0;
  const auto after = parse_manifest((*edited)->bytes, kOciIndex, {});
  if (!before || !after) __builtin_trap();
  if (std::get<Index>(*after).manifests.size() != std::get<Index>(*before).manifests.size() + 1) __builtin_trap();
  const auto again = with_referrer(&**edited, added, {});
  if (!again || *again) __builtin_trap();
  return 0;
}
