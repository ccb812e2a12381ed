// Where the members of a tar file on disk stand: for archives that are read in another order than they were written
// (OCI layouts and docker-archives in one file). Only headers are read; contents are passed over by offset.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "archive/tar_reader.h"
#include "base/block_source.h"
#include "base/fs.h"

namespace bulkhead::archive {

// Immutable; safe to use from several threads at once. Sources that it opened keep the file open and outlive it.
// Trust of the input: none; errors and limits as TarReader's, and max_members. The file must be seekable and
// uncompressed.
class TarIndex {
 public:
  struct Member {
    std::string path;     // normalised
    std::string link;     // where a symlink leads to, normalised: a path in the archive; empty for a file
    uint64_t offset = 0;  // of the content
    uint64_t size = 0;
    bool sparse = false;
  };

  static Result<TarIndex> open(const std::string& path, const Limits& limits = {});
  // `name` is for errors.
  static Result<TarIndex> create(UniqueFd fd, std::string name, const Limits& limits = {});

  // A file by its path (normalised here too). Hard and symbolic links inside the archive are followed, as old
  // docker-archives have their repeated layers linked. nullptr when there is none. The last of several members of one
  // name counts.
  const Member* find(std::string_view path) const;
  // Files and symbolic links, sorted by path.
  const std::vector<Member>& members() const { return members_; }

  // The file's bytes; kNotFound, or kUnsupported when it is sparse.
  Result<std::unique_ptr<BlockSource>> open_member(std::string_view path) const;
  // The whole file; kLimitExceeded past max_bytes.
  Result<std::string> read_member(std::string_view path, size_t max_bytes) const;

 private:
  struct File;
  class RangeSource;
  TarIndex() = default;
  const Member* find_exactly(std::string_view path) const;
  Result<const Member*> require(std::string_view path) const;

  std::shared_ptr<const File> file_;
  std::vector<Member> members_;
};

}  // namespace bulkhead::archive
