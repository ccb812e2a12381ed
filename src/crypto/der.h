// The Distinguished Encoding Rules, as much of them as is needed to walk a structure and to put one together: tags of
// one byte, lengths that are definite and as short as can be. Source: ITU-T X.690 sections 8.1 and 10.1. The input is
// untrusted; views point into it. Not thread-safe for one reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace bulkhead {

namespace der {
inline constexpr uint8_t kBoolean = 0x01;
inline constexpr uint8_t kInteger = 0x02;
inline constexpr uint8_t kOctetString = 0x04;
inline constexpr uint8_t kObjectIdentifier = 0x06;
inline constexpr uint8_t kUtf8String = 0x0C;
inline constexpr uint8_t kSequence = 0x30;
inline constexpr uint8_t context(uint8_t number) {  // constructed: EXPLICIT [number]
  return static_cast<uint8_t>(0xA0U | number);
}
}  // namespace der

struct DerElement {
  uint8_t tag;
  ByteSpan content;
  ByteSpan whole;  // with tag and length
};

class DerReader {
 public:
  explicit DerReader(ByteSpan bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }
  // kMalformed at the end, and for what is no element in DER.
  Result<DerElement> next();
  // The same, and for an element of another tag.
  Result<ByteSpan> next(uint8_t tag);

 private:
  ByteSpan bytes_;
};

// The content of the one element that `bytes` are.
Result<ByteSpan> der_content(ByteSpan bytes, uint8_t tag);

std::string der_element(uint8_t tag, std::string_view content);

}  // namespace bulkhead
