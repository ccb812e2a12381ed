// How many processors this process was given.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace bulkhead {

// As many as may run at once: those of the affinity mask, and no more than the processor time that the control groups
// allow comes to, rounded up. At least one. Thread-safe.
size_t available_processors();

// The smallest quota of the control groups that this process is in, in processors (1.5); nothing when none has one.
// Versions 1 and 2, where they are conventionally mounted (/sys/fs/cgroup). `root` stands before every path, for tests.
// Sources: Linux Documentation/admin-guide/cgroup-v2.rst, "cpu.max"; scheduler/sched-bwc.rst, cpu.cfs_quota_us.
std::optional<double> processor_quota(const std::string& root = {});

}  // namespace bulkhead
