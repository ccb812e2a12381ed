// What looks into a layer's files. An analyser declares the paths it wants; the layer walk hands it each such file,
// once, and it answers with a small plain value of its own encoding, which is cached with the layer and given back at
// merge time. A file that no analyser wants is skipped without being copied.
//
// Analysers are pure: bytes in, bytes out; no I/O, no clock, no logging; const and thread-safe, because layers are
// walked in parallel. Trust of the input: none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bulkhead::layer {

// A wanted path, relative to the root without leading slash, by path segment:
//   "var/lib/dpkg/status"        exactly this
//   "var/lib/dpkg/status.d/*"    one segment of any name; `*` may stand inside a segment: "var/lib/dpkg/info/*.list"
// A file is wanted when a program in the container that opens such a path would get it: through symbolic links (of
// files and of directories, in the same or another layer), usr-merge and hard links. It is reported once, by the path
// that it really has. Want every path that a file is known by; what resolves to the same file comes only once.
struct WantedPath {
  std::string_view pattern;
  uint64_t max_bytes = 64U << 20;  // a larger file is not read; it is recorded with an error that says so
  std::string_view magic = {};  // when set, only a file that begins with these bytes (at most kMaxMagicBytes) is wanted
  static constexpr size_t kMaxMagicBytes = 64;
};

class Analyser {
 public:
  Analyser() = default;
  Analyser(const Analyser&) = delete;
  Analyser& operator=(const Analyser&) = delete;
  virtual ~Analyser() = default;

  virtual std::string_view name() const = 0;  // "dpkg-status"; part of the cache key
  virtual uint32_t version() const = 0;  // raised whenever the encoding or the meaning changes; part of the cache key
  virtual std::span<const WantedPath> wants() const = 0;

  // The file's contents, whole. `path` matches one of wants(); it serves to tell formats apart by name and must not
  // become part of the value, which all names of the file share (FileFact::path is its place). The value may be empty:
  // nothing of interest, and no FileFact is made. kMalformed is recorded with the file: who reads the facts decides
  // whether a scan can go on without it.
  virtual Result<std::string> analyse(std::string_view path, ByteSpan content) const = 0;
};

// What an image holds of one wanted file in one layer.
struct FileFact {
  std::string path;    // relative, resolved: no part of it is a symbolic link
  uint32_t layer = 0;  // index into Image::layers
  std::string value;   // what Analyser::analyse answered
  std::string error;   // why there is no value; empty when there is one
  // The error is that it, or the folder in which it may lie, could not be read; else that its content is bad.
  bool denied = false;
};

}  // namespace bulkhead::layer
