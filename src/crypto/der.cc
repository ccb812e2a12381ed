#include "crypto/der.h"

#include <algorithm>

#include <fmt/format.h>

namespace bulkhead {
namespace {

constexpr uint8_t kLongTag = 0x1F;
constexpr size_t kMaxLengthBytes = 4;
constexpr uint8_t kLongLength = 0x80;

std::unexpected<Error> broken() {
  return fail(Code::kMalformed, "not in DER");
}

uint8_t octet(ByteSpan bytes, size_t at) {
  return std::to_integer<uint8_t>(bytes[at]);
}

}  // namespace

Result<DerElement> DerReader::next() {
  if (bytes_.size() < 2 || (octet(bytes_, 0) & kLongTag) == kLongTag) return broken();
  size_t head = 2;
  size_t length = octet(bytes_, 1);
  if (length >= kLongLength) {
    const size_t count = length & ~size_t{kLongLength};
    if (count == 0 || count > kMaxLengthBytes || bytes_.size() < head + count) return broken();
    length = 0;
    for (; head < 2 + count; ++head) length = (length << 8) | octet(bytes_, head);
    if (octet(bytes_, 2) == 0 || length < kLongLength) return broken();
  }
  if (length > bytes_.size() - head) return broken();
  const DerElement element{
      .tag = octet(bytes_, 0), .content = bytes_.subspan(head, length), .whole = bytes_.first(head + length)};
  bytes_ = bytes_.subspan(head + length);
  return element;
}

Result<ByteSpan> DerReader::next(uint8_t tag) {
  TRY_ASSIGN(const DerElement element, next());
  if (element.tag == tag) return element.content;
  return fail(Code::kMalformed, fmt::format("a DER element has tag {:#x}, not {:#x}", element.tag, tag));
}

Result<ByteSpan> der_content(ByteSpan bytes, uint8_t tag) {
  DerReader reader(bytes);
  TRY_ASSIGN(const ByteSpan content, reader.next(tag));
  if (!reader.at_end()) return fail(Code::kMalformed, "something follows a DER element");
  return content;
}

std::string der_element(uint8_t tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < kLongLength) {
    out += static_cast<char>(content.size());
  } else {
    std::string length;
    for (size_t rest = content.size(); rest > 0; rest >>= 8) length += static_cast<char>(rest & 0xFFU);
    std::ranges::reverse(length);
    out += static_cast<char>(kLongLength | length.size());
    out += length;
  }
  return out.append(content);
}

}  // namespace bulkhead
