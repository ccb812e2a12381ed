// All processes of the machine and the containers that they belong to by their cgroups: one pass over /proc, shared by
// everything that asks. A moment's picture: processes may be gone when they are looked at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::audit {

struct TableEntry {
  int32_t pid = 0;
  std::string cgroup;  // /proc/<pid>/cgroup
};

class ProcessTable {
 public:
  explicit ProcessTable(std::string proc) : proc_(std::move(proc)) {}
  const std::string& proc() const { return proc_; }
  // Walks on first use.
  const Result<std::vector<TableEntry>>& entries();

 private:
  std::string proc_;
  bool walked_ = false;
  Result<std::vector<TableEntry>> entries_;
};

}  // namespace bulkhead::audit
