#include "notation/base64url.h"

#include <algorithm>

#include "base/base64.h"

namespace bulkhead::notation {

std::string base64url_encode(ByteSpan bytes) {
  std::string text = base64_encode(bytes);
  text.erase(std::ranges::find(text, '='), text.end());
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

Result<std::string> base64url_decode(std::string_view text) {
  if (text.find_first_of("+/=\r\n") != std::string_view::npos) return fail(Code::kMalformed, "not base64url");
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  return base64_decode(standard);
}

}  // namespace bulkhead::notation
