// The JSON documents that describe an image: manifest, index (manifest list) and configuration, in the OCI and the
// Docker schema 2 dialects, which differ in media types only.
//
// Sources: OCI image-spec v1.1 (manifest.md, image-index.md, descriptor.md, config.md); Docker image manifest v2
// schema 2. Pure functions over bytes whose digest the caller has verified; their content is hostile all the same.
// Members are read as Go's encoding/json would (json_fields.h), and a document that two readers could understand
// differently is refused: members given twice, and manifests that are also indexes (CVE-2021-41190). Errors: kMalformed
// naming the member; kUnsupported for schema 1 and for artifacts that are no image; kLimitExceeded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "oci/image_source.h"

namespace bulkhead::oci {

// Sorted by key, no key twice.
using Annotations = std::vector<std::pair<std::string, std::string>>;
// The value, or "" when it is absent.
std::string_view annotation(const Annotations& annotations, std::string_view key);

inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

bool is_manifest_type(std::string_view media_type);
bool is_index_type(std::string_view media_type);

struct Manifest {
  std::string media_type;     // as the document says, else as it was served
  std::string artifact_type;  // empty for images
  Descriptor config;
  std::vector<Descriptor> layers;       // bottom first
  std::optional<Descriptor> subject{};  // the manifest that this one is about
  Annotations annotations;
};

struct Index {
  std::string media_type;
  std::vector<Descriptor> manifests;  // in the order of preference of their author
  std::optional<Descriptor> subject{};
  Annotations annotations;
};

// Either, by what the document says it is. `served_type` is the media type under which the bytes were promised (the
// descriptor's, or a server's Content-Type; may be empty or an unrelated one): a contradiction is kMalformed.
Result<std::variant<Manifest, Index>> parse_manifest(std::string_view bytes, std::string_view served_type,
                                                     const ImageLimits& limits);

// The manifest is one of a container image whose layers can be understood: kUnsupported, saying what it is instead, for
// other artifacts (charts, signatures, attestations, plugins) and for layer types that we cannot read (encrypted ones).
Status require_image(const Manifest& manifest);

// kForeign for non-distributable layers, else kArchive.
Layer::Kind layer_kind(std::string_view media_type);

// A tag by which statements about a manifest are found: "sha256-<64 hex>" (OCI distribution-spec v1.1, Referrers Tag
// Schema), or that with a suffix (".sig", ".att": cosign).
bool is_referrers_name(std::string_view name);

// Not an image but a statement about one: an attestation of BuildKit (platform unknown/unknown), a signature or other
// artifact, be it by its name in a layout. Such entries of an index are never chosen.
bool is_not_an_image(const Descriptor& descriptor);

Result<ImageConfig> parse_config(std::string_view bytes, const ImageLimits& limits);

// The instruction that made each layer, bottom first; as many as diff_ids. All empty when history does not account for
// exactly these layers.
std::vector<std::string> created_by_of_layers(const ImageConfig& config);

}  // namespace bulkhead::oci
