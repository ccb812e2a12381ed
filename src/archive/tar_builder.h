// Builds tar archives in memory, sound and unsound ones. For tests, fuzz targets and benchmarks only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead::archive {

class TarBuilder {
 public:
  enum class Magic : uint8_t { kUstar, kGnu, kV7 };

  struct Header {
    std::string_view name;
    char type = '0';
    uint64_t size = 0;
    std::string_view link = {};
    std::string_view prefix = {};
    uint32_t mode = 0644;
    uint64_t device_major = 0;
    uint64_t device_minor = 0;
    Magic magic = Magic::kUstar;
  };

  TarBuilder& header(const Header& h) {
    std::string block = make_header(h);
    set_checksum(block);
    bytes_ += block;
    return *this;
  }
  // Content and its padding.
  TarBuilder& content(std::string_view text) {
    bytes_ += text;
    bytes_.append((512 - text.size() % 512) % 512, '\0');
    return *this;
  }
  TarBuilder& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }

  TarBuilder& file(std::string_view name, std::string_view text = {}) {
    if (name.size() > 100) pax({{"path", name}});
    return header({.name = name.substr(0, 100), .size = text.size()}).content(text);
  }
  TarBuilder& directory(std::string_view name) { return header({.name = name, .type = '5', .mode = 0755}); }
  TarBuilder& symlink(std::string_view name, std::string_view target) {
    if (target.size() > 100) pax({{"linkpath", target}});
    return header({.name = name, .type = '2', .link = target.substr(0, 100)});
  }
  TarBuilder& hard_link(std::string_view name, std::string_view target) {
    return header({.name = name, .type = '1', .link = target});
  }
  TarBuilder& character_device(std::string_view name, uint64_t major, uint64_t minor) {
    return header({.name = name, .type = '3', .device_major = major, .device_minor = minor});
  }
  TarBuilder& fifo(std::string_view name) { return header({.name = name, .type = '6'}); }
  TarBuilder& pax(const std::vector<std::pair<std::string_view, std::string_view>>& records, char type = 'x') {
    std::string text;
    for (const auto& [key, value] : records) text += pax_record(key, value);
    return header({.name = "PaxHeaders/x", .type = type, .size = text.size()}).content(text);
  }
  TarBuilder& gnu_long(char type, std::string_view text) {
    std::string with_nul(text);
    with_nul.push_back('\0');
    return header({.name = "././@LongLink", .type = type, .size = with_nul.size(), .magic = Magic::kGnu})
        .content(with_nul);
  }

  // With the two zero blocks that end an archive.
  std::string finish() const { return bytes_ + std::string(1024, '\0'); }
  const std::string& unfinished() const { return bytes_; }

  static std::string pax_record(std::string_view key, std::string_view value) {
    const size_t rest = key.size() + value.size() + 3;
    size_t length = rest + 1;
    while (std::to_string(length).size() + rest != length) ++length;
    return std::to_string(length) + ' ' + std::string(key) + '=' + std::string(value) + '\n';
  }

  static std::string make_header(const Header& h) {
    std::string block(512, '\0');
    put(block, 0, 100, h.name);
    put_octal(block, 100, 8, h.mode);
    put_octal(block, 108, 8, 0);
    put_octal(block, 116, 8, 0);
    put_octal(block, 124, 12, h.size);
    put_octal(block, 136, 12, 1'700'000'000);
    block[156] = h.type;
    put(block, 157, 100, h.link);
    if (h.magic != Magic::kV7) {
      put(block, 257, 8,
          h.magic == Magic::kGnu ? std::string_view("ustar  \0", 8) : std::string_view("ustar\00000", 8));
      put_octal(block, 329, 8, h.device_major);
      put_octal(block, 337, 8, h.device_minor);
      put(block, 345, 155, h.prefix);
    }
    return block;
  }
  static void set_checksum(std::string& block) {
    std::fill_n(block.begin() + 148, 8, ' ');
    uint64_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put_octal(block, 148, 7, sum);
  }
  static void put(std::string& block, size_t offset, size_t size, std::string_view text) {
    std::ranges::copy(text.substr(0, size), block.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  // Octal with a closing NUL; base-256 when that does not fit.
  static void put_octal(std::string& block, size_t offset, size_t size, uint64_t value) {
    char* field = block.data() + offset;
    const size_t digits = size - 1;
    if (digits * 3 < 64 && value >> (digits * 3) != 0) {
      for (size_t i = size; i-- > 0; value >>= 8U) field[i] = static_cast<char>(value & 0xff);
      field[0] = static_cast<char>(static_cast<unsigned char>(field[0]) | 0x80U);
      return;
    }
    for (size_t i = digits; i-- > 0; value >>= 3U) field[i] = static_cast<char>('0' + (value & 7));
    field[digits] = '\0';
  }

 private:
  std::string bytes_;
};

}  // namespace bulkhead::archive
