// The image sources beyond the file system, set up from flags and environment: local engines and the registry.
#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "cli/image_flags.h"
#include "oci/image_source.h"

namespace bulkhead::cli {

// In the order in which they are asked for an image without a prefix. With --offline neither
// registries nor engines behind TCP are asked, and say so.
Result<std::vector<std::unique_ptr<oci::ImageSource>>> make_sources(const ImageFlags& flags,
                                                                    const std::stop_token& stop);

}  // namespace bulkhead::cli
