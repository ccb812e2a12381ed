// One 512-byte tar header and the records that extend it; internal to this folder. tar_reader.h is the way in.
// Pure: bytes in, values out. Trust of the input: none; errors are kMalformed without position.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bulkhead::archive {

inline constexpr size_t kTarBlockBytes = 512;
using TarBlock = std::span<const std::byte, kTarBlockBytes>;

struct TarHeader {
  char type = '0';
  bool gnu = false;  // the GNU magic, without which an old sparse map is none
  std::string name;  // with its ustar or star prefix
  std::string link;
  uint64_t size = 0;
  uint32_t mode = 0;
  uint64_t device_major = 0;
  uint64_t device_minor = 0;
};

bool is_zero_block(TarBlock block);
// Into `header`, whose strings are used again.
Status parse_tar_header(TarBlock block, TarHeader& header);

// Octal digits between spaces and NULs, or base-256 when the first bit is set; nothing at all is 0.
Result<int64_t> parse_tar_number(std::string_view field);

// The pax records that matter; an empty value means that there is none (POSIX: the header's own value holds).
enum class PaxKey : uint8_t {
  kPath,
  kLinkPath,
  kSize,
  kSparseMajor,
  kSparseMinor,
  kSparseName,
  kSparseSize,
  kSparseRealSize,
  kSparseBlocks,
  kSparseMap,
  kCount,
};
struct PaxRecords {
  std::array<std::string, static_cast<size_t>(PaxKey::kCount)> values;
  std::string& operator[](PaxKey key) { return values[static_cast<size_t>(key)]; }
  const std::string& operator[](PaxKey key) const { return values[static_cast<size_t>(key)]; }
  void clear() {
    for (std::string& value : values) value.clear();
  }
};
// Replaces `records`. Version 0.0 sparse maps become 0.1 ones.
Status parse_pax(std::string_view text, PaxRecords& records);

struct SparseFragment {
  uint64_t offset = 0;  // in the expanded file
  uint64_t size = 0;
};
using SparseMap = std::vector<SparseFragment>;

// The map of GNU.sparse 0.0 and 0.1.
Result<SparseMap> parse_pax_sparse_map(const PaxRecords& records);
// Adds the entries of one old GNU map (of the main header, or of an extension block); true when another block follows.
Result<bool> parse_old_sparse_map(TarBlock block, bool main_header, SparseMap& map);
// The expanded size that the main header of an old GNU sparse file states.
Result<uint64_t> old_sparse_real_size(TarBlock block);
// In order, without overlap, inside `size`, and of `stored_size` bytes together.
Status check_sparse_map(const SparseMap& map, uint64_t size, uint64_t stored_size);

}  // namespace bulkhead::archive
