// The image model: where images come from, behind one interface that streams.
//
// An ImageSource is one place that holds images (a registry, an OCI layout, a docker-archive, an engine, a root file
// system). open() resolves a reference and a platform to one Image: its manifest and configuration, verified against
// their digests, and its layers, each of which streams its bytes on demand, verified while it is read (a mismatch is an
// error, kVerificationFailed, never a warning). What can be read only once and from front to back (standard input, a
// compressed archive, an engine's export) opens as a SequentialImage instead: its layers go to a visitor as they come
// by, and the Image, which then is known, says which of them it is made of. Nothing is written to disk in either case.
// Sources: OCI image-spec v1.1 (manifest.md, config.md, layer.md), Docker image manifest v2 schema 2.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "archive/limits.h"
#include "base/block_source.h"
#include "crypto/digest.h"
#include "oci/limits.h"
#include "oci/platform.h"

namespace bulkhead::oci {

struct Descriptor {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
  std::optional<Platform> platform;
  std::vector<std::string> urls;                                 // foreign layers
  std::vector<std::pair<std::string, std::string>> annotations;  // sorted by key
  std::string artifact_type;
};

// One step of the image's history; steps that made no layer have empty_layer set.
struct HistoryEntry {
  std::string created;     // RFC 3339, as found
  std::string created_by;  // the instruction
  std::string comment;
  std::string author;
  bool empty_layer = false;
};

// What the configuration says, as later checks need it. Source: OCI image-spec v1.1, config.md.
struct ImageConfig {
  Platform platform;
  std::string created;
  std::string author;
  std::string user;
  std::vector<std::string> env;
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::string working_dir;
  std::vector<std::string> exposed_ports;
  std::vector<std::string> volumes;
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by key
  bool has_healthcheck = false;
  std::vector<HistoryEntry> history;
  std::vector<Digest> diff_ids;  // bottom first; rootfs.diff_ids
  std::string raw_json;          // the verified bytes
};

struct Layer {
  enum class Kind : uint8_t {
    kArchive,    // a tar, perhaps compressed: open() streams it
    kForeign,    // non-distributable and not stored here: known by digest and URL only, cannot be read
    kDirectory,  // not an archive: a directory on this machine (rootfs:)
  };
  Kind kind = Kind::kArchive;
  Descriptor descriptor;   // of the bytes that open() gives; digest empty when the source has none (docker-archive)
  Digest diff_id;          // digest of the uncompressed tar, as the configuration promises; empty for kDirectory
  std::string directory;   // kDirectory only
  std::string created_by;  // instruction of history that made it; empty when history does not say
  std::string entry_name;  // name of the archive's entry that holds it; empty when the source is no archive
  // Opens the bytes as stored (perhaps compressed); verified against `descriptor.digest` where it is known. May be
  // called from any thread; calls for different layers may run at once. Valid as long as the Image lives. Not set for
  // kForeign and kDirectory, nor in the Image of a SequentialImage, whose visitor has had the bytes.
  std::function<Result<std::unique_ptr<BlockSource>>()> open;
};

struct Image {
  std::string reference;   // as asked for, with the scheme prefix when one was given
  Digest manifest_digest;  // empty when the source has no manifest (docker-archive, rootfs)
  Digest index_digest;     // of the index through which it was found; empty when there was none
  Digest config_digest;    // empty for rootfs
  Descriptor manifest;     // media type, size, annotations
  ImageConfig config;
  std::vector<Layer> layers;           // bottom first
  bool from_repository = false;        // found by its name in a registry or an engine, not at a path
  std::vector<std::string> repo_tags;  // names the source knows it by
  std::shared_ptr<void> keep_alive;    // whatever the layers' open() needs
};

struct OpenOptions {
  std::optional<Platform> platform;  // default: the host's, else the only one there is
  ImageLimits limits;
  archive::Limits archive_limits;  // of image archives; layers are limited by whoever walks them
  std::stop_token stop;            // kCancelled soon after a stop is requested, where reading a file may take long
};

// Takes the layers of a SequentialImage as they come by.
class LayerVisitor {
 public:
  LayerVisitor() = default;
  LayerVisitor(const LayerVisitor&) = delete;
  LayerVisitor& operator=(const LayerVisitor&) = delete;
  virtual ~LayerVisitor() = default;

  // Called once for each entry that may be a layer, in the archive's order, on the thread that called read(). `digest`
  // is the digest of `bytes` where the entry's name promises it, and is verified; else empty. The visitor need not read
  // to the end. Some entries turn out to be no layer, or a layer of another image in the archive: an error that the
  // visitor returns is kept, and ends read() only if the image is found to need that entry; kCancelled ends it at once.
  virtual Status visit(const std::string& entry_name, const Digest& digest, BlockSource& bytes) = 0;
};

// What is known of a SequentialImage before it is read.
struct ImagePreview {
  // The engine's identifier of the image: two images with the same one have the same configuration and layers.
  Digest identifier;
  std::vector<Digest> diff_ids;  // bottom first; read() answers with these, or fails
  std::string reference;         // these two as in the Image: they may change while the image stays what it is
  std::vector<std::string> repo_tags;
  bool from_repository = false;  // as in Image
};

// An image that can be read only once, from front to back. Not thread-safe.
class SequentialImage {
 public:
  SequentialImage() = default;
  SequentialImage(const SequentialImage&) = delete;
  SequentialImage& operator=(const SequentialImage&) = delete;
  virtual ~SequentialImage() = default;

  // To be called once. Every kArchive layer of the answer has an entry_name that `visitor` has been called with,
  // without an error; several layers may share one.
  virtual Result<Image> read(LayerVisitor& visitor) = 0;

  // Nothing when nothing is known before. A caller that kept what an earlier read() of the same identifier answered,
  // and what it found in each of the diff_ids, need not read again.
  virtual std::optional<ImagePreview> preview() const { return std::nullopt; }
};

using OpenedImage = std::variant<Image, std::unique_ptr<SequentialImage>>;

// One place that holds images. Thread-safe: open() may be called from several threads at once.
class ImageSource {
 public:
  ImageSource() = default;
  ImageSource(const ImageSource&) = delete;
  ImageSource& operator=(const ImageSource&) = delete;
  virtual ~ImageSource() = default;

  virtual std::string_view scheme() const = 0;  // "registry": the prefix that forces this source, without its colon
  virtual std::string description() const = 0;  // for people: "Docker Engine at /run/docker.sock"
  // `reference` comes without the scheme prefix. kNotFound: it is not here. kUnavailable, kPermissionDenied,
  // kUnauthenticated: it could not be asked. (After these four, a search without prefix goes on to the next source.)
  // Any other error says that the image was found and is not sound.
  virtual Result<OpenedImage> open(std::string_view reference, const OpenOptions& options) = 0;
};

}  // namespace bulkhead::oci
