#include "inventory/rpm/ndb_file.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace bulkhead::inventory::rpm {

namespace {

constexpr std::string_view kFileMagic = "RpmP";
constexpr std::string_view kSlotMagic = "Slot";
constexpr std::string_view kBlobMagic = "BlbS";
constexpr std::string_view kBlobEndMagic = "BlbE";
constexpr size_t kBlockBytes = 16;
constexpr size_t kSlotBytes = 16;
constexpr size_t kFirstSlotAt = 32;  // the place of the first two slots holds the file's header
constexpr size_t kPageBytes = 4096;
constexpr size_t kBlobHeadBytes = 16;
constexpr size_t kBlobTailBytes = 12;

uint32_t adler32(ByteSpan bytes) {  // RFC 1950, section 8.2
  constexpr uint32_t kModulus = 65521;
  constexpr size_t kRunWithoutOverflow = 5552;
  uint32_t a = 1;
  uint32_t b = 0;
  while (!bytes.empty()) {
    const ByteSpan run = bytes.first(std::min(bytes.size(), kRunWithoutOverflow));
    for (const std::byte byte : run) {
      a += std::to_integer<uint32_t>(byte);
      b += a;
    }
    a %= kModulus;
    b %= kModulus;
    bytes = bytes.subspan(run.size());
  }
  return b << 16 | a;
}

struct Slot {
  uint32_t package;
  uint64_t first_block;
  uint64_t block_count;
};

Status expect_magic(ByteReader& reader, std::string_view magic, std::string_view what) {
  TRY_ASSIGN(const ByteSpan found, reader.take(magic.size()));
  if (as_text(found) != magic) return fail(Code::kMalformed, fmt::format("ndb: {} has no \"{}\"", what, magic));
  return {};
}

Result<std::vector<Slot>> read_slots(ByteSpan file) {
  ByteReader reader(file);
  TRY(expect_magic(reader, kFileMagic, "file"));
  TRY_ASSIGN(const uint32_t version, reader.u32_le());
  if (version != 0) return fail(Code::kUnsupported, fmt::format("ndb: version {} of the format", version));
  TRY(reader.skip(4));
  TRY_ASSIGN(const uint32_t slot_pages, reader.u32_le());
  const uint64_t blocks = file.size() / kBlockBytes;
  if (slot_pages == 0 || slot_pages > file.size() / kPageBytes) {
    return fail(Code::kMalformed, fmt::format("ndb: {} pages of slots in a file of {} bytes", slot_pages, file.size()));
  }
  const uint64_t slot_area_blocks = uint64_t{slot_pages} * (kPageBytes / kBlockBytes);

  std::vector<Slot> slots;
  for (size_t at = kFirstSlotAt; at < slot_pages * kPageBytes; at += kSlotBytes) {
    TRY(reader.seek(at));
    TRY(expect_magic(reader, kSlotMagic, "slot"));
    Slot slot{};
    TRY_ASSIGN(slot.package, reader.u32_le());
    TRY_ASSIGN(slot.first_block, reader.u32_le());
    TRY_ASSIGN(slot.block_count, reader.u32_le());
    if (slot.first_block == 0) continue;  // free
    if (slot.package == 0 || slot.block_count == 0 || slot.first_block < slot_area_blocks ||
        slot.first_block + slot.block_count > blocks) {
      return fail(Code::kMalformed,
                  fmt::format("ndb: the slot of package {} points at blocks {} to {} of {}", slot.package,
                              slot.first_block, slot.first_block + slot.block_count, blocks));
    }
    slots.push_back(slot);
  }
  return slots;
}

Status refuse_overlap(std::vector<Slot> slots) {
  std::ranges::sort(slots, {}, &Slot::first_block);
  for (size_t i = 1; i < slots.size(); ++i) {
    if (slots[i].first_block < slots[i - 1].first_block + slots[i - 1].block_count) {
      return fail(Code::kMalformed,
                  fmt::format("ndb: packages {} and {} share blocks", slots[i - 1].package, slots[i].package));
    }
  }
  return {};
}

Result<ByteSpan> read_blob(ByteSpan file, const Slot& slot) {
  const ByteSpan blob = file.subspan(slot.first_block * kBlockBytes, slot.block_count * kBlockBytes);
  ByteReader head(blob);
  TRY(expect_magic(head, kBlobMagic, "blob"));
  TRY_ASSIGN(const uint32_t package, head.u32_le());
  TRY(head.skip(4));  // the file's generation when it was written
  TRY_ASSIGN(const uint32_t header_bytes, head.u32_le());
  const uint64_t needed = kBlobHeadBytes + uint64_t{header_bytes} + kBlobTailBytes;
  if (package != slot.package || (needed + kBlockBytes - 1) / kBlockBytes != slot.block_count) {
    return fail(Code::kMalformed, fmt::format("ndb: blob says package {} with {} bytes; its slot has {} blocks",
                                              package, header_bytes, slot.block_count));
  }
  const size_t tail_at = blob.size() - kBlobTailBytes;
  ByteReader tail(blob.subspan(tail_at));
  TRY_ASSIGN(const uint32_t checksum, tail.u32_le());
  TRY_ASSIGN(const uint32_t repeated_bytes, tail.u32_le());
  TRY(expect_magic(tail, kBlobEndMagic, "end of blob"));
  if (repeated_bytes != header_bytes || checksum != adler32(blob.first(tail_at))) {
    return fail(Code::kMalformed, "ndb: the blob's checksum is wrong");
  }
  return head.take(header_bytes);
}

}  // namespace

bool is_ndb(ByteSpan file) {
  return as_text(file).starts_with(kFileMagic);
}

Status for_each_ndb_header(ByteSpan file, const HeaderVisitor& visit) {
  TRY_ASSIGN(const std::vector<Slot> slots, read_slots(file));
  TRY(refuse_overlap(slots));
  for (const Slot& slot : slots) {
    auto blob = read_blob(file, slot);
    if (!blob) return fail(std::move(blob).error().with_context(fmt::format("package {}", slot.package)));
    TRY(visit(slot.package, *blob));
  }
  return {};
}

}  // namespace bulkhead::inventory::rpm
