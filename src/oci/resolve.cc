#include "oci/resolve.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "oci/manifest.h"

namespace bulkhead::oci {
namespace {

// A manifest and its configuration, verified and parsed.
struct Loaded {
  Manifest manifest;
  ImageConfig config;
};

// A manifest that may be the image, and the outermost index that led to it.
struct Candidate {
  Descriptor descriptor;
  Digest index_digest;
  size_t root = 0;               // which of the roots led to it
  std::string bytes;             // when read already
  std::optional<Loaded> loaded;  // the only candidate's, when it was read to learn its platform
};

class Resolver {
 public:
  Resolver(std::shared_ptr<const BlobStore> store, const OpenOptions& options)
      : store_(std::move(store)), options_(options) {}

  Result<Image> run(std::vector<Root> roots) {
    for (root_ = 0; root_ < roots.size(); ++root_) TRY(expand(std::move(roots[root_]), Digest(), 0));
    TRY_ASSIGN(Candidate chosen, choose());
    TRY_ASSIGN(Loaded loaded, load(chosen));
    return assemble(std::move(chosen), std::move(loaded));
  }

 private:
  Result<std::string> read_document(const Descriptor& descriptor) {
    if (documents_++ >= options_.limits.max_documents) {
      return fail(limit_passed(options_.limits, &ImageLimits::max_documents));
    }
    const std::string what = fmt::format("manifest {}", descriptor.digest.to_string());
    TRY(require_size(descriptor, &ImageLimits::max_manifest_bytes, what));
    TRY_ASSIGN(auto source, store_->open_manifest(descriptor));
    return read_verified(std::move(source), descriptor, options_.limits.max_manifest_bytes, what);
  }

  // Before it is read: more than the promised size is never read.
  Status require_size(const Descriptor& descriptor, uint64_t ImageLimits::* limit, const std::string& what) const {
    if (descriptor.size <= options_.limits.*limit) return {};
    return fail(limit_passed(options_.limits, limit).with_context(what));
  }

  // Adds the manifests that `root` leads to, in the order in which they are listed.
  Status expand(Root root, const Digest& index_digest, uint32_t depth) {
    if (candidates_.size() + skipped_ >= options_.limits.max_manifests) {
      return fail(limit_passed(options_.limits, &ImageLimits::max_manifests));
    }
    if (is_not_an_image(root.descriptor)) {
      ++skipped_;
      return {};
    }
    // A manifest is not read before it is chosen: a copy may lack those of other platforms. The outermost document may
    // be anything.
    const std::string& type = root.descriptor.media_type;
    if (root.bytes.empty() && (is_manifest_type(type) || (depth > 0 && !is_index_type(type)))) {
      candidates_.push_back({std::move(root.descriptor), index_digest, root_, {}, {}});
      return {};
    }
    if (root.bytes.empty()) {
      TRY_ASSIGN(root.bytes, read_document(root.descriptor));
    }
    TRY_CONTEXT(auto document, parse_manifest(root.bytes, root.descriptor.media_type, options_.limits),
                fmt::format("manifest {}", root.descriptor.digest.to_string()));
    if (std::holds_alternative<Manifest>(document)) {
      candidates_.push_back({std::move(root.descriptor), index_digest, root_, std::move(root.bytes), {}});
      return {};
    }
    if (depth >= options_.limits.max_index_depth) {
      return fail(limit_passed(options_.limits, &ImageLimits::max_index_depth));
    }
    const Digest& outermost = index_digest.empty() ? root.descriptor.digest : index_digest;
    for (Descriptor& entry : std::get<Index>(document).manifests) {
      TRY(expand({std::move(entry), {}}, outermost, depth + 1));
    }
    return {};
  }

  Result<Candidate> choose() {
    if (candidates_.empty()) {
      return fail(Code::kUnsupported, skipped_ == 0 ? "holds no image: its index is empty"
                                                    : "holds no image, only attestations or other artifacts");
    }
    const bool asked = options_.platform.has_value();
    if (!asked && candidates_.size() == 1) return std::move(candidates_.front());
    const Platform wanted = asked ? *options_.platform : Platform::host();
    std::optional<size_t> best = closest(wanted);
    if (!best || has_rival_of_unknown_platform(*best)) {
      TRY(learn_platforms());
      best = closest(wanted);
    }
    if (!best && !asked && all_of_one_platform()) best = 0;
    if (!best) return fail(no_such_platform(wanted));
    TRY(require_no_rival(*best));
    return std::move(candidates_[*best]);
  }

