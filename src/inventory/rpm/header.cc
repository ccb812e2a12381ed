#include "inventory/rpm/header.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace bulkhead::inventory::rpm {

namespace {

enum Type : uint32_t {
  kNull = 0,
  kChar = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kString = 6,
  kBin = 7,
  kStringArray = 8,
  kI18nString = 9,
};

struct TypeInfo {
  uint32_t element_bytes;  // 0: strings, each as long as it is
  uint32_t alignment;
};
constexpr std::array<TypeInfo, 10> kTypes{
    {{1, 1}, {1, 1}, {1, 1}, {2, 2}, {4, 4}, {8, 8}, {0, 1}, {1, 1}, {0, 1}, {0, 1}}};

constexpr std::string_view kMagic{"\x8e\xad\xe8\x01\0\0\0\0", 8};
constexpr size_t kEntryBytes = 16;

bool is_region(uint32_t tag) {
  return tag == static_cast<uint32_t>(Tag::kHeaderImage) || tag == static_cast<uint32_t>(Tag::kHeaderSignatures) ||
         tag == static_cast<uint32_t>(Tag::kHeaderImmutable);
}

// How many index entries, itself included, the region that the first entry opens covers. The entry's data is the
// region's trailer: an index entry again, whose offset is minus the size of the region's index.
Result<size_t> region_entries(ByteSpan store, uint32_t type, uint32_t offset, uint32_t count, size_t entry_count) {
  if (type != kBin || count != kEntryBytes) {
    return fail(Code::kMalformed, fmt::format("rpm header: region has type {} and {} bytes", type, count));
  }
  if (offset == 0) return entry_count;  // rpm 4.0 wrote no trailer
  if (offset > store.size() || store.size() - offset < kEntryBytes) {
    return fail(Code::kMalformed, fmt::format("rpm header: region trailer at {} lies outside the data", offset));
  }
  ByteReader trailer(store.subspan(offset, kEntryBytes));
  TRY(trailer.skip(8));
  TRY_ASSIGN(const uint32_t negated, trailer.u32_be());
  const uint32_t index_bytes = 0U - negated;
  const size_t entries = index_bytes / kEntryBytes;
  if (index_bytes % kEntryBytes != 0 || entries == 0 || entries > entry_count) {
    return fail(Code::kMalformed,
                fmt::format("rpm header: region covers {} bytes of an index of {} entries", index_bytes, entry_count));
  }
  return entries;
}

}  // namespace

Result<Header> Header::parse(ByteSpan blob, const HeaderLimits& limits) {
  if (as_text(blob).starts_with(kMagic)) blob = blob.subspan(kMagic.size());
  ByteReader reader(blob);
  TRY_CONTEXT(const uint32_t entry_count, reader.u32_be(), "rpm header");
  TRY_CONTEXT(const uint32_t data_bytes, reader.u32_be(), "rpm header");
  if (entry_count == 0) return fail(Code::kMalformed, "rpm header: no entries");
  if (entry_count > limits.max_entries) {
    return fail(Code::kMalformed,
                fmt::format("rpm header: {} entries; at most {} are valid", entry_count, limits.max_entries));
  }
  if (data_bytes > limits.max_data_bytes) {
    return fail(Code::kLimitExceeded,
                fmt::format("rpm header: {} bytes of data; the limit is {}", data_bytes, limits.max_data_bytes));
  }
  TRY_CONTEXT(const ByteSpan index, reader.take(entry_count * kEntryBytes), "rpm header: index");
  TRY_CONTEXT(const ByteSpan store, reader.take(data_bytes), "rpm header: data");

  std::vector<Entry> entries;
  entries.reserve(entry_count);
  size_t region = 0;
  ByteReader index_reader(index);
  for (uint32_t i = 0; i < entry_count; ++i) {
    Entry entry{};
    TRY_ASSIGN(entry.tag, index_reader.u32_be());
    TRY_ASSIGN(entry.type, index_reader.u32_be());
    TRY_ASSIGN(entry.offset, index_reader.u32_be());
    TRY_ASSIGN(entry.count, index_reader.u32_be());
    if (i == 0 && is_region(entry.tag)) {
      TRY_ASSIGN(region, region_entries(store, entry.type, entry.offset, entry.count, entry_count));
    }
    if (entry.type >= kTypes.size() || entry.offset > store.size() ||
        (!is_region(entry.tag) && entry.offset % kTypes[entry.type].alignment != 0)) {
      return fail(Code::kMalformed, fmt::format("rpm header: entry {} (tag {}) has type {} at offset {} of {}", i,
                                                entry.tag, entry.type, entry.offset, store.size()));
    }
    entries.push_back(entry);
  }
  std::ranges::rotate(entries, entries.begin() + static_cast<ptrdiff_t>(region));
  return Header(store, std::move(entries), limits.max_elements);
}

