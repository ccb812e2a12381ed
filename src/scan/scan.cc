#include "scan/scan.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feed_state.h"
#include "advisory/freshness.h"
#include "base/mapping_guard.h"
#include "base/text.h"
#include "inventory/cataloger.h"
#include "inventory/end_of_life.h"
#include "inventory/purl.h"
#include "oci/reference.h"
#include "oci/remembered_image.h"

namespace bulkhead::scan {
namespace {

struct Read {
  oci::Image image;
  layer::MergedImage merged;
};

using FactsPointer = std::shared_ptr<const layer::LayerFacts>;
using LayerList = std::vector<FactsPointer>;

// Takes layers as a one-pass archive brings them: each is analysed before anyone knows whether the image has it. So all
// images of the archive share the limits of one.
class AnalysingVisitor final : public oci::LayerVisitor {
 public:
  AnalysingVisitor(const layer::AnalyserSet& analysers, const layer::AnalyseOptions& options)
      : analysers_(analysers),
        options_(options),
        budget_(options.limits,
                "if the archive holds other images, too, save it to a file: of a stream all of them count") {
    options_.budget = &budget_;
  }

  Status visit(const std::string& entry_name, const Digest& digest, BlockSource& bytes) override {
    TRY_ASSIGN(facts_[entry_name], facts_of(digest, bytes));
    return {};
  }

  // The facts of the image's layers, once it is known which they are; each must be what the configuration promises.
  Result<LayerList> layers_of(const oci::Image& image) const {
    LayerList layers;
    for (const oci::Layer& layer : image.layers) {
      if (layer.kind == oci::Layer::Kind::kForeign) {
        layers.push_back(nullptr);
        continue;
      }
      const auto found = facts_.find(layer.entry_name);
      if (found == facts_.end()) return fail(Code::kInternal, fmt::format("layer {} was not read", layer.entry_name));
      if (!layer.diff_id.empty() && found->second->diff_id != layer.diff_id) {
        return fail(Code::kVerificationFailed,
                    fmt::format("layer {}: its contents have the digest {}, but the configuration promises {}",
                                layer.entry_name, found->second->diff_id.to_string(), layer.diff_id.to_string()),
                    "the archive is damaged or was tampered with: save or pull the image again");
      }
      layers.push_back(found->second);
    }
    return layers;
  }

 private:
  // The walk wants to own its source; this one belongs to the archive.
  class Borrowed final : public BlockSource {
   public:
    explicit Borrowed(BlockSource& inner) : inner_(inner) {}
    Result<ByteSpan> next() override { return inner_.next(); }

   private:
    BlockSource& inner_;
  };

  Result<FactsPointer> facts_of(const Digest& digest, BlockSource& bytes) {
    if (auto known = known_facts(digest)) return *known;
    const layer::LayerPromise promise{.stored_digest = digest, .diff_id = {}, .stored_is_verified = !digest.empty()};
    TRY_ASSIGN(layer::LayerFacts facts,
               layer::analyse_layer(std::make_unique<Borrowed>(bytes), promise, analysers_, options_));
    if (const auto same = by_diff_id_.find(facts.diff_id); same != by_diff_id_.end()) {
      budget_.give_back(facts.cost);  // one layer under two names
      return same->second;
    }
    return keep(std::move(facts));
  }

  // Of a blob that is a plain tar the digest is its diff-id: what the cache has about it needs no second walk. The
  // archive verifies that the bytes have that digest.
  std::optional<Result<FactsPointer>> known_facts(const Digest& digest) {
    if (digest.empty()) return std::nullopt;
    if (const auto same = by_diff_id_.find(digest); same != by_diff_id_.end()) return same->second;
    if (options_.cache == nullptr) return std::nullopt;
    auto facts = options_.cache->load(digest, analysers_);
    if (!facts) return std::nullopt;
    if (auto taken = budget_.take(facts->cost); !taken) return fail(std::move(taken).error());
    return keep(*std::move(facts));
  }

  FactsPointer keep(layer::LayerFacts facts) {
    auto kept = std::make_shared<const layer::LayerFacts>(std::move(facts));
    by_diff_id_.emplace(kept->diff_id, kept);
    return kept;
  }

