// Documents of an image, whole; past a limit the error names the option that raises it.
#pragma once

#include <string>

#include "oci/file_store.h"
#include "oci/limits.h"

namespace bulkhead::oci {

// kNotFound; limit_passed() of `field`, with the document's name, when it is larger than that.
Result<std::string> read_limited(const FileStore& files, const std::string& path, const ImageLimits& limits,
                                 uint64_t ImageLimits::* field);

}  // namespace bulkhead::oci
