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
// Trust of the input: none; errors and limits as TarReader's. The file must be seekable and not compressed.
class TarIndex {
 public:
  struct Member {
    std::string path;               // normalised
    TarType type = TarType::kFile;  // never kHardLink: those are resolved to what they link to
    std::string link;               // target of a symlink, as it stands
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  static Result<TarIndex> open(const std::string& path, const Limits& limits = {});
  // `name` is for errors.
  static Result<TarIndex> create(UniqueFd fd, std::string name, const Limits& limits = {});

  // By path (normalised here too); symlinks inside the archive are followed, as old docker-archives have their repeated
  // layers linked. nullptr when there is none. Of several members of one name the last one counts.
  const Member* find(std::string_view path) const;
  const std::vector<Member>& members() const { return members_; }  // sorted by path

  // The member's bytes; kNotFound, kInvalidArgument when it is no regular file, kUnsupported when it is sparse.
  Result<std::unique_ptr<BlockSource>> open_member(std::string_view path) const;
  // The whole member; kLimitExceeded past max_bytes.
  Result<std::string> read_member(std::string_view path, size_t max_bytes) const;

 private:
  struct File {
    UniqueFd fd;
    std::string name;
  };
  friend class RangeSource;
  std::shared_ptr<const File> file_;
  std::vector<Member> members_;
};

}  // namespace bulkhead::archive
