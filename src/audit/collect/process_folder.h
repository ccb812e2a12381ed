// One process as /proc shows it. All is read through the folder's descriptor, so that a process that ends meanwhile is
// gone and never another one that got its number. Its content is as trusted as the process: names of programs, sockets
// and cgroups are text of strangers. Errors: kNotFound (the process has ended, or there is no such file),
// kPermissionDenied, kLimitExceeded, kIo. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fs.h"
#include "base/result.h"

namespace bulkhead::audit {

// What is open already, to its end.
Result<std::string> read_descriptor(int fd, size_t max_bytes, const std::string& name);
// A file of /proc or /sys, opened below a folder (AT_FDCWD: as it is).
Result<std::string> read_small_file(int folder, const std::string& name, size_t max_bytes, const std::string& shown);

class ProcessFolder {
 public:
  static Result<ProcessFolder> open(const std::string& proc, int32_t pid);

  int32_t pid() const { return pid_; }
  const std::string& path() const { return path_; }  // "/proc/812", for messages and for opening its root

  Result<std::string> read(const std::string& name, size_t max_bytes = size_t{1} << 20) const;
  Result<std::string> link(const std::string& name) const;
  // Of its descriptors, those that are sockets: their inodes, sorted.
  Result<std::vector<uint64_t>> sockets() const;
  // The program, without the kernel's " (deleted)".
  Result<std::string> executable() const;

 private:
  ProcessFolder(int32_t pid, std::string path, UniqueFd fd) : pid_(pid), path_(std::move(path)), fd_(std::move(fd)) {}
  int32_t pid_;
  std::string path_;
  UniqueFd fd_;
};

// The numbers of all processes, ascending.
Result<std::vector<int32_t>> list_processes(const std::string& proc);

// The names in a folder that is open (with O_PATH, too), without "." and "..", sorted.
Result<std::vector<std::string>> list_names(int folder, const std::string& shown, size_t max_names = 100'000);

}  // namespace bulkhead::audit
