// The image as a container would see it: the layers' facts laid over each other as overlayfs would, whiteouts, opaque
// directories, replaced directories and symlinks resolved.
// Sources: OCI image-spec v1.1, layer.md, Whiteouts; Linux Documentation/filesystems/overlayfs.rst.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "layer/analyser.h"
#include "layer/analyser_set.h"
#include "layer/layer_facts.h"

namespace bulkhead::layer {

// A wanted file that no walk has looked into yet, because only the merge shows that a link leads to it.
struct MissingContent {
  uint32_t layer = 0;
  ExtraWant want;
};

// Immutable once built; safe to read from several threads. Views live as long as the MergedImage.
class MergedImage {
 public:
  // `layers` bottom first, each walked with `analysers`; a null one (a foreign layer that could not be read) is taken
  // for empty. kLimitExceeded, kCancelled.
  static Result<MergedImage> merge(std::span<const std::shared_ptr<const LayerFacts>> layers,
                                   const AnalyserSet& analysers, const archive::Limits& limits = {},
                                   const std::stop_token& stop = {});

  // The facts of one analyser about files that are visible in the final image, sorted by path. Of a directory
  // (Layer::Kind::kDirectory) also what may not be read: a fact with an error, of a file, or of a folder in which such
  // a file may lie, so that nobody takes it for "there are none".
  std::vector<const FileFact*> visible(std::string_view analyser) const;
  // The same, and also what upper layers hide: every version of every file, by path, then bottom layer first. This is
  // how the layer that brought a package is found: package databases are written anew by each layer that installs
  // something.
  std::vector<const FileFact*> history(std::string_view analyser) const;

  // Wanted files that must be looked into before the image is complete: walk those layers again with these as extras
  // and merge again (analyse_image does). Where layers come only once, require_complete() must be asked: an image from
  // which something is missing would get another answer than the same image out of a file.
  const std::vector<MissingContent>& missing() const { return missing_; }
  // kUnsupported, naming a file that is missing, and what to do.
  Status require_complete() const;

  // For people: what went wrong beside the scan, as with the cache.
  const std::vector<std::string>& warnings() const { return warnings_; }

  size_t layer_count() const { return layer_count_; }

 private:
  struct Facts {
    std::string analyser;
    std::vector<FileFact> files;   // by path, then layer
    std::vector<bool> is_visible;  // of files
  };
  std::vector<Facts> facts_;
  std::vector<MissingContent> missing_;
  std::vector<std::string> warnings_;
  size_t layer_count_ = 0;
};

}  // namespace bulkhead::layer
