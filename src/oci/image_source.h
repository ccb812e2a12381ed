// The image model: where images come from, behind one interface that streams.
//
// An ImageSource is one place that holds images (a registry, an OCI layout, a docker-archive, an engine, a root file
// system). open() resolves a reference and a platform to one Image: its manifest and configuration, verified against
// their digests, and its layers, each of which streams its bytes on demand, verified while it is read (a mismatch is an
// error, kVerificationFailed, never a warning). Sources: OCI image-spec v1.1 (manifest.md, config.md, layer.md), Docker
// image manifest v2 schema 2.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/block_source.h"
#include "crypto/digest.h"

namespace bulkhead::oci {

struct Platform {
  std::string os;                 // "linux"
  std::string architecture;       // "amd64", Go's names
  std::string variant;            // "v8"; may be empty
  std::string os_version;         // Windows builds; may be empty
  std::string to_string() const;  // "linux/arm64/v8"
  // "os/arch[/variant]"; kInvalidArgument otherwise.
  static Result<Platform> parse(std::string_view text);
  // The platform of this machine.
  static Platform host();
};

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
  // Opens the bytes as stored (perhaps compressed); verified against `descriptor.digest` where it is known. May be
  // called from any thread; calls for different layers may run at once. Valid as long as the Image lives.
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
  std::vector<std::string> repo_tags;  // names the source knows it by
  std::shared_ptr<void> keep_alive;    // whatever the layers' open() needs
};

// Limits on what a source may make us hold.
struct ImageLimits {
  uint64_t max_manifest_bytes = 4U << 20;  // manifests and indexes: OCI distribution-spec asks for at least 4 MiB
  uint64_t max_config_bytes = 16U << 20;
  uint32_t max_layers = 1000;
  uint32_t max_index_depth = 4;  // index in index
};

struct OpenOptions {
  std::optional<Platform> platform;  // default: the host's, else the only one there is
  ImageLimits limits;
};

}  // namespace bulkhead::oci
