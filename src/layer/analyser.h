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
//   "**/*.dist-info/METADATA"    `**` first only: any depth
// Matching is on the path as the layer's own symlinks and usr-merge resolve it.
struct WantedPath {
  std::string_view pattern;
  uint64_t max_bytes = 64U << 20;  // a larger file is not read; it is recorded as skipped_too_large
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

  // The file's contents, whole. The value may be empty (nothing of interest). kMalformed is not fatal to the scan: the
  // error is recorded with the file as a diagnostic, unless the analyser says a corrupt file must fail the scan
  // (errors_are_fatal), as a package database must: a scan that cannot read it would answer "no packages".
  virtual Result<std::string> analyse(std::string_view path, ByteSpan content) const = 0;
  virtual bool errors_are_fatal() const { return false; }
};

// What the merged image holds of one wanted file: the topmost visible one.
struct FileFact {
  std::string path;    // relative, resolved
  uint32_t layer = 0;  // index into Image::layers
  std::string value;   // what Analyser::analyse answered
  std::string error;   // why there is no value; empty when there is one
};

}  // namespace bulkhead::layer
