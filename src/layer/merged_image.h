// The image as a container would see it: the layers' facts laid over each other as overlayfs would, whiteouts, opaque
// directories, replaced directories and symlinks resolved.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "layer/analyser.h"

namespace bulkhead::layer {

// Immutable once built; safe to read from several threads. Views live as long as the MergedImage.
class MergedImage {
 public:
  // The facts of one analyser about files that are visible in the final image, sorted by path.
  std::vector<const FileFact*> visible(std::string_view analyser) const;
  // The same, and also what upper layers hide: every version of every file, by path, then bottom layer first. This is
  // how the layer that brought a package is found: package databases are written anew by each layer that installs
  // something.
  std::vector<const FileFact*> history(std::string_view analyser) const;
};

}  // namespace bulkhead::layer
