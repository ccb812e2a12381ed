// Base64 with the alphabet for URLs, without padding (RFC 7515 section 2). Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace bulkhead::notation {

std::string base64url_encode(ByteSpan bytes);
// kMalformed for anything else: padding, line ends, the other alphabet, bits left over.
Result<std::string> base64url_decode(std::string_view text);

}  // namespace bulkhead::notation
