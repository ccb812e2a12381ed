#include "oci/manifest.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "oci/json_fields.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kSchema1Types[] = {
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
};

constexpr std::string_view kConfigTypes[] = {
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
};

struct LayerType {
  std::string_view media_type;
  Layer::Kind kind;
};
constexpr LayerType kLayerTypes[] = {
    {"application/vnd.oci.image.layer.v1.tar", Layer::Kind::kArchive},
    {"application/vnd.oci.image.layer.v1.tar+gzip", Layer::Kind::kArchive},
    {"application/vnd.oci.image.layer.v1.tar+zstd", Layer::Kind::kArchive},
    {"application/vnd.docker.image.rootfs.diff.tar", Layer::Kind::kArchive},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", Layer::Kind::kArchive},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", Layer::Kind::kArchive},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", Layer::Kind::kForeign},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Layer::Kind::kForeign},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Layer::Kind::kForeign},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", Layer::Kind::kForeign},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Layer::Kind::kForeign},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.zstd", Layer::Kind::kForeign},
};

const LayerType* find_layer_type(std::string_view media_type) {
  const auto* const found = std::ranges::find(kLayerTypes, media_type, &LayerType::media_type);
  return found == std::end(kLayerTypes) ? nullptr : found;
}

// Manifests and configurations nest a handful of levels; extensions get some room.
constexpr size_t kMaxDepth = 32;

Result<json::Document> parse_json(std::string_view bytes, const ImageLimits& limits, uint64_t ImageLimits::* max_bytes,
                                  std::string_view what) {
  if (bytes.size() > limits.*max_bytes) return fail(limit_passed(limits, max_bytes));
  auto document = json::Document::parse(bytes, {.max_bytes = limits.*max_bytes, .max_depth = kMaxDepth});
  if (!document) return std::unexpected(std::move(document).error().with_context(std::string(what)));
  return document;
}

Result<std::optional<Platform>> read_platform(const Fields& descriptor) {
  TRY_ASSIGN(const auto fields, descriptor.object("platform"));
  if (!fields) return std::nullopt;
  Platform platform;
  TRY_ASSIGN(platform.os, fields->string("os"));
  TRY_ASSIGN(platform.architecture, fields->string("architecture"));
  TRY_ASSIGN(platform.variant, fields->string("variant"));
  TRY_ASSIGN(platform.os_version, fields->string("os.version"));
  if (platform.os.empty() && platform.architecture.empty()) return std::nullopt;
  return platform;
}

// A digest in a document: what a user may have mistyped in a reference is a fault of the document here.
Result<Digest> read_digest(std::string_view text, std::string_view what) {
  auto digest = Digest::parse(text);
  if (digest) return digest;
  const Code code = digest.error().code() == Code::kInvalidArgument ? Code::kMalformed : digest.error().code();
  return fail(code, fmt::format("{}: {}", what, digest.error().message()));
}

Result<Descriptor> read_descriptor(json::Value value, const std::string& what) {
  TRY_ASSIGN(const Fields fields, Fields::of(value, what));
  Descriptor descriptor;
  TRY_ASSIGN(descriptor.media_type, fields.required_string("mediaType"));
  TRY_ASSIGN(const std::string digest, fields.required_string("digest"));
  TRY_ASSIGN(descriptor.digest, read_digest(digest, what));
  TRY_ASSIGN(descriptor.size, fields.required_size("size"));
  TRY_ASSIGN(descriptor.platform, read_platform(fields));
  TRY_ASSIGN(descriptor.urls, fields.strings("urls"));
  TRY_ASSIGN(descriptor.annotations, fields.string_map("annotations"));
  TRY_ASSIGN(descriptor.artifact_type, fields.string("artifactType"));
  return descriptor;
}

Result<std::optional<Descriptor>> read_subject(const Fields& fields) {
  TRY_ASSIGN(const auto subject, fields.find("subject"));
  if (!subject) return std::nullopt;
  return read_descriptor(*subject, "the subject");
}

