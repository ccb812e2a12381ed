// POSIX access lists as the kernel hands them out. Pure. Sources: linux/posix_acl_xattr.h, fs/posix_acl.c; acl(5) for
// what the entries mean.
#pragma once

#include <vector>

#include "audit/facts.h"
#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead::audit {

// The attribute's name, and the most that the kernel keeps in one (XATTR_SIZE_MAX).
inline constexpr const char* kAccessListAttribute = "system.posix_acl_access";
inline constexpr size_t kMaxAccessListBytes = 65'536;

// The entries that a mode does not show: named users and groups, and the owning group where there is a mask (the mode's
// group bits are the mask then). Rights are those that the mask leaves; names are empty. kMalformed for what the kernel
// would not enforce either: another version, an entry that is cut off, unknown or given twice, one that is missing,
// named entries without a mask.
Result<std::vector<AccessEntry>> parse_access_list(ByteSpan attribute);

}  // namespace bulkhead::audit