  // Entries of one index are one image for several platforms, and the first that serves counts. Roots are not: two of
  // them for one platform are two images.
  bool is_rival(const Candidate& other, const Candidate& chosen) const {
    return other.root != chosen.root && other.descriptor.digest != chosen.descriptor.digest;
  }

  bool has_rival_of_unknown_platform(size_t chosen) const {
    return std::ranges::any_of(candidates_, [&](const Candidate& other) {
      return !other.descriptor.platform && is_rival(other, candidates_[chosen]);
    });
  }

  Status require_no_rival(size_t chosen) const {
    const auto& platform = candidates_[chosen].descriptor.platform;
    std::vector<std::string> equals;
    for (const Candidate& other : candidates_) {
      const bool serves_alike = &other == &candidates_[chosen] ||
                                (is_rival(other, candidates_[chosen]) && other.descriptor.platform == platform);
      if (serves_alike) equals.push_back('@' + other.descriptor.digest.to_string());
    }
    if (equals.size() < 2) return {};
    return fail(Code::kInvalidArgument,
                fmt::format("holds several images for {}: {}",
                            platform ? printable(platform->to_string()) : "one platform", fmt::join(equals, ", ")),
                fmt::format("choose one by writing its digest behind the path: PATH{}", equals.front()));
  }

  // Entries of an index need not say their platform; the configuration does. What turns out to be no image is dropped.
  Status learn_platforms() {
    std::optional<Error> no_image;
    std::vector<Candidate> images;
    for (Candidate& candidate : candidates_) {
      if (!candidate.descriptor.platform) {
        auto loaded = load(candidate);
        if (!loaded && loaded.error().code() != Code::kUnsupported) return std::unexpected(std::move(loaded).error());
        if (!loaded) {
          no_image = std::move(loaded).error();
          continue;
        }
        candidate.descriptor.platform = loaded->config.platform;
        if (candidates_.size() == 1) candidate.loaded = *std::move(loaded);
      }
      images.push_back(std::move(candidate));
    }
    candidates_ = std::move(images);
    if (candidates_.empty()) return fail(*std::move(no_image));
    return {};
  }

  bool all_of_one_platform() const {
    return std::ranges::all_of(candidates_, [this](const Candidate& candidate) {
      return candidate.descriptor.platform == candidates_.front().descriptor.platform;
    });
  }

  // The first of the candidates that serve the wish best, by what the index says of them.
  std::optional<size_t> closest(const Platform& wanted) const {
    std::optional<size_t> best;
    uint32_t best_distance = 0;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      const auto& platform = candidates_[i].descriptor.platform;
      const auto distance = platform ? platform_distance(wanted, *platform) : std::nullopt;
      if (!distance || (best && *distance >= best_distance)) continue;
      best = i;
      best_distance = *distance;
    }
    return best;
  }

  Error no_such_platform(const Platform& wanted) const {
    std::set<std::string> there;
    for (const Candidate& candidate : candidates_) {
      if (candidate.descriptor.platform) there.insert(printable(candidate.descriptor.platform->to_string()));
    }
    return {Code::kNotFound,
            fmt::format("there is no image for {}, only for {}", wanted.to_string(), fmt::join(there, ", ")),
            "choose one of them with --platform"};
  }

  Result<Loaded> load(Candidate& candidate) {
    if (candidate.loaded) return *std::move(candidate.loaded);
    const std::string what = fmt::format("manifest {}", candidate.descriptor.digest.to_string());
    if (candidate.bytes.empty()) {
      TRY_ASSIGN(candidate.bytes, read_document(candidate.descriptor));
    }
    TRY_CONTEXT(auto document, parse_manifest(candidate.bytes, candidate.descriptor.media_type, options_.limits), what);
    auto* const manifest = std::get_if<Manifest>(&document);
    if (manifest == nullptr)
      return fail(Code::kMalformed, what + ": is an index, although its descriptor says otherwise");
    TRY(require_image(*manifest));
    const Descriptor& descriptor = manifest->config;
    const std::string config_name = fmt::format("configuration {}", descriptor.digest.to_string());
    TRY(require_size(descriptor, &ImageLimits::max_config_bytes, config_name));
    TRY_ASSIGN(auto source, store_->open_config(descriptor));
    TRY_ASSIGN(const std::string bytes,
               read_verified(std::move(source), descriptor, options_.limits.max_config_bytes, config_name));
    TRY_CONTEXT(ImageConfig config, parse_config(bytes, options_.limits), config_name);
    if (config.platform.os.empty() && config.platform.architecture.empty() && candidate.descriptor.platform) {
      config.platform = *candidate.descriptor.platform;
    }
    return Loaded{std::move(*manifest), std::move(config)};
  }