Result<std::vector<Descriptor>> read_descriptors(const Fields& fields, std::string_view name, std::string_view what) {
  TRY_ASSIGN(const auto values, fields.array(name));
  std::vector<Descriptor> descriptors;
  descriptors.reserve(values.size());
  for (const json::Value& value : values) {
    TRY_ASSIGN(auto descriptor, read_descriptor(value, fmt::format("{} {}", what, descriptors.size() + 1)));
    descriptors.push_back(std::move(descriptor));
  }
  return descriptors;
}

std::unexpected<Error> schema1() {
  return fail(Code::kUnsupported, "the manifest is in Docker's schema 1 format, which ended in 2019",
              "pull and push the image again with a current client, which writes schema 2 or OCI manifests");
}

enum class Shape : uint8_t { kManifest, kIndex };

std::optional<Shape> shape_of_type(std::string_view media_type) {
  if (is_manifest_type(media_type)) return Shape::kManifest;
  if (is_index_type(media_type)) return Shape::kIndex;
  return std::nullopt;
}

// What the document is, from everything that says so; all that say it must agree.
Result<Shape> shape_of(const Fields& fields, std::string_view stated_type, std::string_view served_type) {
  const bool looks_like_index = fields.has("manifests");
  const bool looks_like_manifest = fields.has("config") || fields.has("layers") || fields.has("fsLayers");
  if (looks_like_index && looks_like_manifest) {
    return fail(Code::kMalformed,
                "the document is both a manifest and an index, so that its meaning depends on the reader");
  }
  if (!looks_like_index && !looks_like_manifest) {
    return fail(Code::kMalformed,
                "the document is neither a manifest nor an index: it names no config, layers or manifests");
  }
  const Shape shape = looks_like_index ? Shape::kIndex : Shape::kManifest;
  for (const std::string_view type : {stated_type, served_type}) {
    if (const auto promised = shape_of_type(type); promised && *promised != shape) {
      return fail(Code::kMalformed, fmt::format("the document is {}, although its media type is {}",
                                                looks_like_index ? "an index" : "a manifest", type));
    }
  }
  if (!stated_type.empty() && !shape_of_type(stated_type)) {
    return fail(Code::kUnsupported, fmt::format("the document's media type is {}, which is no image manifest or index",
                                                printable(stated_type)));
  }
  return shape;
}

Result<HistoryEntry> read_history_entry(json::Value value, size_t number) {
  TRY_ASSIGN(const Fields fields, Fields::of(value, fmt::format("history entry {}", number)));
  HistoryEntry entry;
  TRY_ASSIGN(entry.created, fields.string("created"));
  TRY_ASSIGN(entry.created_by, fields.string("created_by"));
  TRY_ASSIGN(entry.comment, fields.string("comment"));
  TRY_ASSIGN(entry.author, fields.string("author"));
  TRY_ASSIGN(entry.empty_layer, fields.boolean("empty_layer"));
  return entry;
}

Status read_execution(const Fields& fields, ImageConfig& config) {
  TRY_ASSIGN(config.user, fields.string("User"));
  TRY_ASSIGN(config.env, fields.strings("Env"));
  TRY_ASSIGN(config.entrypoint, fields.string_or_strings("Entrypoint"));
  TRY_ASSIGN(config.cmd, fields.string_or_strings("Cmd"));
  TRY_ASSIGN(config.working_dir, fields.string("WorkingDir"));
  TRY_ASSIGN(config.exposed_ports, fields.keys("ExposedPorts"));
  TRY_ASSIGN(config.volumes, fields.keys("Volumes"));
  TRY_ASSIGN(config.labels, fields.string_map("Labels"));
  TRY_ASSIGN(const auto healthcheck, fields.object("Healthcheck"));
  if (healthcheck) {
    TRY_ASSIGN(const auto test, healthcheck->strings("Test"));
    config.has_healthcheck = !test.empty() && test.front() != "NONE";
  }
  return {};
}

