#include "archive/tar_header.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::archive {
namespace {

struct Field {
  size_t offset;
  size_t size;
};
// POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
constexpr Field kName = {0, 100};
constexpr Field kMode = {100, 8};
constexpr Field kUid = {108, 8};
constexpr Field kGid = {116, 8};
constexpr Field kSize = {124, 12};
constexpr Field kMtime = {136, 12};
constexpr Field kChecksum = {148, 8};
constexpr Field kType = {156, 1};
constexpr Field kLink = {157, 100};
constexpr Field kMagic = {257, 8};
constexpr Field kDeviceMajor = {329, 8};
constexpr Field kDeviceMinor = {337, 8};
constexpr Field kUstarPrefix = {345, 155};
constexpr Field kStarPrefix = {345, 131};
constexpr Field kStarTrailer = {508, 4};
constexpr Field kGnuAtime = {345, 12};
constexpr Field kGnuCtime = {357, 12};
constexpr Field kGnuRealSize = {483, 12};

constexpr size_t kOldSparseEntryBytes = 24;
struct OldSparseLayout {
  size_t offset;
  size_t entries;
  size_t extended;  // offset of the flag
};
constexpr OldSparseLayout kOldSparseMain = {386, 4, 482};
constexpr OldSparseLayout kOldSparseExtension = {0, 21, 504};

std::string_view raw(TarBlock block, Field field) {
  return as_text(block).substr(field.offset, field.size);
}

std::string_view until_nul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}
std::string_view text_of(TarBlock block, Field field) {
  return until_nul(raw(block, field));
}

Result<uint64_t> non_negative(TarBlock block, Field field, std::string_view what) {
  TRY_ASSIGN(const int64_t value, parse_tar_number(raw(block, field)));
  if (value < 0) return fail(Code::kMalformed, fmt::format("negative {}", what));
  return static_cast<uint64_t>(value);
}

// The sum of all bytes, the checksum field taken as spaces; old writers summed signed bytes.
bool checksum_fits(TarBlock block) {
  const auto stated = parse_tar_number(raw(block, kChecksum));
  if (!stated) return false;
  int64_t plain = 0;
  int64_t as_signed = 0;
  for (const std::byte b : block) {
    plain += std::to_integer<uint8_t>(b);
    as_signed += static_cast<int8_t>(b);
  }
  for (const char c : raw(block, kChecksum)) {
    plain += ' ' - static_cast<uint8_t>(c);
    as_signed += ' ' - static_cast<int8_t>(c);
  }
  return *stated == plain || *stated == as_signed;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

// Writers made with Go before 1.8 put a ustar prefix where GNU has its times; it is one when it is no number.
std::string_view misplaced_prefix(TarBlock block) {
  for (const Field time : {kGnuAtime, kGnuCtime}) {
    if (raw(block, time).front() != '\0' && !parse_tar_number(raw(block, time))) {
      const std::string_view prefix = text_of(block, kUstarPrefix);
      return is_ascii(prefix) ? prefix : std::string_view();
    }
  }
  return {};
}

struct PaxName {
  std::string_view name;
  PaxKey key;
};
constexpr PaxName kPaxNames[] = {
    {"path", PaxKey::kPath},
    {"linkpath", PaxKey::kLinkPath},
    {"size", PaxKey::kSize},
    {"GNU.sparse.major", PaxKey::kSparseMajor},
    {"GNU.sparse.minor", PaxKey::kSparseMinor},
    {"GNU.sparse.name", PaxKey::kSparseName},
    {"GNU.sparse.size", PaxKey::kSparseSize},
    {"GNU.sparse.realsize", PaxKey::kSparseRealSize},
    {"GNU.sparse.numblocks", PaxKey::kSparseBlocks},
    {"GNU.sparse.map", PaxKey::kSparseMap},
};

struct PaxRecord {
  std::string_view key;
  std::string_view value;
};

// "%d %s=%s\n", the number being the length of all of it (POSIX.1-2017 pax, "pax Extended Header").
std::optional<PaxRecord> cut_pax_record(std::string_view& text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto length = parse_decimal(text.substr(0, space));
  if (!length || *length < 5 || *length > text.size() || *length < space + 2) return std::nullopt;
  const auto end = static_cast<size_t>(*length);
  if (text[end - 1] != '\n') return std::nullopt;
  const std::string_view record = text.substr(space + 1, end - 1 - (space + 1));
  const size_t equals = record.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  text.remove_prefix(end);
  return PaxRecord{record.substr(0, equals), record.substr(equals + 1)};
}

}  // namespace

bool is_zero_block(TarBlock block) {
  return block.front() == std::byte{0} && std::memcmp(block.data(), block.data() + 1, block.size() - 1) == 0;
}

Result<int64_t> parse_tar_number(std::string_view field) {
  if (!field.empty() && (static_cast<uint8_t>(field[0]) & 0x80U) != 0) {
    // Two's complement, big-endian, the first bit being the mark and the second the sign.
    const bool negative = (static_cast<uint8_t>(field[0]) & 0x40U) != 0;
    const uint8_t invert = negative ? 0xff : 0;
    uint64_t value = 0;
    for (size_t i = 0; i < field.size(); ++i) {
      uint8_t byte = static_cast<uint8_t>(field[i]) ^ invert;
      if (i == 0) byte &= 0x7f;
      if (value >> 55U != 0) return fail(Code::kMalformed, "number too large");
      value = value << 8U | byte;
    }
    const auto magnitude = static_cast<int64_t>(value);
    return negative ? -1 - magnitude : magnitude;
  }
  const auto is_padding = [](char c) { return c == ' ' || c == '\0'; };
  while (!field.empty() && is_padding(field.front())) field.remove_prefix(1);
  while (!field.empty() && is_padding(field.back())) field.remove_suffix(1);
  uint64_t value = 0;
  for (const char c : until_nul(field)) {
    if (c < '0' || c > '7') return fail(Code::kMalformed, "number that is not octal");
    if (value >> 60U != 0) return fail(Code::kMalformed, "number too large");
    value = value << 3U | static_cast<uint64_t>(c - '0');
  }
  return static_cast<int64_t>(value);
}

