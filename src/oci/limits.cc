#include "oci/limits.h"

namespace bulkhead::oci {
namespace {

constexpr LimitOption kOptions[] = {
    {"--max-manifest-bytes", "bytes of a manifest or index", &ImageLimits::max_manifest_bytes},
    {"--max-config-bytes", "bytes of an image configuration", &ImageLimits::max_config_bytes},
    {"--max-layers", "layers of an image", &ImageLimits::max_layers},
    {"--max-index-depth", "levels of index in index", &ImageLimits::max_index_depth},
    {"--max-manifests", "manifests listed by an index", &ImageLimits::max_manifests},
    {"--max-manifest-reads", "manifests and indexes read to find an image", &ImageLimits::max_documents},
    {"--max-archive-json", "bytes of JSON in an archive read in one pass", &ImageLimits::max_kept_json_bytes},
};

}  // namespace

std::span<const LimitOption> limit_options() {
  return kOptions;
}

}  // namespace bulkhead::oci