Status read_rootfs(const Fields& fields, const ImageLimits& limits, ImageConfig& config) {
  TRY_ASSIGN(const auto rootfs, fields.object("rootfs"));
  if (!rootfs) return fields.malformed("rootfs", "is missing");
  TRY_ASSIGN(const std::string type, rootfs->string("type"));
  if (type != "layers")
    return rootfs->malformed("type", fmt::format("must be \"layers\", found \"{}\"", printable(type)));
  TRY_ASSIGN(const auto diff_ids, rootfs->strings("diff_ids"));
  if (diff_ids.size() > limits.max_layers) return fail(limit_passed(limits, &ImageLimits::max_layers));
  for (const std::string& text : diff_ids) {
    TRY_ASSIGN(const Digest diff_id, read_digest(text, fmt::format("diff_id {}", config.diff_ids.size() + 1)));
    config.diff_ids.push_back(diff_id);
  }
  return {};
}

}  // namespace

std::string_view annotation(const Annotations& annotations, std::string_view key) {
  const auto found = std::ranges::find(annotations, key, &Annotations::value_type::first);
  return found == annotations.end() ? std::string_view() : std::string_view(found->second);
}

bool is_manifest_type(std::string_view media_type) {
  return media_type == kOciManifest || media_type == kDockerManifest;
}
bool is_index_type(std::string_view media_type) {
  return media_type == kOciIndex || media_type == kDockerManifestList;
}

Result<std::variant<Manifest, Index>> parse_manifest(std::string_view bytes, std::string_view served_type,
                                                     const ImageLimits& limits) {
  if (std::ranges::find(kSchema1Types, served_type) != std::end(kSchema1Types)) return schema1();
  TRY_ASSIGN(const auto document, parse_json(bytes, limits, &ImageLimits::max_manifest_bytes, "manifest"));
  TRY_ASSIGN(const Fields fields, Fields::of(document.root(), "the manifest"));
  TRY_ASSIGN(const auto schema_version, fields.find("schemaVersion"));
  const auto version = schema_version ? schema_version->integer() : std::nullopt;
  if (version == 1) return schema1();
  if (version != 2) return fields.malformed("schemaVersion", "must be 2");
  TRY_ASSIGN(const std::string stated_type, fields.string("mediaType"));
  TRY_ASSIGN(const Shape shape, shape_of(fields, stated_type, served_type));
  const std::string media_type = !stated_type.empty() ? stated_type
                                 : shape_of_type(served_type)
                                     ? std::string(served_type)
                                     : std::string(shape == Shape::kIndex ? kOciIndex : kOciManifest);
  if (shape == Shape::kIndex) {
    Index index{.media_type = media_type, .manifests = {}, .annotations = {}};
    TRY_ASSIGN(index.manifests, read_descriptors(fields, "manifests", "manifest"));
    TRY_ASSIGN(index.subject, read_subject(fields));
    TRY_ASSIGN(index.annotations, fields.string_map("annotations"));
    return index;
  }
  Manifest manifest{.media_type = media_type, .artifact_type = {}, .config = {}, .layers = {}, .annotations = {}};
  TRY_ASSIGN(manifest.artifact_type, fields.string("artifactType"));
  TRY_ASSIGN(const auto config, fields.find("config"));
  if (!config) return fields.malformed("config", "is missing");
  TRY_ASSIGN(manifest.config, read_descriptor(*config, "the manifest's config"));
  TRY_ASSIGN(manifest.layers, read_descriptors(fields, "layers", "layer"));
  if (manifest.layers.size() > limits.max_layers) return fail(limit_passed(limits, &ImageLimits::max_layers));
  TRY_ASSIGN(manifest.subject, read_subject(fields));
  TRY_ASSIGN(manifest.annotations, fields.string_map("annotations"));
  return manifest;
}