  Result<Image> assemble(Candidate chosen, Loaded loaded) {
    Manifest& manifest = loaded.manifest;
    Image image;
    image.manifest_digest = chosen.descriptor.digest;
    image.index_digest = chosen.index_digest;
    image.config_digest = manifest.config.digest;
    image.manifest = std::move(chosen.descriptor);
    image.manifest.media_type = manifest.media_type;
    image.manifest.size = chosen.bytes.size();
    image.manifest.annotations = std::move(manifest.annotations);
    image.config = std::move(loaded.config);
    TRY(require_layer_count(image.config, manifest.layers.size()));
    auto instructions = created_by_of_layers(image.config);
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      TRY_CONTEXT(Layer layer, make_layer(std::move(manifest.layers[i])),
                  fmt::format("layer {} of {}", i + 1, manifest.layers.size()));
      layer.diff_id = image.config.diff_ids[i];
      layer.created_by = std::move(instructions[i]);
      image.layers.push_back(std::move(layer));
    }
    image.keep_alive = std::const_pointer_cast<BlobStore>(store_);
    return image;
  }

  Result<Layer> make_layer(Descriptor descriptor) {
    Layer layer;
    layer.kind = layer_kind(descriptor.media_type);
    TRY_ASSIGN(const bool there, store_->has_layer(descriptor, layer.kind));
    if (there) {
      // A copy of a non-distributable layer that is here all the same reads like any other.
      layer.kind = Layer::Kind::kArchive;
      layer.entry_name = store_->entry_name(descriptor);
      if (!store_->reads_once()) layer.open = opener(descriptor);
    } else if (layer.kind != Layer::Kind::kForeign) {
      return fail(Code::kNotFound, fmt::format("blob {} is missing", descriptor.digest.to_string()),
                  "the image is incomplete: copy or pull it again");
    }
    layer.descriptor = std::move(descriptor);
    return layer;
  }

  std::function<Result<std::unique_ptr<BlockSource>>()> opener(const Descriptor& descriptor) const {
    return [store = store_, descriptor]() -> Result<std::unique_ptr<BlockSource>> {
      TRY_ASSIGN(auto source, store->open_blob(descriptor));
      return make_verifying_source(std::move(source), descriptor.digest, descriptor.size,
                                   fmt::format("layer {}", descriptor.digest.to_string()));
    };
  }

  std::shared_ptr<const BlobStore> store_;
  const OpenOptions& options_;
  std::vector<Candidate> candidates_;
  size_t root_ = 0;  // whose candidates are added
  uint32_t documents_ = 0;
  uint32_t skipped_ = 0;
};

}  // namespace

Result<Image> resolve_image(std::shared_ptr<const BlobStore> store, std::vector<Root> roots,
                            const OpenOptions& options) {
  return Resolver(std::move(store), options).run(std::move(roots));
}

Result<std::string> read_verified(std::unique_ptr<BlockSource> source, const Descriptor& descriptor, uint64_t max_bytes,
                                  std::string_view what) {
  if (descriptor.size > max_bytes) {
    return fail(Code::kLimitExceeded,
                fmt::format("{} is {} bytes large, more than {}", what, descriptor.size, max_bytes));
  }
  auto verified = make_verifying_source(std::move(source), descriptor.digest, descriptor.size, std::string(what));
  return read_all(*verified, max_bytes, what);
}

Status require_layer_count(const ImageConfig& config, size_t count) {
  if (config.diff_ids.size() == count) return {};
  return fail(Code::kMalformed,
              fmt::format("the image has {} layers, but its configuration lists {}", count, config.diff_ids.size()));
}

}  // namespace bulkhead::oci