const Header::Entry* Header::find(Tag tag) const {
  const auto found = std::ranges::find(entries_, static_cast<uint32_t>(tag), &Entry::tag);
  return found == entries_.end() ? nullptr : &*found;
}

Result<std::string_view> Header::string(Tag tag) const {
  const Entry* entry = find(tag);
  if (entry == nullptr) return std::string_view();
  if (entry->type != kString && entry->type != kStringArray && entry->type != kI18nString) {
    return fail(Code::kMalformed, fmt::format("rpm header: tag {} is no string (type {})", entry->tag, entry->type));
  }
  ByteReader reader(store_.subspan(entry->offset));
  TRY_CONTEXT(const std::string_view text, reader.text_until('\0'), fmt::format("rpm header: tag {}", entry->tag));
  return text;
}

Result<std::vector<std::string_view>> Header::strings(Tag tag) const {
  std::vector<std::string_view> texts;
  const Entry* entry = find(tag);
  if (entry == nullptr) return texts;
  if (entry->type != kString && entry->type != kStringArray && entry->type != kI18nString) {
    return fail(Code::kMalformed,
                fmt::format("rpm header: tag {} is no string array (type {})", entry->tag, entry->type));
  }
  const ByteSpan data = store_.subspan(entry->offset);
  if (entry->count > data.size()) {  // each string takes its NUL at least
    return fail(Code::kMalformed,
                fmt::format("rpm header: tag {} claims {} strings in {} bytes", entry->tag, entry->count, data.size()));
  }
  if (entry->count > max_elements_) {
    return fail(Code::kLimitExceeded, fmt::format("rpm header: tag {} has {} strings; the limit is {}", entry->tag,
                                                  entry->count, max_elements_));
  }
  texts.reserve(entry->count);
  ByteReader reader(data);
  for (uint32_t i = 0; i < entry->count; ++i) {
    TRY_CONTEXT(const std::string_view text, reader.text_until('\0'), fmt::format("rpm header: tag {}", entry->tag));
    texts.push_back(text);
  }
  return texts;
}

Result<ByteSpan> Header::binary(Tag tag) const {
  const Entry* entry = find(tag);
  if (entry == nullptr) return ByteSpan();
  const uint32_t element_bytes = kTypes[entry->type].element_bytes;
  if (element_bytes == 0) {
    return fail(Code::kMalformed,
                fmt::format("rpm header: tag {} is no number or bytes (type {})", entry->tag, entry->type));
  }
  const ByteSpan data = store_.subspan(entry->offset);
  if (entry->count > data.size() / element_bytes) {
    return fail(Code::kMalformed, fmt::format("rpm header: tag {} claims {} elements of {} bytes in {}", entry->tag,
                                              entry->count, element_bytes, data.size()));
  }
  return data.first(size_t{entry->count} * element_bytes);
}

Result<std::vector<uint64_t>> Header::integers(Tag tag) const {
  std::vector<uint64_t> numbers;
  TRY_ASSIGN(const ByteSpan data, binary(tag));
  if (data.empty()) return numbers;
  const size_t element_bytes = kTypes[find(tag)->type].element_bytes;
  if (data.size() / element_bytes > max_elements_) {
    return fail(Code::kLimitExceeded,
                fmt::format("rpm header: tag {} has {} numbers; the limit is {}", static_cast<uint32_t>(tag),
                            data.size() / element_bytes, max_elements_));
  }
  numbers.reserve(data.size() / element_bytes);
  for (size_t at = 0; at < data.size(); at += element_bytes) {
    uint64_t number = 0;
    for (const std::byte byte : data.subspan(at, element_bytes)) number = number << 8 | std::to_integer<uint64_t>(byte);
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace bulkhead::inventory::rpm
