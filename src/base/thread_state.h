// For unit tests only: whether a thread waits, so that a test can act then, and need not guess how long that takes.
// Source: proc_pid_stat(5), proc_pid_task(5).
#pragma once

#include <string>
#include <thread>

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fs.h"

namespace bulkhead {

// Whether the thread of this process (gettid()) is asleep in a system call, or has ended.
inline bool is_asleep_or_gone(pid_t thread) {
  const auto stat = read_file(fmt::format("/proc/self/task/{}/stat", thread), 4096);
  if (!stat) return true;
  const size_t name_end = stat->rfind(") ");
  return name_end != std::string::npos && stat->substr(name_end + 2).starts_with('S');
}

inline void await_sleep_of(pid_t thread) {
  while (!is_asleep_or_gone(thread)) std::this_thread::yield();
}

}  // namespace bulkhead
