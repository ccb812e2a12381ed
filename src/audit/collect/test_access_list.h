// For unit tests only: POSIX access lists as setfacl would have the kernel keep them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "base/bytes.h"

namespace bulkhead::audit {

struct RawAccess {
  uint32_t tag = 0;  // 1 owner, 2 user, 4 owning group, 8 group, 16 mask, 32 others
  uint32_t rights = 0;
  uint32_t id = UINT32_MAX;
};

inline std::string access_list(std::initializer_list<RawAccess> entries) {
  ByteWriter writer;
  writer.u32(2);
  for (const RawAccess& entry : entries) {
    writer.u32(entry.tag | entry.rights << 16U);
    writer.u32(entry.id);
  }
  return std::move(writer).take();
}

}  // namespace bulkhead::audit
