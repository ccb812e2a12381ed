#include "oci/read_limited.h"

#include "base/text.h"

namespace bulkhead::oci {

Result<std::string> read_limited(const FileStore& files, const std::string& path, const ImageLimits& limits,
                                 uint64_t ImageLimits::* field) {
  auto text = files.read(path, limits.*field);
  if (text || text.error().code() != Code::kLimitExceeded) return text;
  return fail(limit_passed(limits, field).with_context(printable(path)));
}

}  // namespace bulkhead::oci
