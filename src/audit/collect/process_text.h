// What files of /proc say of a process (proc(5)). Pure; kMalformed naming what is missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::audit {

// /proc/<pid>/status
struct ProcessStatus {
  uint64_t effective_capabilities = 0;  // CapEff
  bool no_new_privileges = false;       // NoNewPrivs; kernels before 4.10 do not say
  uint32_t seccomp_mode = 0;            // Seccomp; absent where the kernel has none
  uint32_t uid = 0;                     // effective
};
Result<ProcessStatus> parse_process_status(std::string_view text);

// What its own user namespace calls a user of the reader's, by /proc/<pid>/uid_map; nothing for one that it does not
// know.
std::optional<uint32_t> user_inside(std::string_view uid_map, uint32_t uid);

// Seconds since 1970 at which the process started: /proc/<pid>/stat, /proc/stat and the clock's ticks per second.
Result<int64_t> process_start(std::string_view process_stat, std::string_view system_stat, uint64_t ticks_per_second);

// Every identifier of a container (64 lower-case hexadecimal digits) in /proc/<pid>/cgroup, of either version: those of
// nested containers, too.
std::vector<std::string_view> container_ids(std::string_view cgroup);

// The unit of systemd's that the process belongs to, of its innermost cgroup: "docker.service"; empty: none.
std::string_view service_unit(std::string_view cgroup);

}  // namespace bulkhead::audit
