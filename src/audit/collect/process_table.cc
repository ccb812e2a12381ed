#include "audit/collect/process_table.h"

#include "audit/collect/process_folder.h"

namespace bulkhead::audit {
namespace {

Result<std::vector<TableEntry>> walk(const std::string& proc) {
  TRY_ASSIGN(const std::vector<int32_t> pids, list_processes(proc));
  std::vector<TableEntry> entries;
  entries.reserve(pids.size());
  for (const int32_t pid : pids) {
    const auto process = ProcessFolder::open(proc, pid);
    if (!process) continue;
    // It may have ended, and a kernel without cgroups has no such file: there are no containers then.
    auto cgroup = process->read("cgroup", size_t{64} << 10);
    entries.push_back({.pid = pid, .cgroup = cgroup ? *std::move(cgroup) : std::string()});
  }
  return entries;
}

}  // namespace

const Result<std::vector<TableEntry>>& ProcessTable::entries() {
  if (!walked_) {
    entries_ = walk(proc_);
    walked_ = true;
  }
  return entries_;
}

}  // namespace bulkhead::audit
