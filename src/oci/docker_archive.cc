#include "oci/docker_archive.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "oci/json_fields.h"
#include "oci/manifest.h"
#include "oci/read_limited.h"
#include "oci/resolve.h"

namespace bulkhead::oci {
namespace {

constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kRepositoriesFile = "repositories";

// One image of manifest.json.
struct Entry {
  std::string config;
  std::vector<std::string> repo_tags;
  std::vector<std::string> layers;            // bottom first
  std::vector<std::string> foreign_diff_ids;  // layers that are known by URL only, from LayerSources
};

Result<Entry> read_entry(json::Value value, size_t number, const ImageLimits& limits) {
  TRY_ASSIGN(const Fields fields, Fields::of(value, fmt::format("image {}", number)));
  Entry entry;
  TRY_ASSIGN(entry.config, fields.required_string("Config"));
  TRY_ASSIGN(entry.repo_tags, fields.strings("RepoTags"));
  TRY_ASSIGN(entry.layers, fields.strings("Layers"));
  if (entry.layers.size() > limits.max_layers) return fail(limit_passed(limits, &ImageLimits::max_layers));
  TRY_ASSIGN(const auto sources, fields.find("LayerSources"));
  if (!sources) return entry;
  for (const auto& [diff_id, described] : sources->members()) {
    TRY_ASSIGN(const Fields source, Fields::of(described, fmt::format("\"LayerSources\" of image {}", number)));
    TRY_ASSIGN(const std::string media_type, source.string("mediaType"));
    if (layer_kind(media_type) == Layer::Kind::kForeign) entry.foreign_diff_ids.emplace_back(diff_id);
  }
  return entry;
}

Result<std::vector<Entry>> read_entries(const FileStore& files, const ImageLimits& limits) {
  TRY_ASSIGN(const std::string bytes, read_limited(files, kManifestFile, limits, &ImageLimits::max_manifest_bytes));
  TRY_CONTEXT(const auto document, json::Document::parse(bytes), kManifestFile);
  if (!document.root().is_array()) return fail(Code::kMalformed, "manifest.json: must be an array of images");
  std::vector<Entry> entries;
  for (const json::Value value : document.root().elements()) {
    if (entries.size() == limits.max_manifests) return fail(limit_passed(limits, &ImageLimits::max_manifests));
    TRY_CONTEXT(auto entry, read_entry(value, entries.size() + 1, limits), kManifestFile);
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) return fail(Code::kUnsupported, "manifest.json: lists no image");
  return entries;
}

// `docker save` and podman name the configuration by its digest ("<hex>.json", "blobs/sha256/<hex>", skopeo the same);
// other tools do not ("config.json").
Digest digest_in_config_name(std::string_view path) {
  if (Digest digest = digest_of_blob_path(path); !digest.empty()) return digest;
  constexpr std::string_view kSuffix = ".json";
  if (path.ends_with(kSuffix)) path.remove_suffix(kSuffix.size());
  if (path.starts_with("sha256:")) path.remove_prefix(7);  // kaniko
  return Digest::parse(fmt::format("sha256:{}", path)).value_or(Digest());
}

struct VerifiedConfig {
  std::string bytes;
  Digest digest;
};

Result<VerifiedConfig> read_config(const FileStore& files, const std::string& path, const ImageLimits& limits) {
  VerifiedConfig config;
  TRY_ASSIGN(config.bytes, read_limited(files, path, limits, &ImageLimits::max_config_bytes));
  const Digest promised = digest_in_config_name(path);
  Hasher hasher(promised.empty() ? Digest::Algorithm::kSha256 : promised.algorithm());
  hasher.update(as_bytes(config.bytes));
  config.digest = hasher.finish();
  if (!promised.empty() && config.digest != promised) {
    return fail(Code::kVerificationFailed,
                fmt::format("{} is named by the digest {}, but its content has {}", printable(path),
                            promised.to_string(), config.digest.to_string()));
  }
  return config;
}

std::string label_of(const Entry& entry, size_t position) {
  return entry.repo_tags.empty() ? fmt::format("@{}", position) : entry.repo_tags.front();
}

// The digests of configurations, each read once at most.
class ConfigDigests {
 public:
  ConfigDigests(const FileStore& files, const ImageLimits& limits) : files_(files), limits_(limits) {}

  // What the name promises needs no look: the content of what is chosen is compared with it anyway.
  Result<Digest> of(const std::string& path) {
    if (Digest promised = digest_in_config_name(path); !promised.empty()) return promised;
    if (const auto known = known_.find(path); known != known_.end()) return known->second;
    if (known_.size() == limits_.max_documents) return fail(limit_passed(limits_, &ImageLimits::max_documents));
    TRY_ASSIGN(const auto config, read_config(files_, path, limits_));
    return known_.emplace(path, config.digest).first->second;
  }

