// LayerFacts on disk, so that a second scan, or another image on the same base, reads only what is new; which stored
// bytes hold which layer; and whole images whose source can say what they are before they are read. Format and layout:
// docs/formats/layer-cache.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "layer/analyser_set.h"
#include "layer/layer_facts.h"

namespace bulkhead::layer {

// Any number of threads and processes may use one directory at once. Entries are addressed by diff-id, the analysers'
// identity and the format's version, written whole or not at all, and checked when read: what is corrupt, of another
// version, another user's or unreadable counts as absent and is written anew.
class Cache {
 public:
  // Makes the directory (0700) if it is missing. `max_bytes` bounds its size as trim() finds it.
  static Result<Cache> open(std::string directory, uint64_t max_bytes = kDefaultMaxBytes);
  static constexpr uint64_t kDefaultMaxBytes = uint64_t{1} << 30;

  // The layer's facts, or nothing. Never fails: whatever is wrong with the cache, the layer can be read again.
  std::optional<LayerFacts> load(const Digest& diff_id, const AnalyserSet& analysers) const;
  // Whether load() would find something, told without decoding it.
  bool holds(const Digest& diff_id, const AnalyserSet& analysers) const;
  // Under facts.diff_id. An error is for a diagnostic; a scan goes on without its cache.
  Status store(const LayerFacts& facts, const AnalyserSet& analysers) const;

  // Whether the blob `stored` was once read to its end and found to hold the tar `diff_id`, as remember_link() kept it.
  bool links(const Digest& stored, const Digest& diff_id) const;
  Status remember_link(const Digest& stored, const Digest& diff_id) const;

  // The same for what a caller keeps of a whole image, in an encoding of its own, under the digest by which the image's
  // source identifies it.
  std::optional<std::string> load_image(const Digest& identifier) const;
  Status store_image(const Digest& identifier, std::string_view encoded) const;

  // Removes the entries that were not used for the longest time until max_bytes are kept, and what interrupted writers
  // left. To be called by who has stored something, as analyse_image does.
  Status trim() const;

  const std::string& directory() const { return directory_; }

 private:
  Cache(std::string directory, uint64_t max_bytes) : directory_(std::move(directory)), max_bytes_(max_bytes) {}

  std::string directory_;
  uint64_t max_bytes_;
};

}  // namespace bulkhead::layer
