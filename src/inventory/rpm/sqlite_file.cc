#include "inventory/rpm/sqlite_file.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace bulkhead::inventory::rpm {

namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr size_t kFileHeaderBytes = 100;
constexpr uint8_t kInteriorTable = 0x05;
constexpr uint8_t kLeafTable = 0x0d;
constexpr uint32_t kUtf8 = 1;
constexpr uint32_t kMinUsableBytes = 480;

// SQLite's varint: big-endian groups of seven bits, at most nine bytes, the ninth with all its eight.
Result<uint64_t> read_varint(ByteReader& reader) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    TRY_ASSIGN(const uint8_t byte, reader.u8());
    value = value << 7 | (byte & 0x7FU);
    if ((byte & 0x80U) == 0) return value;
  }
  TRY_ASSIGN(const uint8_t last, reader.u8());
  return value << 8 | last;
}

// Two's complement, big-endian, 1 to 8 bytes.
int64_t signed_integer(ByteSpan bytes) {
  uint64_t value = (std::to_integer<uint8_t>(bytes.front()) & 0x80U) != 0 ? ~uint64_t{0} : 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<uint64_t>(byte);
  return std::bit_cast<int64_t>(value);
}

// One column by its serial type (2.1, "Record Format"), taken from the record's body.
Result<SqliteValue> read_value(uint64_t serial_type, ByteReader& body) {
  constexpr uint8_t kIntegerBytes[] = {0, 1, 2, 3, 4, 6, 8};
  SqliteValue value;
  if (serial_type == 0) return value;
  if (serial_type <= 7) {
    const bool real = serial_type == 7;
    value.kind = real ? SqliteValue::Kind::kReal : SqliteValue::Kind::kInteger;
    TRY_ASSIGN(const ByteSpan bytes, body.take(real ? 8 : kIntegerBytes[serial_type]));
    value.integer = signed_integer(bytes);
    return value;
  }
  if (serial_type <= 9) {
    value.kind = SqliteValue::Kind::kInteger;
    value.integer = serial_type == 9 ? 1 : 0;
    return value;
  }
  if (serial_type <= 11) return fail(Code::kMalformed, fmt::format("reserved serial type {}", serial_type));
  value.kind = serial_type % 2 == 0 ? SqliteValue::Kind::kBlob : SqliteValue::Kind::kText;
  TRY_ASSIGN(value.bytes, body.take((serial_type - 12) / 2));
  return value;
}

Status read_record(ByteSpan payload, uint32_t max_columns, std::vector<SqliteValue>& columns) {
  columns.clear();
  ByteReader reader(payload);
  TRY_ASSIGN(const uint64_t header_bytes, read_varint(reader));
  if (header_bytes < reader.position() || header_bytes > payload.size()) {
    return fail(Code::kMalformed,
                fmt::format("record header of {} bytes in a row of {}", header_bytes, payload.size()));
  }
  ByteReader header(payload.first(header_bytes));
  TRY(header.skip(reader.position()));
  ByteReader body(payload.subspan(header_bytes));
  while (!header.at_end()) {
    if (columns.size() == max_columns) {
      return fail(Code::kMalformed, fmt::format("row of more than {} columns", max_columns));
    }
    TRY_ASSIGN(const uint64_t serial_type, read_varint(header));
    TRY_ASSIGN(const SqliteValue value, read_value(serial_type, body));
    columns.push_back(value);
  }
  return {};
}

}  // namespace

// One pass over one table's b-tree.
class SqliteFile::Walk {
 public:
  Walk(const SqliteFile& file, const Visitor& visit)
      : file_(file), visit_(visit), seen_(file.file_.size() / file.page_bytes_ + 1) {}

  Status run(uint32_t root_page) {
    TRY(plan(root_page));
    while (!pending_.empty()) {
      const uint32_t page = pending_.back();
      pending_.pop_back();
      if (auto done = visit_page(page); !done) {
        return fail(std::move(done).error().with_context(fmt::format("SQLite page {}", page)));
      }
    }
    return {};
  }

 private:
  // Marks the page as part of this table; each may be so once.
  Status claim(uint32_t page) {
    if (page == 0 || page >= seen_.size()) {
      return fail(Code::kMalformed, fmt::format("SQLite page {} of {} is referred to", page, seen_.size() - 1));
    }
    if (seen_[page]) return fail(Code::kMalformed, fmt::format("SQLite page {} is referred to twice", page));
    seen_[page] = true;
    return {};
  }

  Status plan(uint32_t page) {
    TRY(claim(page));
    pending_.push_back(page);
    return {};
  }

