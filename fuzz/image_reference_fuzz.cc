// fuzz: oci
// What the user types to name an image: reference, platform and selector.
#include <cstdint>

#include "oci/platform.h"
#include "oci/reference.h"
#include "oci/selector.h"

using namespace bulkhead::oci;

namespace {
void require(bool holds) {
  if (!holds) __builtin_trap();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto reference = Reference::parse(text)) {
    require(reference->to_string() == text);
    require(!reference->repository.empty() && reference->repository.size() <= 255 && reference->tag.size() <= 128);
  }
  if (const auto reference = Reference::parse_normalized(text)) {
    // What is normal stays as it is.
    require(!reference->domain.empty());
    const auto again = Reference::parse_normalized(reference->to_string());
    require(again && *again == *reference);
  }
  if (const auto reference = Reference::parse_any(text)) require(!reference->to_string().empty());
  if (const auto platform = Platform::parse(text)) {
    require(normalized(*platform) == *platform);
    require(platform_distance(*platform, *platform) == 0U);
    const auto again = Platform::parse(platform->to_string());
    require(again && *again == *platform);
  }
  if (const auto selector = Selector::parse(text)) (void)selector->names("docker.io/library/app:1.2");
  return 0;
}