Status require_image(const Manifest& manifest) {
  if (std::ranges::find(kConfigTypes, manifest.config.media_type) == std::end(kConfigTypes)) {
    const std::string_view type =
        manifest.artifact_type.empty() ? std::string_view(manifest.config.media_type) : manifest.artifact_type;
    return fail(Code::kUnsupported, fmt::format("not a container image but an artifact of type {}", printable(type)));
  }
  for (const Descriptor& layer : manifest.layers) {
    if (find_layer_type(layer.media_type) != nullptr) continue;
    const bool encrypted = layer.media_type.ends_with("+encrypted");
    return fail(Code::kUnsupported,
                fmt::format("layer {} is of type {}, which cannot be read", layer.digest.to_string(),
                            printable(layer.media_type)),
                encrypted
                    ? "the layer is encrypted: decrypt the image first, for example with skopeo copy --decryption-key"
                    : "");
  }
  return {};
}

Layer::Kind layer_kind(std::string_view media_type) {
  const LayerType* type = find_layer_type(media_type);
  return type == nullptr ? Layer::Kind::kArchive : type->kind;
}

bool is_referrers_name(std::string_view name) {
  constexpr size_t kAlgorithmBytes = std::string_view("sha256-").size();
  constexpr size_t kHexBytes = 64;
  if (!name.starts_with("sha256-") && !name.starts_with("sha512-")) return false;
  const std::string_view hex = name.substr(kAlgorithmBytes, kHexBytes);
  const std::string_view rest = name.substr(std::min(name.size(), kAlgorithmBytes + kHexBytes));
  return hex.size() == kHexBytes && (rest.empty() || rest.front() == '.') &&
         std::ranges::all_of(hex, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_not_an_image(const Descriptor& descriptor) {
  if (!annotation(descriptor.annotations, "vnd.docker.reference.type").empty()) return true;
  if (!descriptor.artifact_type.empty()) return true;
  if (is_referrers_name(annotation(descriptor.annotations, "org.opencontainers.image.ref.name"))) return true;
  return descriptor.platform && descriptor.platform->os == "unknown" && descriptor.platform->architecture == "unknown";
}

Result<ImageConfig> parse_config(std::string_view bytes, const ImageLimits& limits) {
  TRY_ASSIGN(const auto document, parse_json(bytes, limits, &ImageLimits::max_config_bytes, "image configuration"));
  TRY_ASSIGN(const Fields fields, Fields::of(document.root(), "the image configuration"));
  ImageConfig config;
  TRY_ASSIGN(config.platform.os, fields.string("os"));
  TRY_ASSIGN(config.platform.architecture, fields.string("architecture"));
  TRY_ASSIGN(config.platform.variant, fields.string("variant"));
  TRY_ASSIGN(config.platform.os_version, fields.string("os.version"));
  TRY_ASSIGN(config.created, fields.string("created"));
  TRY_ASSIGN(config.author, fields.string("author"));
  TRY_ASSIGN(const auto execution, fields.object("config"));
  if (execution) TRY(read_execution(*execution, config));
  TRY(read_rootfs(fields, limits, config));
  TRY_ASSIGN(const auto history, fields.array("history"));
  config.history.reserve(history.size());
  for (const json::Value& value : history) {
    TRY_ASSIGN(auto entry, read_history_entry(value, config.history.size() + 1));
    config.history.push_back(std::move(entry));
  }
  config.raw_json = bytes;
  return config;
}

std::vector<std::string> created_by_of_layers(const ImageConfig& config) {
  std::vector<std::string> instructions;
  for (const HistoryEntry& entry : config.history) {
    if (!entry.empty_layer) instructions.push_back(entry.created_by);
  }
  if (instructions.size() != config.diff_ids.size()) instructions.assign(config.diff_ids.size(), std::string());
  return instructions;
}

}  // namespace bulkhead::oci
