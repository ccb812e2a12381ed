#include "inventory/rpm/repository_cataloger.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "inventory/rpm/content_manifest.h"

namespace bulkhead::inventory {
namespace {

constexpr uint64_t kMaxBytes = rpm::ContentManifestLimits().max_bytes;
constexpr std::array<layer::WantedPath, 3> kManifests{{
    {"root/buildinfo/content_manifests/*.json", kMaxBytes},
    {"usr/share/buildinfo/content_manifests/*.json", kMaxBytes},
    {"usr/share/buildinfo/*.json", kMaxBytes},
}};

class ContentManifestAnalyser final : public layer::Analyser {
 public:
  std::string_view name() const override { return "redhat-content-manifest"; }
  uint32_t version() const override { return 1; }
  std::span<const layer::WantedPath> wants() const override { return kManifests; }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    TRY_ASSIGN(const auto manifest, rpm::read_content_manifest(as_text(content)));
    return manifest ? rpm::encode_content_manifest(*manifest) : std::string();
  }
};

const ContentManifestAnalyser kAnalyser;
constexpr std::array<const layer::Analyser*, 1> kAnalysers{&kAnalyser};

// What the manifests of one layer say together: several lie in one where images were squashed.
using OfLayer = std::optional<rpm::ContentManifest>;

// Nothing is what an incomplete one tells: its list is not to be relied on.
void add(OfLayer& layer, rpm::ContentManifest manifest) {
  if (manifest.repositories.empty() && !manifest.incomplete) return;
  if (!layer) layer.emplace();
  layer->incomplete = layer->incomplete || manifest.incomplete;
  std::ranges::move(manifest.repositories, std::back_inserter(layer->repositories));
}

void share(std::vector<OfLayer>& layers) {
  const auto pass = [](const auto& begin, const auto& end) {
    const OfLayer* last = nullptr;
    for (auto layer = begin; layer != end; ++layer) {
      if (!*layer && last != nullptr) *layer = *last;
      if (*layer) last = &*layer;
    }
  };
  pass(layers.begin(), layers.end());
  pass(layers.rbegin(), layers.rend());
}

class RepositoryCataloger final : public Cataloger {
 public:
  std::string_view name() const override { return "Red Hat repository"; }
  std::span<const layer::Analyser* const> analysers() const override { return kAnalysers; }

  Status collect(const layer::MergedImage& image, Inventory& inventory) const override {
    if (inventory.os.id != "rhel") return {};  // nobody else's packages are judged by it, and root/ may be closed to us
    std::vector<OfLayer> layers(image.layer_count());
    for (const layer::FileFact* fact : image.history(kAnalyser.name())) {
      if (fact->layer >= layers.size()) continue;
      auto manifest = fact->error.empty() ? rpm::decode_content_manifest(as_bytes(fact->value))
                                          : fail(Code::kMalformed, fact->error);
      if (!manifest) {
        inventory.diagnostics.push_back(
            {.path = fact->path,
             .message =
                 fmt::format("{}: which of Red Hat's repositories this layer's packages are from is unknown, and "
                             "they are judged by the release's main streams",
                             manifest.error().message())});
        manifest = rpm::ContentManifest{.repositories = {}, .incomplete = true};
      }
      add(layers[fact->layer], *std::move(manifest));
    }
    share(layers);
    inventory.layer_repositories.resize(layers.size());
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!layers[i] || layers[i]->incomplete) continue;
      std::vector<std::string>& names = inventory.layer_repositories[i];
      names = std::move(layers[i]->repositories);
      std::ranges::sort(names);
      const auto repeated = std::ranges::unique(names);
      names.erase(repeated.begin(), repeated.end());
    }
    return {};
  }
};

const RepositoryCataloger kRepositoryCataloger;

}  // namespace

const Cataloger& repository_cataloger() {
  return kRepositoryCataloger;
}

}  // namespace bulkhead::inventory