  ByteSpan page_bytes(uint32_t page) const {
    return file_.file_.subspan(size_t{page - 1} * file_.page_bytes_, file_.usable_bytes_);
  }

  Status visit_page(uint32_t page) {
    const ByteSpan bytes = page_bytes(page);
    ByteReader header(bytes);
    if (page == 1) TRY(header.skip(kFileHeaderBytes));
    TRY_ASSIGN(const uint8_t kind, header.u8());
    TRY(header.skip(2));
    TRY_ASSIGN(const uint16_t cell_count, header.u16_be());
    TRY(header.skip(3));
    if (kind == kInteriorTable) return visit_interior(bytes, header, cell_count);
    if (kind == kLeafTable) return visit_leaf(bytes, header, cell_count);
    return fail(Code::kMalformed, fmt::format("kind {} is no page of a table", kind));
  }

  Status visit_interior(ByteSpan bytes, ByteReader& header, uint16_t cell_count) {
    TRY_ASSIGN(const uint32_t right_most, header.u32_be());
    const size_t first = pending_.size();
    for (uint16_t i = 0; i < cell_count; ++i) {
      TRY_ASSIGN(const uint16_t offset, header.u16_be());
      ByteReader cell(bytes);
      TRY(cell.seek(offset));
      TRY_ASSIGN(const uint32_t child, cell.u32_be());
      TRY(plan(child));
    }
    TRY(plan(right_most));
    // The last one pending is visited next: the first child must be it.
    std::reverse(pending_.begin() + static_cast<ptrdiff_t>(first), pending_.end());
    return {};
  }

  Status visit_leaf(ByteSpan bytes, ByteReader& header, uint16_t cell_count) {
    for (uint16_t i = 0; i < cell_count; ++i) {
      TRY_ASSIGN(const uint16_t offset, header.u16_be());
      ByteReader cell(bytes);
      TRY(cell.seek(offset));
      TRY_ASSIGN(const uint64_t payload_bytes, read_varint(cell));
      TRY_ASSIGN(const uint64_t row_id, read_varint(cell));
      TRY_ASSIGN(const ByteSpan payload, read_payload(payload_bytes, cell));
      TRY(read_record(payload, file_.limits_.max_columns, columns_));
      TRY(visit_(std::bit_cast<int64_t>(row_id), columns_));
    }
    return {};
  }

  // A row's bytes: in the cell, or begun there and continued on a chain of overflow pages (1.6, "Cell payload").
  Result<ByteSpan> read_payload(uint64_t payload_bytes, ByteReader& cell) {
    const uint64_t usable = file_.usable_bytes_;
    const uint64_t most_local = usable - 35;
    if (payload_bytes <= most_local) return cell.take(payload_bytes);
    if (payload_bytes > file_.file_.size()) {
      return fail(Code::kMalformed, fmt::format("row of {} bytes in a file of {}", payload_bytes, file_.file_.size()));
    }
    if (payload_bytes > file_.limits_.max_row_bytes) {
      return fail(Code::kLimitExceeded,
                  fmt::format("row of {} bytes; the limit is {}", payload_bytes, file_.limits_.max_row_bytes));
    }
    const uint64_t least_local = (usable - 12) * 32 / 255 - 23;
    const uint64_t fitting = least_local + (payload_bytes - least_local) % (usable - 4);
    TRY_ASSIGN(const ByteSpan local, cell.take(fitting <= most_local ? fitting : least_local));
    TRY_ASSIGN(uint32_t next_page, cell.u32_be());
    row_.assign(as_text(local));
    while (row_.size() < payload_bytes) {
      TRY(claim(next_page));
      ByteReader overflow(page_bytes(next_page));
      TRY_ASSIGN(next_page, overflow.u32_be());
      const uint64_t missing = payload_bytes - row_.size();
      TRY_ASSIGN(const ByteSpan piece, overflow.take(missing < usable - 4 ? missing : usable - 4));
      row_.append(as_text(piece));
    }
    if (next_page != 0) return fail(Code::kMalformed, "row has more overflow pages than bytes");
    return as_bytes(row_);
  }

  const SqliteFile& file_;
  const Visitor& visit_;
  std::vector<bool> seen_;         // by page number
  std::vector<uint32_t> pending_;  // pages of the tree, next one last
  std::string row_;                // the present row, when it spans pages
  std::vector<SqliteValue> columns_;
};

