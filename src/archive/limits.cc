#include "archive/limits.h"

namespace bulkhead::archive {
namespace {

constexpr LimitOption kOptions[] = {
    {"--max-layer-bytes", "bytes in one layer, inflated", &Limits::max_layer_bytes},
    {"--max-image-bytes", "bytes in one image or archive of images, inflated", &Limits::max_image_bytes},
    {"--max-ratio", "times the stored size in one layer, inflated", &Limits::max_ratio},
    {"--max-entries", "entries in one archive or image", &Limits::max_entries},
    {"--max-members", "members in one image archive", &Limits::max_members},
    {"--max-path-bytes", "bytes in one path", &Limits::max_path_bytes},
    {"--max-header-bytes", "bytes of extension headers for one archive entry", &Limits::max_header_bytes},
    {"--max-file-bytes", "bytes in one file that must be read whole", &Limits::max_file_bytes},
    {"--max-name-bytes", "bytes of file names in one image", &Limits::max_name_bytes},
    {"--max-fact-bytes", "bytes of facts about one image", &Limits::max_fact_bytes},
};

}  // namespace

std::span<const LimitOption> limit_options() {
  return kOptions;
}

}  // namespace bulkhead::archive
