// Tar archives as a stream of entries, each with its content, pulled one at a time.
//
// Understood: v7, ustar, star, pax (path, linkpath, size, GNU.sparse.* 0.0, 0.1 and 1.0), GNU (long names and links,
// base-256 numbers, old sparse maps). Header checksums are verified. Sources: POSIX.1-2017 pax, "ustar Interchange
// Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format" and "Storing Sparse Files"; libarchive's tar(5).
//
// Where the sources leave room, the reader decides as Go's archive/tar does, because container engines extract layers
// by it, and an image must not be able to show us other files than it runs: an old-style directory is a name with a
// trailing slash of type NUL only, links and devices have no content whatever their size field says, a GNU long name
// beats a pax path, global pax records are checked and have no effect, and a sole zero block ends nothing but the
// stream's last bytes.
//
// Trust of the input: none. Violations are kMalformed with the byte offset of the header; limits (max_entries,
// max_path_bytes, max_header_bytes) are kLimitExceeded. Nothing is interpreted: paths are given as they stand (see
// normalise_path). Content that is not read is skipped without copying. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "archive/limits.h"
#include "base/block_source.h"

namespace bulkhead::archive {

enum class TarType : uint8_t {
  kFile,
  kHardLink,
  kSymlink,
  kCharDevice,
  kBlockDevice,
  kDirectory,
  kFifo,
  kOther,  // a kind that no container engine extracts (volume labels, pieces of multi-volume archives, …)
};

struct TarEntry {
  TarType type = TarType::kFile;
  std::string path;          // as it stands; may be empty; no NUL
  std::string link;          // target of kHardLink and kSymlink, as it stands; no NUL
  uint64_t size = 0;         // bytes that the content gives; for a sparse file with its holes
  uint64_t stored_size = 0;  // bytes of content in the archive, without padding and sparse map
  uint64_t offset = 0;       // of the stored content in the archive
  uint32_t mode = 0;         // permission bits, set-id bits included
  uint64_t device_major = 0;
  uint64_t device_minor = 0;
  bool sparse = false;
};

class TarReader {
 public:
  // `source` must outlive the reader, or is owned by it.
  explicit TarReader(BlockSource& source, const Limits& limits = {});
  explicit TarReader(std::unique_ptr<BlockSource> source, const Limits& limits = {});
  TarReader(TarReader&&) noexcept;
  TarReader& operator=(TarReader&&) noexcept;
  ~TarReader();

  // The next entry, valid until the next call; nullptr after the last one, when the source has been read to its very
  // end (padding after the end marker is not looked at). What the caller left of the previous entry's content is
  // skipped.
  Result<const TarEntry*> next();

  // The next piece of the present entry's content (at most BlockSource::kMaxBlockBytes), valid until the next call of
  // anything; empty at its end.
  Result<ByteSpan> read();

  // The rest of the present entry's content as a source: valid, and to be used, only until the next call of next().
  BlockSource& content();

  // Bytes of the archive consumed so far, skipped ones included.
  uint64_t position() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A tar path as a path below the root: no leading slash, no "." or empty segments, ".." resolved by text; "" is the
// root itself. kMalformed when it leads above the root, as a container engine refuses it too.
Result<std::string> normalise_path(std::string_view path);
// The same into a string that is used again and again.
Status normalise_path(std::string_view path, std::string& normal);

}  // namespace bulkhead::archive
