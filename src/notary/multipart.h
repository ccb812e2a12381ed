// multipart/form-data, as clients upload metadata with it. Source: RFC 7578, RFC 2046 section 5.1, RFC 2183.
//
// Stricter than either, since two readers of one upload must not see different parts: no text around the parts, lines
// end in CR LF, one Content-Disposition for each part, no transfer encoding. Trust of the input: none. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::notary {

struct MultipartLimits {
  size_t max_parts = 256;
  size_t max_head_bytes = 4096;  // of one part
};

struct Part {
  std::optional<std::string> filename;  // nothing when the part has none
  std::string_view contents;            // a view into the body
};

// The boundary that a Content-Type names; nothing when it is not that of multipart/form-data.
std::optional<std::string> multipart_boundary(std::string_view content_type);

// kMalformed, kLimitExceeded.
Result<std::vector<Part>> read_multipart(std::string_view body, std::string_view boundary,
                                         const MultipartLimits& limits = {});

}  // namespace bulkhead::notary