  const layer::AnalyserSet& analysers_;
  layer::AnalyseOptions options_;
  layer::ImageBudget budget_;
  std::map<std::string, FactsPointer> facts_;  // by entry
  std::unordered_map<Digest, FactsPointer> by_diff_id_;
};

Result<Read> merge(oci::Image image, const LayerList& layers, const layer::AnalyserSet& analysers,
                   const layer::AnalyseOptions& options) {
  TRY_ASSIGN(layer::MergedImage merged, layer::MergedImage::merge(layers, analysers, options.limits, options.stop));
  TRY(merged.require_complete());
  return Read{std::move(image), std::move(merged)};
}

// A cache that cannot be written costs time, not correctness: nothing here fails.
void remember(const oci::Image& image, const std::optional<oci::ImagePreview>& preview, const LayerList& layers,
              const layer::AnalyserSet& analysers, const layer::Cache& cache) {
  std::unordered_set<Digest> stored;
  for (const auto& facts : layers) {
    if (facts == nullptr || !stored.insert(facts->diff_id).second || cache.holds(facts->diff_id, analysers)) continue;
    (void)cache.store(*facts, analysers);
  }
  if (preview) (void)cache.store_image(preview->identifier, oci::encode_image(image));
  (void)cache.trim();
}

// The image that the source says it is, when the cache has it and every layer of it.
std::optional<std::pair<oci::Image, LayerList>> recall(const oci::ImagePreview& preview,
                                                       const layer::AnalyserSet& analysers,
                                                       const layer::AnalyseOptions& options) {
  const layer::Cache& cache = *options.cache;
  const auto encoded = cache.load_image(preview.identifier);
  if (!encoded) return std::nullopt;
  auto image = oci::decode_image(as_bytes(*encoded), oci::ImageLimits());
  if (!image || image->config.diff_ids != preview.diff_ids) return std::nullopt;
  LayerList layers;
  layer::ImageBudget budget(options.limits);
  std::unordered_map<Digest, FactsPointer> known;
  for (const oci::Layer& layer : image->layers) {
    layers.push_back(nullptr);
    if (layer.kind == oci::Layer::Kind::kForeign) continue;
    FactsPointer& facts = known[layer.diff_id];
    if (facts == nullptr) {
      auto cached = cache.load(layer.diff_id, analysers);
      // Past a limit, too: the image is read then, and the error is the same as of one that is not known.
      if (!cached || !budget.take(cached->cost)) return std::nullopt;
      facts = std::make_shared<const layer::LayerFacts>(*std::move(cached));
    }
    layers.back() = facts;
  }
  image->reference = preview.reference;
  image->repo_tags = preview.repo_tags;
  image->from_repository = preview.from_repository;
  return std::pair(*std::move(image), std::move(layers));
}

Result<Read> read_sequentially(oci::SequentialImage& sequential, const layer::AnalyserSet& analysers,
                               const layer::AnalyseOptions& options) {
  const auto preview = options.cache == nullptr ? std::nullopt : sequential.preview();
  if (preview) {
    if (auto known = recall(*preview, analysers, options)) {
      return merge(std::move(known->first), known->second, analysers, options);
    }
  }
  AnalysingVisitor visitor(analysers, options);
  TRY_ASSIGN(oci::Image image, sequential.read(visitor));
  TRY_ASSIGN(const LayerList layers, visitor.layers_of(image));
  if (options.cache != nullptr) remember(image, preview, layers, analysers, *options.cache);
  return merge(std::move(image), layers, analysers, options);
}

Result<Read> read_layers(oci::OpenedImage opened, const layer::AnalyserSet& analysers,
                         const layer::AnalyseOptions& options) {
  if (auto* image = std::get_if<oci::Image>(&opened)) {
    TRY_ASSIGN(layer::MergedImage merged, layer::analyse_image(*image, analysers, options));
    return Read{std::move(*image), std::move(merged)};
  }
  return read_sequentially(*std::get<std::unique_ptr<oci::SequentialImage>>(opened), analysers, options);
}

// Where else the image can be had: a name that a registry or an engine knows it by, but no path and no identifier.
void add_repository(ImageInfo& info, const oci::Image& image) {
  if (!image.from_repository) return;
  std::string_view text = image.reference;
  for (const std::string_view scheme : {"registry:", "docker:", "podman:"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    break;
  }
  const auto reference = oci::Reference::parse_any(text);
  if (!reference || reference->repository.empty()) return;
  info.repository = reference->name();
  info.tag = reference->tag;
}

ImageInfo describe(const oci::Image& image) {
  ImageInfo info;
  info.reference = image.reference;
  add_repository(info, image);
  info.digest = image.manifest_digest.empty() ? image.config_digest : image.manifest_digest;
  info.config_digest = image.config_digest;
  info.index_digest = image.index_digest;
  info.media_type = image.manifest.media_type;
  const oci::Platform& platform = image.config.platform;
  if (!platform.os.empty() || !platform.architecture.empty()) info.platform = platform.to_string();
  info.architecture = platform.architecture;
  info.created = image.config.created;
  info.repo_tags = image.repo_tags;
  info.config = image.config;
  for (const oci::Layer& layer : image.layers) {
    info.layers.push_back({.digest = layer.descriptor.digest,
                           .diff_id = layer.diff_id,
                           .size = layer.descriptor.size,
                           .media_type = layer.descriptor.media_type,
                           .created_by = layer.created_by,
                           .skipped = layer.kind == oci::Layer::Kind::kForeign});
  }
  return info;
}

void add_end_of_life(ScanResult& result, std::string_view now) {
  const auto end = inventory::end_of_life(result.image.os);
  if (!end) return;
  const auto reached = [&](const std::string& date) {
    return !date.empty() && !now.empty() && date < now.substr(0, 10);
  };
  result.image.end_of_life = EndOfLife{.date = end->date,
                                       .reached = reached(end->date),
                                       .extended = end->extended,
                                       .extended_name = end->extended_name,
                                       .extended_reached = reached(end->extended)};
}

// Of all feeds, not only of those that an image met: two images are judged by one database of one date.
std::string newest_date(const advisory::Database& database) {
  std::string_view newest;
  for (size_t i = 0; i < database.feeds(); ++i) newest = advisory::later_date(newest, database.feed(i).date);
  return std::string(newest);
}

// In one line: what they tell is about the same findings, and one update brings them all.
void warn_about_missing_feeds_of_ids(ScanResult& result) {
  std::string names;
  std::string lacking;
  for (const advisory::FeedState& state : result.feeds) {
    const std::string_view lack = advisory::lacking_without(state);
    if (!state.missing || lack.empty()) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", state.name);
    lacking += fmt::format("{}{}", lacking.empty() ? "" : ", ", lack);
  }
  if (names.empty()) return;
  result.warnings.push_back({names, fmt::format("not in the database, or only in part: findings lack {}; get them with "
                                                "`bulkhead db update`",
                                                lacking)});
}

void warn_about_feeds(ScanResult& result) {
  warn_about_missing_feeds_of_ids(result);
  for (const advisory::FeedState& feed : result.feeds) {
    if (feed.missing && feed.name == feed.ecosystem) {
      const inventory::OperatingSystem& os = result.image.os;
      const bool can_be_fetched = advisory::ecosystem_key_of_text(feed.ecosystem).has_value();
      const bool has_release = !os.version_id.empty() || !os.codename.empty();
      result.warnings.push_back(
          {feed.ecosystem,
           can_be_fetched ? fmt::format("no feed in the database covers this: its packages could not be matched; get "
                                        "one with `bulkhead db update --distribution {}`",
                                        feed.ecosystem)
           : has_release
               ? "no publisher of advisories is known for this: its packages could not be matched"
               : "nothing in the image names the release: its packages could not be matched; name it in the image's "
                 "etc/os-release with VERSION_ID=, and scan again"});
      continue;
    }
    if (!feed.incomplete.empty()) {
      result.warnings.push_back(
          {feed.name, fmt::format("the feed is incomplete{}: {}; what else its publisher says is missing, get it with "
                                  "`bulkhead db update`",
                                  feed.ecosystem.empty() ? "" : " for " + feed.ecosystem, feed.incomplete)});
    }
    if (feed.missing) {
      if (!advisory::lacking_without(feed).empty()) continue;  // told above
      result.warnings.push_back(
          {feed.name,
           "this feed, or a part of it, is not in the database: what it would say is missing; get "
           "it with `bulkhead db update`"});
    } else if (feed.stale) {
      const std::string age = feed.age_days ? fmt::format("{} days old", *feed.age_days) : "of unknown age";
      result.warnings.push_back(
          {feed.name, fmt::format("the feed is {}: newer vulnerabilities are missing; get them with "
                                  "`bulkhead db update`",
                                  age)});
    }
  }
}

// What the image itself tells of how it is to be matched.
advisory::MatchOptions match_options(const ScanResult& facts, const Options& options) {
  advisory::MatchOptions match = options.match;
  for (const LayerInfo& layer : facts.image.layers) match.layer_repositories.push_back(layer.repositories);
  return match;
}

}  // namespace

Result<ScanResult> take_facts(oci::OpenedImage opened, const Options& options) {
  const std::vector<const layer::Analyser*> wanted = inventory::inventory_analysers();
  TRY_ASSIGN(const layer::AnalyserSet analysers, layer::AnalyserSet::create(wanted));
  TRY_ASSIGN(const Read read, read_layers(std::move(opened), analysers, options.analyse));
  TRY_ASSIGN(inventory::Inventory inventory, inventory::take_inventory(read.merged));
  TRY(inventory::load_files_of_owners(read.merged, inventory));

  ScanResult result;
  result.image = describe(read.image);
  result.image.os = std::move(inventory.os);
  add_end_of_life(result, options.match.now);
  result.packages = std::move(inventory.packages);
  const size_t told = std::min(inventory.layer_repositories.size(), result.image.layers.size());
  for (size_t i = 0; i < told; ++i) {
    result.image.layers[i].repositories = std::move(inventory.layer_repositories[i]);
  }
  for (const inventory::Package& package : result.packages) {
    result.purls.push_back(inventory::package_purl(package, result.image.os));
  }
  for (inventory::Diagnostic& diagnostic : inventory.diagnostics) {
    result.warnings.push_back({std::move(diagnostic.path), std::move(diagnostic.message)});
  }
  for (const LayerInfo& layer : result.image.layers) {
    if (!layer.skipped) continue;
    result.warnings.push_back(
        {layer.digest.to_string(), "this layer is stored elsewhere and was not read: its packages are unknown"});
  }
  for (const std::string& text : read.merged.warnings()) result.warnings.push_back({"", text});
  if (result.image.os.known() && result.packages.empty()) {
    result.warnings.push_back({"",
                               "the distribution is known, but no installed package was found in any package database: "
                               "nothing can be said about vulnerabilities"});
  }
  if (!result.image.os.known()) {
    result.warnings.push_back(
        {"", result.packages.empty()
                 ? "no distribution and no package database was found: nothing can be said about vulnerabilities"
                 : "the distribution is unknown: its packages could not be matched"});
  }
  return result;
}

Status assess(ScanResult& result, const Options& options) {
  if (options.database == nullptr) return {};
  advisory::MatchResult matched =
      advisory::match(result.packages, result.image.os, *options.database, match_options(result, options));
  result.findings = std::move(matched.findings);
  result.suppressed = std::move(matched.suppressed);
  result.feeds = std::move(matched.feeds);
  result.not_judged = std::move(matched.not_judged);
  result.database_is_snapshot = options.database_is_snapshot;
  result.database_date = newest_date(*options.database);
  result.database_sha256 = options.database->checksum();
  if (options.database_is_snapshot) {
    result.warnings.push_back(
        {"", fmt::format("advisories are from the snapshot of {} that came with the program; update with "
                         "`bulkhead db update`",
                         result.database_date.substr(0, 10))});
  }
  warn_about_feeds(result);
  for (const advisory::MatchNote& note : matched.notes) {
    result.warnings.push_back({note.package ? result.purls[*note.package] : "", note.text});
  }
  sort_findings(result);
  return check_mapping(options.database->bytes());
}

Result<std::string> explain(std::span<const std::string> ids, const ScanResult& result, const Options& options) {
  if (options.database == nullptr) return std::string();
  std::vector<std::string> labels;
  for (const inventory::Package& package : result.packages)
    labels.push_back(fmt::format("{} {}", package.name, package.version));
  const advisory::MatchOptions match = match_options(result, options);
  std::string text;
  for (const std::string& id : ids) {
    for (const advisory::Explanation& explanation :
         advisory::explain(id, result.packages, result.image.os, *options.database, match)) {
      if (!text.empty()) text += '\n';
      text += advisory::explanation_text(explanation, labels);
    }
  }
  if (!result.warnings.empty()) text += '\n';
  for (const Warning& warning : result.warnings) {
    text += fmt::format("warning: {}\n", printable(warning_text(warning)));
  }
  TRY(check_mapping(options.database->bytes()));
  return text;
}

}  // namespace bulkhead::scan
