// Files at the edges: reading with a cap, streaming, mapping, and writing that is whole or not at all.
// Paths are the user's or our own (trusted); contents are not. All functions are thread-safe.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/block_source.h"

namespace bulkhead {

// A descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

 private:
  int fd_ = -1;
};

// Files that are read may be FIFOs, terminals and the like: opening one never waits, and reading waits for its writer
// until a stop is requested (kCancelled).

// The whole file; kLimitExceeded past max_bytes; kNotFound, kPermissionDenied, kIo name the path.
Result<std::string> read_file(const std::string& path, size_t max_bytes, const std::stop_token& stop = {});

// The file as a stream of blocks (one buffer of 256 KiB). "-" is standard input.
Result<std::unique_ptr<BlockSource>> open_file_source(const std::string& path, const std::stop_token& stop = {});
// The same over a descriptor that is open already, from its present offset. A FIFO is to be opened with O_NONBLOCK.
std::unique_ptr<BlockSource> make_fd_source(UniqueFd fd, std::string name, std::stop_token stop = {});

// A read-only mapping of a whole file; its bytes stay valid as long as the object lives, even when the file is replaced
// by rename. An empty file maps to an empty span. kInvalidArgument for what is no regular file.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  ByteSpan bytes() const { return bytes_; }

 private:
  explicit MappedFile(ByteSpan bytes) : bytes_(bytes) {}
  ByteSpan bytes_;
};

// Writes `contents` beside `path`, syncs, renames over it and syncs the folder: readers see the old file or the new
// one, whole. Missing parent folders are made (0755). On failure the old file is untouched and nothing is left behind.
Status write_file_atomically(const std::string& path, std::string_view contents, unsigned mode = 0644);

// The same for contents that come in pieces.
//   TRY_ASSIGN(AtomicFile file, AtomicFile::create(path));
//   while (…) TRY(file.write(block));
//   TRY(file.commit());
// Destroyed without commit(), it leaves nothing behind and the old file untouched.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path, unsigned mode = 0644);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  ~AtomicFile();
  Status write(ByteSpan bytes);
  Status commit();
  // Commits under another name than the one it was made for, on the same file system: for files that are named by their
  // contents. Missing parent folders are made.
  Status commit_as(const std::string& path);
  // Where the contents stand until commit().
  const std::string& temporary_path() const { return temporary_; }

 private:
  AtomicFile(std::string path, std::string temporary, UniqueFd fd, unsigned mode)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)), mode_(mode) {}
  std::string path_;
  std::string temporary_;  // empty: committed, or moved from
  UniqueFd fd_;
  unsigned mode_;
};

Status make_directories(const std::string& path, unsigned mode = 0755);

// The only holder of a lock file (made, with its folders, when it is not there), until the descriptor is closed or the
// process ends, however it ends. kUnavailable: somebody else holds it. The file stays, and says nothing.
Result<UniqueFd> lock_file(const std::string& path);

}  // namespace bulkhead
