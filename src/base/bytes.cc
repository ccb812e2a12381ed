#include "base/bytes.h"

#include <bit>
#include <concepts>
#include <cstring>

#include <fmt/format.h>

namespace bulkhead {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <std::unsigned_integral T>
void append_le(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

}  // namespace

std::string to_hex(ByteSpan bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    hex.push_back(kDigits[std::to_integer<unsigned>(b) >> 4]);
    hex.push_back(kDigits[std::to_integer<unsigned>(b) & 0xf]);
  }
  return hex;
}

Result<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return fail(Code::kInvalidArgument, "odd number of hexadecimal digits");
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0)
      return fail(Code::kInvalidArgument, fmt::format("not a hexadecimal digit at offset {}", i));
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

Result<ByteSpan> ByteReader::take(size_t count) {
  if (count > remaining()) {
    return fail(Code::kMalformed,
                fmt::format("needs {} bytes at offset {}, but only {} are left", count, position_, remaining()));
  }
  const ByteSpan taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

Status ByteReader::skip(size_t count) {
  TRY(take(count));
  return {};
}

Status ByteReader::seek(size_t position) {
  if (position > bytes_.size()) {
    return fail(Code::kMalformed, fmt::format("offset {} lies outside the {} bytes", position, bytes_.size()));
  }
  position_ = position;
  return {};
}

template <typename T>
Result<T> ByteReader::integer(bool big_endian) {
  TRY_ASSIGN(const ByteSpan raw, take(sizeof(T)));
  T value;
  std::memcpy(&value, raw.data(), sizeof(T));
  const bool native_big = std::endian::native == std::endian::big;
  if (big_endian != native_big) value = std::byteswap(value);
  return value;
}

Result<uint8_t> ByteReader::u8() {
  return integer<uint8_t>(false);
}
Result<uint16_t> ByteReader::u16_le() {
  return integer<uint16_t>(false);
}
Result<uint32_t> ByteReader::u32_le() {
  return integer<uint32_t>(false);
}
Result<uint64_t> ByteReader::u64_le() {
  return integer<uint64_t>(false);
}
Result<uint16_t> ByteReader::u16_be() {
  return integer<uint16_t>(true);
}
Result<uint32_t> ByteReader::u32_be() {
  return integer<uint32_t>(true);
}
Result<uint64_t> ByteReader::u64_be() {
  return integer<uint64_t>(true);
}

Result<uint64_t> ByteReader::varint() {
  const size_t start = position_;
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = u8();
    if (!byte) {
      position_ = start;
      return fail(byte.error());
    }
    const uint64_t bits = *byte & 0x7fU;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if ((*byte & 0x80U) == 0) return value;
  }
  position_ = start;
  return fail(Code::kMalformed, fmt::format("variable-length integer at offset {} is too long", start));
}

Result<std::string_view> ByteReader::text_until(char end) {
  const std::string_view rest = as_text(bytes_.subspan(position_));
  const size_t found = rest.find(end);
  if (found == std::string_view::npos) {
    return fail(Code::kMalformed, fmt::format("text at offset {} has no end", position_));
  }
  position_ += found + 1;
  return rest.substr(0, found);
}

void ByteWriter::u8(uint8_t value) {
  append_le(out_, value);
}
void ByteWriter::u32(uint32_t value) {
  append_le(out_, value);
}
void ByteWriter::u64(uint64_t value) {
  append_le(out_, value);
}

void ByteWriter::varint(uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<char>(value));
}

void ByteWriter::string(std::string_view text) {
  varint(text.size());
  out_.append(text);
}

Result<std::string_view> read_string(ByteReader& reader) {
  TRY_ASSIGN(const uint64_t size, reader.varint());
  if (size > reader.remaining()) {
    return fail(Code::kMalformed, fmt::format("string of {} bytes at offset {}, but only {} are left", size,
                                              reader.position(), reader.remaining()));
  }
  TRY_ASSIGN(const ByteSpan raw, reader.take(static_cast<size_t>(size)));
  return as_text(raw);
}

}  // namespace bulkhead