Status parse_tar_header(TarBlock block, TarHeader& header) {
  if (!checksum_fits(block)) return fail(Code::kMalformed, "header checksum does not fit");
  header.type = raw(block, kType).front();
  header.name.assign(text_of(block, kName));
  header.link.assign(text_of(block, kLink));
  TRY_ASSIGN(header.size, non_negative(block, kSize, "size"));
  TRY_ASSIGN(const int64_t mode, parse_tar_number(raw(block, kMode)));
  header.mode = static_cast<uint32_t>(mode & 07777);
  // Not used, but a header in which they are no numbers is none.
  for (const Field field : {kUid, kGid, kMtime}) TRY(parse_tar_number(raw(block, field)));

  header.gnu = false;
  header.device_major = 0;
  header.device_minor = 0;
  const std::string_view magic = raw(block, kMagic);
  header.gnu = magic == std::string_view("ustar  \0", 8);
  if (!header.gnu && !magic.starts_with(std::string_view("ustar\0", 6))) return {};  // v7

  TRY_ASSIGN(header.device_major, non_negative(block, kDeviceMajor, "device number"));
  TRY_ASSIGN(header.device_minor, non_negative(block, kDeviceMinor, "device number"));
  std::string_view prefix;
  if (header.gnu) {
    prefix = misplaced_prefix(block);
  } else {
    const bool star = raw(block, kStarTrailer) == std::string_view("tar\0", 4);
    prefix = text_of(block, star ? kStarPrefix : kUstarPrefix);
  }
  if (!prefix.empty()) header.name.insert(0, "/").insert(0, prefix);
  return {};
}

Status parse_pax(std::string_view text, PaxRecords& records) {
  records.clear();
  std::string old_map;
  bool expects_offset = true;
  while (!text.empty()) {
    const auto record = cut_pax_record(text);
    if (!record) return fail(Code::kMalformed, "invalid pax record");
    if (record->key == "GNU.sparse.offset" || record->key == "GNU.sparse.numbytes") {
      const bool is_offset = record->key == "GNU.sparse.offset";
      if (is_offset != expects_offset || record->value.contains(',')) {
        return fail(Code::kMalformed, "invalid sparse map in pax records");
      }
      expects_offset = !expects_offset;
      if (!old_map.empty()) old_map += ',';
      old_map += record->value;
      continue;
    }
    const auto* const known = std::ranges::find(kPaxNames, record->key, &PaxName::name);
    if (known == std::end(kPaxNames)) {
      if (record->key.contains('\0')) return fail(Code::kMalformed, "pax keyword with a NUL byte");
      continue;
    }
    if (record->value.contains('\0')) {
      return fail(Code::kMalformed, fmt::format("pax record \"{}\" with a NUL byte", record->key));
    }
    records[known->key].assign(record->value);
  }
  if (!old_map.empty()) records[PaxKey::kSparseMap] = std::move(old_map);
  return {};
}

Result<SparseMap> parse_pax_sparse_map(const PaxRecords& records) {
  const auto invalid = [] { return fail(Code::kMalformed, "invalid sparse map in pax records"); };
  const auto count = parse_decimal(records[PaxKey::kSparseBlocks]);
  const std::string& text = records[PaxKey::kSparseMap];
  const auto numbers = text.empty() ? std::vector<std::string_view>() : split(text, ',');
  if (!count || numbers.size() % 2 != 0 || *count != numbers.size() / 2) return invalid();
  SparseMap map;
  map.reserve(numbers.size() / 2);
  for (size_t i = 0; i < numbers.size(); i += 2) {
    const auto offset = parse_decimal(numbers[i]);
    const auto size = parse_decimal(numbers[i + 1]);
    if (!offset || !size) return invalid();
    map.push_back({*offset, *size});
  }
  return map;
}

Result<bool> parse_old_sparse_map(TarBlock block, bool main_header, SparseMap& map) {
  const OldSparseLayout& layout = main_header ? kOldSparseMain : kOldSparseExtension;
  for (size_t i = 0; i < layout.entries; ++i) {
    const size_t at = layout.offset + i * kOldSparseEntryBytes;
    if (block[at] == std::byte{0}) break;  // the end, though an extension block may follow all the same
    TRY_ASSIGN(const uint64_t offset, non_negative(block, {at, 12}, "sparse offset"));
    TRY_ASSIGN(const uint64_t size, non_negative(block, {at + 12, 12}, "sparse size"));
    map.push_back({offset, size});
  }
  return block[layout.extended] != std::byte{0};
}

Result<uint64_t> old_sparse_real_size(TarBlock block) {
  return non_negative(block, kGnuRealSize, "sparse file size");
}

Status check_sparse_map(const SparseMap& map, uint64_t size, uint64_t stored_size) {
  uint64_t end = 0;
  uint64_t stored = 0;
  for (const SparseFragment& fragment : map) {
    if (fragment.offset < end || fragment.offset > size || fragment.size > size - fragment.offset) {
      return fail(Code::kMalformed, "sparse map out of order or outside the file");
    }
    end = fragment.offset + fragment.size;
    stored += fragment.size;
  }
  if (stored != stored_size) {
    return fail(Code::kMalformed, fmt::format("sparse map of {} bytes, but the archive holds {}", stored, stored_size));
  }
  return {};
}

}  // namespace bulkhead::archive
