#include "inventory/rpm/berkeley_file.h"

#include <array>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace bulkhead::inventory::rpm {

namespace {

constexpr uint32_t kHashMagic = 0x061561;
constexpr uint32_t kBtreeMagic = 0x053162;
constexpr size_t kMagicAt = 12;
constexpr uint32_t kOldestVersion = 7;
constexpr uint32_t kNewestVersion = 10;
constexpr size_t kMetaBytes = 224;
constexpr size_t kPageHeaderBytes = 26;
constexpr uint8_t kChecksumFlag = 0x01;

enum PageType : uint8_t { kUninitialised = 0, kUnsortedHash = 2, kOverflow = 7, kHashMeta = 8, kHash = 13 };
enum ItemType : uint8_t { kInPage = 1, kOffPage = 3 };

std::optional<bool> is_big_endian(ByteSpan file, uint32_t magic) {
  if (file.size() < kMagicAt + 4) return std::nullopt;
  ByteReader little(file.subspan(kMagicAt));
  ByteReader big(file.subspan(kMagicAt));
  if (little.u32_le() == magic) return false;
  if (big.u32_be() == magic) return true;
  return std::nullopt;
}

// A cursor in the file's own byte order.
class OrderedReader : public ByteReader {
 public:
  OrderedReader(ByteSpan bytes, bool big_endian) : ByteReader(bytes), big_endian_(big_endian) {}
  Result<uint16_t> u16() { return big_endian_ ? u16_be() : u16_le(); }
  Result<uint32_t> u32() { return big_endian_ ? u32_be() : u32_le(); }

 private:
  bool big_endian_;
};

class HashFile {
 public:
  static Result<HashFile> open(ByteSpan file, uint64_t max_value_bytes) {
    const auto big_endian = is_big_endian(file, kHashMagic);
    if (!big_endian) {
      if (is_big_endian(file, kBtreeMagic)) return fail(Code::kUnsupported, "BerkeleyDB file is a b-tree, not a hash");
      return fail(Code::kMalformed, "no BerkeleyDB hash file (magic missing)");
    }
    HashFile hash(file, *big_endian, max_value_bytes);
    if (auto read = hash.read_meta(); !read) return fail(std::move(read).error().with_context("BerkeleyDB meta page"));
    return hash;
  }

  Status for_each(const HeaderVisitor& visit) {
    for (uint64_t bucket = 0; bucket <= max_bucket_; ++bucket) {
      uint64_t page = bucket + spares_[static_cast<size_t>(std::bit_width(bucket))];
      while (page != 0) {
        auto next = visit_page(page, visit);
        if (!next) {
          return fail(
              std::move(next).error().with_context(fmt::format("BerkeleyDB page {} (bucket {})", page, bucket)));
        }
        page = *next;
      }
    }
    return {};
  }

 private:
  HashFile(ByteSpan file, bool big_endian, uint64_t max_value_bytes)
      : file_(file), big_endian_(big_endian), max_value_bytes_(max_value_bytes) {}

  Status read_meta() {
    if (file_.size() < kMetaBytes) return fail(Code::kMalformed, "the file ends within it");
    OrderedReader meta(file_, big_endian_);
    TRY(meta.seek(16));
    TRY_ASSIGN(const uint32_t version, meta.u32());
    TRY_ASSIGN(page_bytes_, meta.u32());
    TRY_ASSIGN(const uint8_t encryption, meta.u8());
    TRY_ASSIGN(const uint8_t type, meta.u8());
    TRY_ASSIGN(const uint8_t flags, meta.u8());
    TRY(meta.seek(32));
    TRY_ASSIGN(const uint32_t last_page, meta.u32());
    TRY(meta.seek(72));
    TRY_ASSIGN(max_bucket_, meta.u32());
    TRY(meta.seek(96));
    for (uint32_t& spare : spares_) {
      TRY_ASSIGN(spare, meta.u32());
    }

    if (version < kOldestVersion || version > kNewestVersion) {
      return fail(Code::kUnsupported, fmt::format("version {} of the hash format", version));
    }
    if (encryption != 0 || (flags & kChecksumFlag) != 0) {
      return fail(Code::kUnsupported, "the file is encrypted or has page checksums");
    }
    if (type != kHashMeta) return fail(Code::kMalformed, fmt::format("page type {}", type));
    if (page_bytes_ < 512 || page_bytes_ > 65536 || !std::has_single_bit(page_bytes_)) {
      return fail(Code::kMalformed, fmt::format("page size {}", page_bytes_));
    }
    const uint64_t present = file_.size() / page_bytes_;
    if (last_page >= present) {
      return fail(Code::kMalformed,
                  fmt::format("the file is cut short: {} of {} pages are there", present, last_page + uint64_t{1}));
    }
    if (max_bucket_ >= present || max_bucket_ > INT32_MAX) {
      return fail(Code::kMalformed, fmt::format("{} buckets in {} pages", max_bucket_ + uint64_t{1}, present));
    }
    seen_.assign(present, false);
    return {};
  }

  struct Page {
    ByteSpan bytes;
    uint32_t next;
    uint16_t entries;
    uint16_t free_offset;  // of an overflow page: how many bytes it carries
    uint8_t type;
  };

