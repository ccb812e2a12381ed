// Bytes and the one way to walk untrusted ones: a bounded cursor.
//
// ByteReader never reads outside its span: every accessor returns kMalformed with the offset when too little is left,
// and leaves the position unchanged. It views the span; the bytes must outlive it and every span it hands out. Not
// thread-safe; trust of the input: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead {

using ByteSpan = std::span<const std::byte>;

inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string to_hex(ByteSpan bytes);  // lower case
// Even number of hexadecimal digits of either case, or kInvalidArgument.
Result<std::string> from_hex(std::string_view hex);

class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  bool at_end() const { return remaining() == 0; }

  Result<ByteSpan> take(size_t count);
  Status skip(size_t count);
  Status seek(size_t position);  // absolute; at most the end

  Result<uint8_t> u8();
  Result<uint16_t> u16_le();
  Result<uint32_t> u32_le();
  Result<uint64_t> u64_le();
  Result<uint16_t> u16_be();
  Result<uint32_t> u32_be();
  Result<uint64_t> u64_be();
  // LEB128, at most 10 bytes.
  Result<uint64_t> varint();
  // Bytes up to, without, the next `end`; the end byte is consumed.
  Result<std::string_view> text_until(char end);

 private:
  template <typename T>
  Result<T> integer(bool big_endian);

  ByteSpan bytes_;
  size_t position_ = 0;
};

// The writing side, for our own formats: little-endian and LEB128.
class ByteWriter {
 public:
  void u8(uint8_t value);
  void u32(uint32_t value);
  void u64(uint64_t value);
  void varint(uint64_t value);
  // varint length, then the bytes.
  void string(std::string_view text);
  void raw(std::string_view text) { out_.append(text); }

  const std::string& bytes() const { return out_; }
  std::string take() && { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what ByteWriter::string wrote; the view points into the reader's span.
Result<std::string_view> read_string(ByteReader& reader);

}  // namespace bulkhead
