// What untrusted archives may cost us, and the option that raises each limit: the one table from which the command line
// makes its flags. Passing a limit is kLimitExceeded by limit_error(), naming the option.
#pragma once

#include <cstdint>
#include <span>

#include "base/limits.h"

namespace bulkhead::archive {

struct Limits {
  uint64_t max_layer_bytes = uint64_t{64} << 30;   // inflated bytes of one stream
  uint64_t max_image_bytes = uint64_t{128} << 30;  // of one image's layers, or of one archive that holds images
  uint64_t max_ratio = 1000;                       // inflated : stored, of each stream or zip entry by itself
  uint64_t max_entries = 5'000'000;                // of one archive, or of one image's layers
  uint64_t max_members = 100'000;                  // members of an image archive that is indexed (layouts, docker save)
  uint64_t max_path_bytes = 4096;                  // one path or link target; Linux' PATH_MAX
  uint64_t max_header_bytes = uint64_t{1} << 20;   // extension records (pax, GNU long names, sparse maps) of one entry
  uint64_t max_file_bytes = uint64_t{512} << 20;   // one file that is wanted whole, and so held in memory
  uint64_t max_name_bytes = uint64_t{512} << 20;   // names and link targets of one image's files, in all layers
  uint64_t max_fact_bytes = uint64_t{256} << 20;   // what analysers answer about one image's files, in all layers

  // Small archives may be as repetitive as they like: max_ratio is looked at once more than this came out of a stream.
  static constexpr uint64_t kRatioFloorBytes = uint64_t{1} << 30;
};

using LimitOption = bulkhead::LimitOption<Limits>;
std::span<const LimitOption> limit_options();

// The error of passing `field`, as the table names it.
inline Error limit_passed(const Limits& limits, uint64_t Limits::* field) {
  return bulkhead::limit_passed(limit_options(), limits, field);
}

}  // namespace bulkhead::archive
