#include "audit/collect/access_list.h"

#include <optional>

#include <fmt/format.h>

namespace bulkhead::audit {
namespace {

constexpr uint32_t kVersion = 2;
constexpr uint32_t kAllRights = 7;

enum Tag : uint16_t { kOwner = 0x01, kUser = 0x02, kOwningGroup = 0x04, kGroup = 0x08, kMask = 0x10, kOthers = 0x20 };

struct Entry {
  uint16_t tag = 0;
  uint32_t rights = 0;
  uint32_t id = 0;
};

Result<Entry> read_entry(ByteReader& reader) {
  Entry entry;
  TRY_ASSIGN(entry.tag, reader.u16_le());
  TRY_ASSIGN(const uint16_t rights, reader.u16_le());
  TRY_ASSIGN(entry.id, reader.u32_le());
  if (rights > kAllRights) return fail(Code::kMalformed, fmt::format("rights {:#x} in an access list", rights));
  entry.rights = rights;
  return entry;
}

}  // namespace

Result<std::vector<AccessEntry>> parse_access_list(ByteSpan attribute) {
  ByteReader reader(attribute);
  TRY_ASSIGN(const uint32_t version, reader.u32_le());
  if (version != kVersion) return fail(Code::kMalformed, fmt::format("an access list of version {}", version));
  std::vector<AccessEntry> named;
  std::optional<uint32_t> owner;
  std::optional<uint32_t> group;
  std::optional<uint32_t> mask;
  std::optional<uint32_t> others;
  while (!reader.at_end()) {
    TRY_ASSIGN(const Entry entry, read_entry(reader));
    if (entry.tag == kUser || entry.tag == kGroup) {
      named.push_back({.kind = entry.tag == kUser ? AccessEntry::Kind::kUser : AccessEntry::Kind::kGroup,
                       .id = entry.id,
                       .rights = entry.rights});
      continue;
    }
    std::optional<uint32_t>* once = nullptr;
    if (entry.tag == kOwner) once = &owner;
    if (entry.tag == kOwningGroup) once = &group;
    if (entry.tag == kMask) once = &mask;
    if (entry.tag == kOthers) once = &others;
    if (once == nullptr) return fail(Code::kMalformed, fmt::format("tag {:#x} in an access list", entry.tag));
    if (*once) return fail(Code::kMalformed, fmt::format("tag {:#x} twice in an access list", entry.tag));
    *once = entry.rights;
  }
  if (!owner || !group || !others) {
    return fail(Code::kMalformed, "an access list without its owner, its group or others");
  }
  if (!mask) {
    if (!named.empty()) return fail(Code::kMalformed, "an access list that names somebody and has no mask");
    return named;
  }
  for (AccessEntry& entry : named) entry.rights &= *mask;
  named.push_back({.kind = AccessEntry::Kind::kOwningGroup, .rights = *group & *mask});
  return named;
}

}  // namespace bulkhead::audit
