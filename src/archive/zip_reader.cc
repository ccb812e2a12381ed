#include "archive/zip_reader.h"

#include <algorithm>
#include <array>
#include <new>
#include <optional>

#include <fmt/format.h>
#include <zlib.h>

#include "base/text.h"

namespace bulkhead::archive {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kDirectorySignature = 0x02014b50;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kLocator64Signature = 0x07064b50;
constexpr size_t kLocalHeaderBytes = 30;
constexpr size_t kEndBytes = 22;
constexpr size_t kLocator64Bytes = 20;
constexpr size_t kMaxCommentBytes = 0xFFFF;
constexpr uint16_t kStored = 0;
constexpr uint16_t kDeflated = 8;
constexpr uint16_t kZip64Extra = 1;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kMalformed, fmt::format("zip archive: {}", what));
}

// Where the directory is and what it promises.
struct End {
  uint64_t position = 0;  // of this record: the directory ends at or before it
  uint64_t entries = 0;
  uint64_t directory_bytes = 0;
  uint64_t directory_offset = 0;
};

std::optional<uint64_t> find_end(ByteSpan bytes) {
  if (bytes.size() < kEndBytes) return std::nullopt;
  const size_t last = bytes.size() - kEndBytes;
  const size_t first = last > kMaxCommentBytes ? last - kMaxCommentBytes : 0;
  std::optional<uint64_t> loose;
  for (size_t position = last + 1; position-- > first;) {
    ByteReader reader(bytes.subspan(position));
    if (reader.u32_le().value_or(0) != kEndSignature) continue;
    const size_t comment = reader.skip(16) ? reader.u16_le().value_or(0) : 0;
    if (position + kEndBytes + comment == bytes.size()) return position;
    if (!loose && position + kEndBytes + comment < bytes.size()) loose = position;  // something was appended
  }
  return loose;
}

Result<End> read_end64(ByteSpan bytes, uint64_t locator_position, End end) {
  ByteReader locator(bytes.subspan(locator_position));
  TRY(locator.skip(8));
  TRY_ASSIGN(uint64_t position, locator.u64_le());
  // With a prefix before the archive the offset is short by that prefix; the record then ends where the locator begins.
  constexpr uint64_t kEnd64Bytes = 56;
  const auto is_end64 = [&](uint64_t at) {
    return at < locator_position && ByteReader(bytes.subspan(at)).u32_le().value_or(0) == kEnd64Signature;
  };
  if (!is_end64(position) && locator_position >= kEnd64Bytes) position = locator_position - kEnd64Bytes;
  if (!is_end64(position)) return malformed("the Zip64 end record is missing");
  ByteReader record(bytes.subspan(position));
  TRY(record.skip(32));
  TRY_ASSIGN(end.entries, record.u64_le());
  TRY_ASSIGN(end.directory_bytes, record.u64_le());
  TRY_ASSIGN(end.directory_offset, record.u64_le());
  end.position = position;
  return end;
}

Result<End> read_end(ByteSpan bytes) {
  const auto position = find_end(bytes);
  if (!position) return malformed("the end of the central directory is missing");
  ByteReader reader(bytes.subspan(*position));
  TRY(reader.skip(4));
  TRY_ASSIGN(const uint16_t disk, reader.u16_le());
  TRY_ASSIGN(const uint16_t directory_disk, reader.u16_le());
  TRY(reader.skip(2));
  End end{.position = *position};
  TRY_ASSIGN(end.entries, reader.u16_le());
  TRY_ASSIGN(end.directory_bytes, reader.u32_le());
  TRY_ASSIGN(end.directory_offset, reader.u32_le());
  const bool zip64 = *position >= kLocator64Bytes &&
                     ByteReader(bytes.subspan(*position - kLocator64Bytes)).u32_le().value_or(0) == kLocator64Signature;
  if (zip64) return read_end64(bytes, *position - kLocator64Bytes, end);
  if (disk != 0 || directory_disk != 0) return fail(Code::kUnsupported, "zip archive: in several volumes");
  return end;
}

// The Zip64 extra field holds those of the three numbers that did not fit, in this order.
Status read_zip64_extra(ByteSpan extra, ZipEntry& entry) {
  constexpr uint64_t kDoesNotFit = 0xFFFFFFFF;
  ByteReader reader(extra);
  while (reader.remaining() >= 4) {
    TRY_ASSIGN(const uint16_t id, reader.u16_le());
    TRY_ASSIGN(const uint16_t length, reader.u16_le());
    if (length > reader.remaining()) return {};  // other tools pad this field with what is no record; so does Android's
    TRY_ASSIGN(const ByteSpan data, reader.take(length));
    if (id != kZip64Extra) continue;
    ByteReader numbers(data);
    for (uint64_t* number : {&entry.size, &entry.stored_size, &entry.offset}) {
      if (*number != kDoesNotFit) continue;
      TRY_ASSIGN(*number, numbers.u64_le());
    }
    return {};
  }
  return {};
}

