// The mounts of a process: /proc/<pid>/mountinfo (proc(5)). Pure. kMalformed naming the line; text of the table may be
// anybody's who may mount.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "audit/facts.h"
#include "base/result.h"

namespace bulkhead::audit {

Result<std::vector<MountEntry>> parse_mountinfo(std::string_view text);

// The mount that `path` (absolute, without links) lies on; nothing when the table has none, not even "/".
std::optional<Host::RootMount> mount_of(const std::vector<MountEntry>& mounts, std::string_view path);

}  // namespace bulkhead::audit