Result<SqliteFile> SqliteFile::open(ByteSpan file, const SqliteLimits& limits) {
  ByteReader reader(file);
  const auto magic = reader.take(kMagic.size());
  if (!magic || as_text(*magic) != kMagic) return fail(Code::kMalformed, "no SQLite database (magic missing)");
  if (file.size() < kFileHeaderBytes) return fail(Code::kMalformed, "SQLite database ends within its header");
  TRY_ASSIGN(const uint16_t stated_page_bytes, reader.u16_be());
  TRY(reader.skip(2));
  TRY_ASSIGN(const uint8_t reserved_bytes, reader.u8());
  TRY(reader.skip(3));
  TRY_ASSIGN(const uint32_t change_counter, reader.u32_be());
  TRY_ASSIGN(const uint32_t stated_pages, reader.u32_be());
  TRY(reader.seek(56));
  TRY_ASSIGN(const uint32_t encoding, reader.u32_be());
  TRY(reader.seek(92));
  TRY_ASSIGN(const uint32_t pages_valid_for, reader.u32_be());

  const uint32_t page_bytes = stated_page_bytes == 1 ? 65536U : stated_page_bytes;
  if (page_bytes < 512 || !std::has_single_bit(page_bytes) || page_bytes - reserved_bytes < kMinUsableBytes) {
    return fail(Code::kMalformed, fmt::format("SQLite page size {} with {} reserved", page_bytes, reserved_bytes));
  }
  if (encoding > kUtf8) return fail(Code::kUnsupported, "SQLite database is in UTF-16");
  const uint64_t present_pages = file.size() / page_bytes;
  if (present_pages == 0 || (change_counter == pages_valid_for && stated_pages > present_pages)) {
    return fail(Code::kMalformed,
                fmt::format("SQLite database is cut short: {} of {} pages are there", present_pages, stated_pages));
  }
  return SqliteFile(file, page_bytes, page_bytes - reserved_bytes, limits);
}

Status SqliteFile::walk_table(uint32_t root_page, const Visitor& visit) const {
  return Walk(*this, visit).run(root_page);
}

Status SqliteFile::for_each_row(std::string_view table, const Visitor& visit) const {
  // The schema table: type, name, tbl_name, rootpage, sql; its root is page 1.
  uint32_t root_page = 0;
  const Visitor find_root = [&](int64_t, std::span<const SqliteValue> columns) -> Status {
    if (columns.size() >= 4 && as_text(columns[0].bytes) == "table" && as_text(columns[1].bytes) == table &&
        columns[3].kind == SqliteValue::Kind::kInteger && columns[3].integer > 0 && columns[3].integer <= UINT32_MAX) {
      root_page = static_cast<uint32_t>(columns[3].integer);
    }
    return {};
  };
  if (auto done = walk_table(1, find_root); !done) return fail(std::move(done).error().with_context("SQLite schema"));
  if (root_page == 0) return fail(Code::kNotFound, fmt::format("SQLite database has no table \"{}\"", table));
  return walk_table(root_page, visit);
}

Result<uint64_t> committed_wal_frames(ByteSpan log) {
  constexpr uint32_t kMagicWithoutByteOrder = 0x377f0682;  // the last bit tells the byte order of the checksums
  constexpr size_t kFrameHeaderBytes = 24;
  if (log.empty()) return uint64_t{0};
  ByteReader reader(log);
  TRY_CONTEXT(const uint32_t magic, reader.u32_be(), "SQLite write-ahead log");
  if ((magic & ~1U) != kMagicWithoutByteOrder) {
    return fail(Code::kMalformed, "no SQLite write-ahead log (magic missing)");
  }
  TRY(reader.skip(4));
  TRY_CONTEXT(const uint32_t page_bytes, reader.u32_be(), "SQLite write-ahead log");
  TRY(reader.skip(4));
  TRY_CONTEXT(const uint64_t salts, reader.u64_be(), "SQLite write-ahead log");
  TRY_CONTEXT(const ByteSpan checksums, reader.take(8), "SQLite write-ahead log");
  uint64_t frames = 0;
  uint64_t committed = 0;
  while (reader.remaining() >= kFrameHeaderBytes + size_t{page_bytes}) {
    TRY(reader.skip(4));
    TRY_ASSIGN(const uint32_t pages_after_commit, reader.u32_be());
    TRY_ASSIGN(const uint64_t frame_salts, reader.u64_be());
    if (frame_salts != salts) break;
    TRY(reader.skip(checksums.size() + page_bytes));
    ++frames;
    if (pages_after_commit != 0) committed = frames;
  }
  return committed;
}

}  // namespace bulkhead::inventory::rpm