Result<ZipEntry> read_directory_entry(ByteReader& reader, const Limits& limits) {
  TRY_ASSIGN(const uint32_t signature, reader.u32_le());
  if (signature != kDirectorySignature) return malformed("a directory entry does not begin as one");
  ZipEntry entry;
  TRY(reader.skip(4));
  TRY_ASSIGN(const uint16_t flags, reader.u16_le());
  entry.encrypted = (flags & 1) != 0;
  TRY_ASSIGN(entry.method, reader.u16_le());
  TRY(reader.skip(4));
  TRY_ASSIGN(entry.crc32, reader.u32_le());
  TRY_ASSIGN(entry.stored_size, reader.u32_le());
  TRY_ASSIGN(entry.size, reader.u32_le());
  TRY_ASSIGN(const uint16_t name_bytes, reader.u16_le());
  TRY_ASSIGN(const uint16_t extra_bytes, reader.u16_le());
  TRY_ASSIGN(const uint16_t comment_bytes, reader.u16_le());
  TRY(reader.skip(8));
  TRY_ASSIGN(entry.offset, reader.u32_le());
  if (name_bytes > limits.max_path_bytes) return fail(limit_passed(limits, &Limits::max_path_bytes));
  TRY_ASSIGN(const ByteSpan name, reader.take(name_bytes));
  entry.path = as_text(name);
  TRY_ASSIGN(const ByteSpan extra, reader.take(extra_bytes));
  TRY(reader.skip(comment_bytes));
  TRY(read_zip64_extra(extra, entry));
  return entry;
}

// Members lie one after the other before the directory.
Status check_overlaps(const std::vector<ZipEntry>& entries, uint64_t directory_position) {
  std::vector<const ZipEntry*> by_offset;
  by_offset.reserve(entries.size());
  for (const ZipEntry& entry : entries) by_offset.push_back(&entry);
  std::ranges::sort(by_offset, {}, &ZipEntry::offset);
  for (size_t i = 0; i < by_offset.size(); ++i) {
    const ZipEntry& entry = *by_offset[i];
    const uint64_t limit = i + 1 < by_offset.size() ? by_offset[i + 1]->offset : directory_position;
    const uint64_t header = kLocalHeaderBytes + entry.path.size();
    if (entry.offset > limit || limit - entry.offset < header || limit - entry.offset - header < entry.stored_size) {
      return malformed(fmt::format("\"{}\" overlaps what follows it", printable(entry.path.substr(0, 200))));
    }
  }
  return {};
}

// Hands out a member and checks it against the directory.
class EntrySource final : public BlockSource {
 public:
  EntrySource(const ZipEntry& entry, ByteSpan stored) : entry_(entry), rest_(stored) {
    if (entry_.method != kDeflated) return;
    buffer_.resize(kBufferBytes);
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    inflating_ = true;
  }
  ~EntrySource() override {
    if (inflating_) inflateEnd(&stream_);
  }

  Result<ByteSpan> next() override {
    if (ended_) return ByteSpan();
    TRY_ASSIGN(const ByteSpan block, inflating_ ? inflate_block() : stored_block());
    if (block.size() > entry_.size - produced_) return broken("is longer than the directory says");
    if (!block.empty()) {
      produced_ += block.size();
      crc_ = crc32(crc_, reinterpret_cast<const Bytef*>(block.data()), static_cast<uInt>(block.size()));
      return block;
    }
    ended_ = true;
    if (produced_ != entry_.size) return broken("is shorter than the directory says");
    if (crc_ != entry_.crc32) return broken("does not fit its checksum");
    return block;
  }

 private:
  static constexpr size_t kBufferBytes = size_t{256} << 10;

  std::unexpected<Error> broken(std::string_view what) const {
    return malformed(fmt::format("\"{}\" {}", printable(entry_.path.substr(0, 200)), what));
  }

  Result<ByteSpan> stored_block() {
    const ByteSpan block = rest_.first(std::min(rest_.size(), kMaxBlockBytes));
    rest_ = rest_.subspan(block.size());
    return block;
  }

  Result<ByteSpan> inflate_block() {
    if (stream_ended_) return ByteSpan();
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    while (stream_.avail_out > 0 && !stream_ended_) {
      const ByteSpan input = rest_.first(std::min(rest_.size(), kMaxBlockBytes));
      // zlib's interface is not const-correct; it does not write to its input.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
      stream_.avail_in = static_cast<uInt>(input.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      rest_ = rest_.subspan(input.size() - stream_.avail_in);
      if (code == Z_STREAM_END) {
        stream_ended_ = true;
        if (!rest_.empty()) return broken("has bytes after its contents");
      } else if (code == Z_MEM_ERROR) {
        throw std::bad_alloc();
      } else if (code != Z_OK) {
        return broken(rest_.empty() ? "ends early" : "is no valid deflate stream");
      }
    }
    return ByteSpan(buffer_).first(buffer_.size() - stream_.avail_out);
  }

  const ZipEntry entry_;
  ByteSpan rest_;
  std::vector<std::byte> buffer_;
  z_stream stream_{};
  bool inflating_ = false;
  bool stream_ended_ = false;
  bool ended_ = false;
  uint64_t produced_ = 0;
  uLong crc_ = crc32(0, nullptr, 0);
};

}  // namespace

