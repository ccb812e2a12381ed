// Zip archives (feeds, jars) by their central directory, over bytes that are in memory or mapped.
//
// Understood: stored and deflated members, Zip64, a prefix before the archive (self-running jars), data descriptors.
// Sources: PKWARE APPNOTE.TXT 6.3.10; RFC 1951. Trust of the input: none. What two readers could read differently is
// refused: members whose stored bytes overlap one another or the directory (also how zip bombs multiply), a local
// header that names another member. Limits: max_entries, max_path_bytes, max_layer_bytes (all members together, by what
// the directory promises), max_ratio. Nothing is interpreted: paths are given as they stand (see normalise_path).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "base/block_source.h"

namespace bulkhead::archive {

struct ZipEntry {
  std::string path;  // as it stands; a directory ends in "/"
  uint64_t size = 0;
  uint64_t stored_size = 0;
  uint64_t offset = 0;  // of the local header, from the beginning of the bytes
  uint32_t crc32 = 0;
  uint16_t method = 0;
  bool encrypted = false;
  bool is_directory() const { return path.ends_with('/'); }
};

// Immutable; safe to use from several threads at once. Views the bytes, which must outlive it and its sources.
class ZipReader {
 public:
  // kMalformed when it is no zip archive or its directory is damaged.
  static Result<ZipReader> open(ByteSpan bytes, const Limits& limits = {});

  const std::vector<ZipEntry>& entries() const { return entries_; }  // in the directory's order
  // The member of that path, the last one of several; null when there is none. Takes time in the number of members.
  const ZipEntry* find(std::string_view path) const;

  // The member's contents. kUnsupported when it is encrypted or stored by another method. The source gives kMalformed
  // at its end when length or checksum are not as promised; never more bytes than entry.size.
  Result<std::unique_ptr<BlockSource>> open_entry(const ZipEntry& entry) const;
  // All of it; kLimitExceeded past max_bytes.
  Result<std::string> read_entry(const ZipEntry& entry, size_t max_bytes) const;

 private:
  explicit ZipReader(ByteSpan bytes) : bytes_(bytes) {}
  ByteSpan bytes_;
  std::vector<ZipEntry> entries_;
};

// Whether the bytes begin as a zip archive does (with a member, or with the directory of an empty one).
bool looks_like_zip(ByteSpan head);

}  // namespace bulkhead::archive
