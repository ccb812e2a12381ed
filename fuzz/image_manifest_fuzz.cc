// fuzz: oci
// Manifests, indexes and configurations: the first byte chooses the media type under which the rest is served.
#include <cstdint>

#include "oci/manifest.h"

using namespace bulkhead::oci;

namespace {
void require(bool holds) {
  if (!holds) __builtin_trap();
}
constexpr std::string_view kServedTypes[] = {"", kOciManifest, kOciIndex, kDockerManifest, kDockerManifestList};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view served = kServedTypes[data[0] % std::size(kServedTypes)];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  ImageLimits limits;
  limits.max_layers = 4;
  if (const auto document = parse_manifest(text, served, limits)) {
    if (const auto* const manifest = std::get_if<Manifest>(&*document)) {
      require(!is_index_type(served) && is_manifest_type(manifest->media_type));
      require(manifest->layers.size() <= 4 && !manifest->config.digest.empty());
      if (require_image(*manifest)) {
        for (const Descriptor& layer : manifest->layers) (void)layer_kind(layer.media_type);
      }
    } else {
      const Index& index = std::get<Index>(*document);
      require(!is_manifest_type(served) && is_index_type(index.media_type));
      for (const Descriptor& entry : index.manifests) {
        (void)is_not_an_image(entry);
        require(!entry.digest.empty() && !entry.media_type.empty());
      }
    }
  }
  if (const auto config = parse_config(text, limits)) {
    require(config->diff_ids.size() <= 4);
    require(created_by_of_layers(*config).size() == config->diff_ids.size());
  }
  return 0;
}
