// What an untrusted image may make us hold besides its layers' contents (those have archive/limits.h), and the option
// that raises each limit: the one table from which the command line makes its flags. Passing a limit is kLimitExceeded
// by limit_passed(), naming the option.
#pragma once

#include <cstdint>
#include <span>

#include "base/limits.h"

namespace bulkhead::oci {

struct ImageLimits {
  uint64_t max_manifest_bytes = uint64_t{4}
                                << 20;  // one manifest or index; OCI distribution-spec asks for 4 MiB or more
  uint64_t max_config_bytes = uint64_t{16} << 20;     // one image configuration
  uint64_t max_layers = 1000;                         // of one image
  uint64_t max_index_depth = 4;                       // index in index
  uint64_t max_manifests = 10'000;                    // listed by the indexes that lead to one image
  uint64_t max_documents = 64;                        // manifests and indexes that are read to find one image
  uint64_t max_kept_json_bytes = uint64_t{64} << 20;  // all JSON entries of an archive that is read in one pass
};

using LimitOption = bulkhead::LimitOption<ImageLimits>;
std::span<const LimitOption> limit_options();

// The error of passing `field`, as the table names it.
inline Error limit_passed(const ImageLimits& limits, uint64_t ImageLimits::* field) {
  return bulkhead::limit_passed(limit_options(), limits, field);
}

}  // namespace bulkhead::oci