  Result<Page> claim(uint64_t number) {
    if (number >= seen_.size()) {
      return fail(Code::kMalformed, fmt::format("page {} of {} is referred to", number, seen_.size()));
    }
    if (seen_[number]) return fail(Code::kMalformed, fmt::format("page {} is referred to twice", number));
    seen_[number] = true;
    Page page{};
    page.bytes = file_.subspan(number * page_bytes_, page_bytes_);
    OrderedReader header(page.bytes, big_endian_);
    TRY(header.seek(8));
    TRY_ASSIGN(const uint32_t own_number, header.u32());
    TRY(header.skip(4));
    TRY_ASSIGN(page.next, header.u32());
    TRY_ASSIGN(page.entries, header.u16());
    TRY_ASSIGN(page.free_offset, header.u16());
    TRY(header.skip(1));
    TRY_ASSIGN(page.type, header.u8());
    // A bucket's first page is written when it is first used; until then it is a hole of zeros in the file.
    const bool hole = own_number == 0 && page.type == kUninitialised;
    if (!hole && own_number != number) {
      return fail(Code::kMalformed, fmt::format("page {} says that it is page {}", number, own_number));
    }
    return page;
  }

  // All pairs of a bucket's page; answers the next page of the bucket, 0 for none.
  Result<uint64_t> visit_page(uint64_t number, const HeaderVisitor& visit) {
    TRY_ASSIGN(const Page page, claim(number));
    if (page.type == kUninitialised) return uint64_t{0};
    if (page.type != kHash && page.type != kUnsortedHash) {
      return fail(Code::kMalformed, fmt::format("page type {} in a bucket", page.type));
    }
    if (page.entries % 2 != 0) return fail(Code::kMalformed, "a key without a value");
    OrderedReader offsets(page.bytes, big_endian_);
    TRY(offsets.seek(kPageHeaderBytes));
    const size_t items_from = kPageHeaderBytes + size_t{page.entries} * 2;
    size_t end = page_bytes_;  // items lie from the end of the page downwards
    const auto next_item = [&]() -> Result<ByteSpan> {
      TRY_ASSIGN(const uint16_t offset, offsets.u16());
      if (offset < items_from || offset >= end) {
        return fail(Code::kMalformed, fmt::format("item from {} to {}", offset, end));
      }
      const ByteSpan item = page.bytes.subspan(offset, end - offset);
      end = offset;
      return item;
    };
    for (uint16_t i = 0; i < page.entries; i += 2) {
      TRY_ASSIGN(const ByteSpan key, next_item());
      TRY_ASSIGN(const ByteSpan value, next_item());
      OrderedReader key_reader(key, big_endian_);
      TRY_ASSIGN(const uint8_t key_type, key_reader.u8());
      if (key_type != kInPage || key_reader.remaining() != 4) {
        return fail(Code::kMalformed, fmt::format("key of type {} and {} bytes", key_type, key_reader.remaining()));
      }
      TRY_ASSIGN(const uint32_t package, key_reader.u32());
      if (package == 0) continue;
      TRY_ASSIGN(const ByteSpan header, read_value(value));
      TRY(visit(package, header));
    }
    return uint64_t{page.next};
  }

  Result<ByteSpan> read_value(ByteSpan item) {
    OrderedReader reader(item, big_endian_);
    TRY_ASSIGN(const uint8_t type, reader.u8());
    if (type == kInPage) return reader.take(reader.remaining());
    if (type != kOffPage) return fail(Code::kMalformed, fmt::format("value of type {}", type));
    TRY(reader.skip(3));
    TRY_ASSIGN(uint32_t next_page, reader.u32());
    TRY_ASSIGN(const uint32_t value_bytes, reader.u32());
    if (value_bytes > file_.size()) {
      return fail(Code::kMalformed, fmt::format("value of {} bytes in a file of {}", value_bytes, file_.size()));
    }
    if (value_bytes > max_value_bytes_) {
      return fail(Code::kLimitExceeded,
                  fmt::format("value of {} bytes; the limit is {}", value_bytes, max_value_bytes_));
    }
    value_.clear();
    while (value_.size() < value_bytes) {
      if (next_page == 0) {
        return fail(Code::kMalformed,
                    fmt::format("overflow pages end after {} of {} bytes", value_.size(), value_bytes));
      }
      TRY_ASSIGN(const Page page, claim(next_page));
      if (page.type != kOverflow || page.free_offset == 0 || page.free_offset > page_bytes_ - kPageHeaderBytes ||
          page.free_offset > value_bytes - value_.size()) {
        return fail(Code::kMalformed, fmt::format("page {} is no overflow page of this value", next_page));
      }
      value_.append(as_text(page.bytes.subspan(kPageHeaderBytes, page.free_offset)));
      next_page = page.next;
    }
    return as_bytes(value_);
  }

  ByteSpan file_;
  bool big_endian_;
  uint64_t max_value_bytes_;
  uint32_t page_bytes_ = 0;
  uint32_t max_bucket_ = 0;
  std::array<uint32_t, 32>
      spares_{};            // by the bits of a bucket's number: how many pages lie before it that are no buckets
  std::vector<bool> seen_;  // by page number
  std::string value_;       // the present value, when it lies on overflow pages
};

}  // namespace

bool is_berkeley_db(ByteSpan file) {
  return is_big_endian(file, kHashMagic).has_value() || is_big_endian(file, kBtreeMagic).has_value();
}

Status for_each_berkeley_header(ByteSpan file, uint64_t max_header_bytes, const HeaderVisitor& visit) {
  TRY_ASSIGN(HashFile hash, HashFile::open(file, max_header_bytes));
  return hash.for_each(visit);
}

}  // namespace bulkhead::inventory::rpm
