// Base64 with the standard alphabet and padding (RFC 4648 section 4). Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace bulkhead {

std::string base64_encode(ByteSpan bytes);

// The decoded bytes. Padding may be missing, and one line end (\n or \r\n) may follow; anything else outside the
// alphabet, misplaced padding and non-zero trailing bits are kMalformed. The message does not repeat the text.
Result<std::string> base64_decode(std::string_view text);

}  // namespace bulkhead
