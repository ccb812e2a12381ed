// The files below a root that may be another process's (/proc/<pid>/root): links are followed here, step by step and
// not by the kernel, so that an absolute link leads to where it leads that process, ".." never out of the root, and
// nothing that happens meanwhile a step outside (the semantics of openat2's RESOLVE_IN_ROOT, on every kernel).
// Nothing is opened for reading but by read() and list(). Trust of names and contents: none. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "base/fs.h"
#include "base/result.h"

namespace bulkhead::audit {

class RootedFolder {
 public:
  static Result<RootedFolder> open(const std::string& root);

  using Identity = std::pair<uint64_t, uint64_t>;  // device and inode: the same file under all of its names
  struct Found {
    UniqueFd fd;        // opened with O_PATH
    std::string path;   // without links: where it really is, below the root; "/" is the root itself
    std::string named;  // the links of its folders followed, its last name as it was asked for
    struct stat status{};
    std::vector<Identity> trail;  // the root, every folder on the way to `path`, and itself
    Identity identity() const { return trail.back(); }
    bool is_directory() const { return S_ISDIR(status.st_mode); }
  };
  // kNotFound (also of a link that leads nowhere), kPermissionDenied, kIo (a loop of links, too long a path).
  Result<Found> find(std::string_view path) const;
  // Of a regular file; kInvalidArgument for anything else, kLimitExceeded.
  Result<std::string> read(const Found& file, size_t max_bytes) const;
  // The names in a folder, sorted.
  Result<std::vector<std::string>> list(std::string_view path) const;
  // Where `path` would be: as Found::named, if its folder is there; else `path`.
  std::string named(std::string_view path) const;

 private:
  explicit RootedFolder(UniqueFd root) : root_(std::move(root)) {}
  UniqueFd root_;
};

}  // namespace bulkhead::audit