bool looks_like_zip(ByteSpan head) {
  const uint32_t signature = ByteReader(head).u32_le().value_or(0);
  return signature == kLocalSignature || signature == kEndSignature;
}

Result<ZipReader> ZipReader::open(ByteSpan bytes, const Limits& limits) {
  TRY_ASSIGN(const End end, read_end(bytes));
  if (end.entries > limits.max_entries) return fail(limit_passed(limits, &Limits::max_entries));
  if (end.directory_bytes > end.position) return malformed("the central directory is larger than the archive");
  const uint64_t directory_position = end.position - end.directory_bytes;
  if (end.directory_offset > directory_position) return malformed("the central directory is not where it should be");
  const uint64_t prefix = directory_position - end.directory_offset;

  ZipReader zip(bytes);
  ByteReader reader(bytes.subspan(directory_position, end.directory_bytes));
  uint64_t promised = 0;
  while (!reader.at_end()) {
    // The end record's count is modulo 2^16 without Zip64: the directory itself says how many there are.
    if (zip.entries_.size() >= limits.max_entries) return fail(limit_passed(limits, &Limits::max_entries));
    auto entry = read_directory_entry(reader, limits);
    if (!entry) {
      return fail(std::move(entry).error().with_context(fmt::format("directory entry {}", zip.entries_.size())));
    }
    if (entry->offset > directory_position - prefix) return malformed("a member lies outside the archive");
    entry->offset += prefix;
    const bool repetitive =
        entry->size > Limits::kRatioFloorBytes && entry->size / limits.max_ratio > entry->stored_size;
    if (repetitive) return fail(limit_passed(limits, &Limits::max_ratio));
    if (entry->size > limits.max_layer_bytes - promised) return fail(limit_passed(limits, &Limits::max_layer_bytes));
    promised += entry->size;
    zip.entries_.push_back(*std::move(entry));
  }
  if ((zip.entries_.size() & 0xFFFF) != (end.entries & 0xFFFF)) return malformed("the directory's length is wrong");
  TRY(check_overlaps(zip.entries_, directory_position));
  return zip;
}

const ZipEntry* ZipReader::find(std::string_view path) const {
  const auto found = std::ranges::find(entries_.rbegin(), entries_.rend(), path, &ZipEntry::path);
  return found == entries_.rend() ? nullptr : &*found;
}

Result<std::unique_ptr<BlockSource>> ZipReader::open_entry(const ZipEntry& entry) const {
  const auto named = [&](std::string_view what) {
    return fmt::format("zip archive: \"{}\" {}", printable(entry.path.substr(0, 200)), what);
  };
  if (entry.encrypted) return fail(Code::kUnsupported, named("is encrypted"));
  if (entry.method != kStored && entry.method != kDeflated) {
    return fail(Code::kUnsupported, named(fmt::format("is compressed by method {}", entry.method)));
  }
  if (entry.method == kStored && entry.size != entry.stored_size) {
    return fail(Code::kMalformed, named("is stored, but in another length than its own"));
  }
  if (entry.offset > bytes_.size()) return fail(Code::kMalformed, named("lies outside the archive"));
  ByteReader header(bytes_.subspan(entry.offset));
  TRY_ASSIGN(const uint32_t signature, header.u32_le());
  if (signature != kLocalSignature) return fail(Code::kMalformed, named("has no local header"));
  TRY(header.skip(kLocalHeaderBytes - 8));
  TRY_ASSIGN(const uint16_t name_bytes, header.u16_le());
  TRY_ASSIGN(const uint16_t extra_bytes, header.u16_le());
  TRY_ASSIGN(const ByteSpan name, header.take(name_bytes));
  if (as_text(name) != entry.path) return fail(Code::kMalformed, named("has another name in its local header"));
  TRY(header.skip(extra_bytes));
  TRY_ASSIGN(const ByteSpan stored, header.take(entry.stored_size));
  return std::make_unique<EntrySource>(entry, stored);
}

Result<std::string> ZipReader::read_entry(const ZipEntry& entry, size_t max_bytes) const {
  TRY_ASSIGN(const auto source, open_entry(entry));
  return read_all(*source, max_bytes, printable(entry.path.substr(0, 200)));
}

}  // namespace bulkhead::archive
