// From a descriptor to an image: follows indexes, chooses the platform, verifies manifest and configuration, and lays
// out the layers. Whatever stores blobs by their digest (a registry, an OCI layout) implements BlobStore and calls
// this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "oci/image_source.h"

namespace bulkhead::oci {

// Blobs by digest. Thread-safe once resolve_image() was called on it: layers open at any time, several at once. What it
// hands out need not be verified; the caller does that.
class BlobStore {
 public:
  BlobStore() = default;
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;
  virtual ~BlobStore() = default;

  // kNotFound when it is not here.
  virtual Result<std::unique_ptr<BlockSource>> open_blob(const Descriptor& blob) const = 0;
  // The same for manifests and indexes, which registries serve apart from other blobs.
  virtual Result<std::unique_ptr<BlockSource>> open_manifest(const Descriptor& manifest) const {
    return open_blob(manifest);
  }

  // The same for configurations: documents, of which a store may expect that they come soon.
  virtual Result<std::unique_ptr<BlockSource>> open_config(const Descriptor& config) const { return open_blob(config); }

  // Whether the layer can be opened. A local store looks (and answers kVerificationFailed when it sees that the size is
  // wrong); a registry says yes to ordinary layers unasked and looks for foreign ones only.
  virtual Result<bool> has_layer(const Descriptor& layer, Layer::Kind kind) const = 0;

  // Layer::entry_name; empty for stores that are no archive.
  virtual std::string entry_name(const Descriptor& /*blob*/) const { return {}; }
  // An archive that goes by once: its layers have no open().
  virtual bool reads_once() const { return false; }
};

// Where the search for the image starts.
struct Root {
  Descriptor descriptor;
  std::string bytes;  // of the manifest or index, with that digest; empty: the store is asked for it
};

// The image that serves options.platform (when not given: this machine's platform, else the only one there is) among
// all that the roots lead to. Fills everything but Image::reference and repo_tags. Errors do not name the place:
// callers do. Errors: kNotFound lists the platforms that there are, or names the missing blob; kVerificationFailed on a
// wrong digest or size; kUnsupported: no image; kInvalidArgument: roots lead to several for it; those of manifest.h.
Result<Image> resolve_image(std::shared_ptr<const BlobStore> store, std::vector<Root> roots,
                            const OpenOptions& options);

// The blob, whole: kLimitExceeded past max_bytes, kVerificationFailed when it is not what the descriptor promises.
Result<std::string> read_verified(std::unique_ptr<BlockSource> source, const Descriptor& descriptor, uint64_t max_bytes,
                                  std::string_view what);

// Checks that the configuration accounts for `count` layers: kMalformed.
Status require_layer_count(const ImageConfig& config, size_t count);

}  // namespace bulkhead::oci