 private:
  const FileStore& files_;
  const ImageLimits& limits_;
  std::map<std::string, Digest> known_;
};

Result<bool> is_chosen(const Entry& entry, size_t position, const Selector& selector, ConfigDigests& configs) {
  if (selector.position && *selector.position != position) return false;
  if (!selector.name.empty() &&
      std::ranges::none_of(entry.repo_tags, [&](const std::string& tag) { return selector.names(tag); })) {
    return false;
  }
  if (selector.digest.empty()) return true;
  TRY_ASSIGN(const Digest digest, configs.of(entry.config));
  return digest == selector.digest;
}

Result<Entry> choose_entry(const FileStore& files, const Selector& selector, const ImageLimits& limits) {
  TRY_ASSIGN(auto entries, read_entries(files, limits));
  std::vector<size_t> chosen;
  std::vector<std::string> labels;
  ConfigDigests configs(files, limits);
  for (size_t i = 0; i < entries.size(); ++i) {
    TRY_ASSIGN(const bool fits, is_chosen(entries[i], i, selector, configs));
    if (fits) chosen.push_back(i);
    labels.push_back(label_of(entries[i], i));
  }
  if (chosen.empty()) return fail(choose_one(files.name(), "docker-archive", selector, labels));
  if (chosen.size() > 1) return fail(choose_one(files.name(), "docker-archive", {}, labels));
  return std::move(entries[chosen.front()]);
}

Result<Layer> make_layer(const std::shared_ptr<const FileStore>& files, const Entry& entry, size_t number,
                         const Digest& diff_id) {
  const std::string& path = entry.layers[number];
  Layer layer;
  layer.diff_id = diff_id;
  TRY_ASSIGN(const auto file, files->find(path));
  if (!file) {
    if (std::ranges::find(entry.foreign_diff_ids, diff_id.to_string()) == entry.foreign_diff_ids.end()) {
      return fail(Code::kNotFound, fmt::format("holds no {}", printable(path)),
                  "the archive is incomplete: save the image again");
    }
    layer.kind = Layer::Kind::kForeign;
    return layer;
  }
  layer.entry_name = file->path;
  layer.descriptor.size = file->size;
  layer.descriptor.digest = digest_of_blob_path(file->path);
  if (files->reads_once()) return layer;
  layer.open = [files, path = file->path, descriptor = layer.descriptor]() -> Result<std::unique_ptr<BlockSource>> {
    TRY_ASSIGN(auto source, files->open(path));
    if (descriptor.digest.empty()) return source;
    return make_verifying_source(std::move(source), descriptor.digest, descriptor.size,
                                 fmt::format("layer {}", printable(path)));
  };
  return layer;
}

Status require_platform(const ImageConfig& config, const OpenOptions& options) {
  if (!options.platform || platform_distance(*options.platform, config.platform)) return {};
  return fail(Code::kNotFound, fmt::format("there is no image for {}, only for {}", options.platform->to_string(),
                                           printable(config.platform.to_string())));
}

Result<Image> open_named(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                         const OpenOptions& options) {
  TRY_ASSIGN(Entry entry, choose_entry(*files, selector, options.limits));
  TRY_ASSIGN(const auto config, read_config(*files, entry.config, options.limits));
  Image image;
  image.config_digest = config.digest;
  TRY_CONTEXT(image.config, parse_config(config.bytes, options.limits), printable(entry.config));
  TRY(require_platform(image.config, options));
  TRY(require_layer_count(image.config, entry.layers.size()));
  auto instructions = created_by_of_layers(image.config);
  for (size_t i = 0; i < entry.layers.size(); ++i) {
    TRY_CONTEXT(Layer layer, make_layer(files, entry, i, image.config.diff_ids[i]),
                fmt::format("layer {} of {}", i + 1, entry.layers.size()));
    layer.created_by = std::move(instructions[i]);
    image.layers.push_back(std::move(layer));
  }
  image.repo_tags = std::move(entry.repo_tags);
  image.keep_alive = std::const_pointer_cast<FileStore>(files);
  return image;
}

}  // namespace

Result<bool> is_docker_archive(const FileStore& files) {
  TRY_ASSIGN(const auto manifest, files.find(kManifestFile));
  if (manifest) return true;
  TRY_ASSIGN(const auto repositories, files.find(kRepositoriesFile));
  if (!repositories) return false;
  return fail(Code::kUnsupported, "was written by Docker before 1.10: it has no manifest.json",
              "load it into a current Docker Engine and save it again");
}

Result<Image> open_docker_archive(const std::shared_ptr<const FileStore>& files, const Selector& selector,
                                  const OpenOptions& options) {
  auto image = open_named(files, selector, options);
  if (!image) return std::unexpected(std::move(image).error().with_context(files->name()));
  return image;
}

}  // namespace bulkhead::oci
