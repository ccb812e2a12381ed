#include "layer/analyse.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "archive/tar_reader.h"
#include "base/text.h"
#include "layer/layer_stream.h"
#include "layer/layer_walk.h"

namespace bulkhead::layer {
namespace {

// Walks again for wanted files that only the merge shows. One such walk is rare; chains of links that need several are
// not seen outside of tests.
constexpr int kMaxRounds = 8;

// A layer that is walked once, however often it occurs in the image.
struct Job {
  const oci::Layer* layer = nullptr;
  size_t index = 0;                       // of its first occurrence in the image
  std::vector<const oci::Layer*> others;  // stored as other bytes, with the same diff-id as the image claims
  std::set<ExtraWant> extras;
  std::shared_ptr<const LayerFacts> facts;
  bool needs_walk = true;
};

struct OpenedLayer {
  std::unique_ptr<BlockSource> stored;
  LayerPromise promise;
};

// For error messages: what the user can find again in the manifest.
std::string describe(const Job& job) {
  if (job.layer->kind == oci::Layer::Kind::kDirectory) return job.layer->directory;
  const Digest& digest = job.layer->descriptor.digest.empty() ? job.layer->diff_id : job.layer->descriptor.digest;
  return fmt::format("layer {} ({})", job.index + 1, digest.to_string());
}

Result<OpenedLayer> open(const oci::Layer& layer) {
  TRY_ASSIGN(auto stored, layer.open());
  return OpenedLayer{.stored = std::move(stored),
                     .promise = {.stored_digest = layer.descriptor.digest,
                                 .diff_id = layer.diff_id,
                                 .stored_is_verified = !layer.descriptor.digest.empty(),
                                 .stored_bytes = layer.descriptor.size}};
}

struct LayerDigests {
  Digest stored;
  uint64_t stored_bytes = 0;
  Digest diff_id;
  uint64_t inflated_bytes = 0;
};

// Hands the layer's tar to `take`, which reads it to its end, and checks both digests then.
template <typename Take>
Result<LayerDigests> read_layer(OpenedLayer layer, const AnalyseOptions& options, LayerAccount& account, Take take) {
  const LayerPromise& promise = layer.promise;
  ProgressStep progress(
      options.progress,
      promise.diff_id.empty() ? "layer" : fmt::format("layer {}", promise.diff_id.hex().substr(0, 12)),
      promise.stored_bytes);
  // Of a plain tar, the digest of what is stored is that of what is inside.
  const bool same_if_plain = promise.diff_id.empty() ? promise.stored_digest.algorithm() == Digest::Algorithm::kSha256
                                                     : promise.stored_digest == promise.diff_id;
  LayerStream stream(std::move(layer.stored), {.limits = options.limits,
                                               .stored_algorithm = promise.stored_digest.algorithm(),
                                               .diff_algorithm = promise.diff_id.algorithm(),
                                               .digest_stored = !promise.stored_is_verified,
                                               .plain_is_verified = promise.stored_is_verified && same_if_plain,
                                               .account = &account,
                                               .stop = options.stop,
                                               .progress = &progress});
  const Status taken = [&]() -> Status {
    if (options.pool != nullptr) TRY(stream.offer_work_to(*options.pool));
    return take(stream);
  }();
  const auto mismatch = [](std::string_view what, const Digest& found, const Digest& promised) {
    return fail(Code::kVerificationFailed,
                fmt::format("{} has digest {}, but {} was promised", what, found.to_string(), promised.to_string()),
                "the image was changed or damaged on its way; fetch it again from a source you trust");
  };
  if (!taken) {
    // What cannot be read is mostly what is not what it was promised to be, and then that is the better answer.
    if (taken.error().code() == Code::kMalformed && promise.stored_is_verified) {
      if (auto drained = stream.drain_stored(); !drained && drained.error().code() == Code::kVerificationFailed) {
        return fail(std::move(drained).error());
      }
    }
    return fail(taken.error());
  }
  LayerDigests digests{.stored = promise.stored_is_verified ? promise.stored_digest : stream.stored_digest(),
                       .stored_bytes = stream.stored_bytes(),
                       .diff_id = stream.diff_id(),
                       .inflated_bytes = stream.inflated_bytes()};
  if (digests.diff_id.empty()) digests.diff_id = digests.stored;
  if (!promise.stored_digest.empty() && digests.stored != promise.stored_digest) {
    return mismatch("stored layer", digests.stored, promise.stored_digest);
  }
  if (!promise.diff_id.empty() && digests.diff_id != promise.diff_id) {
    return mismatch("layer", digests.diff_id, promise.diff_id);
  }
  return digests;
}

// The digests alone: nothing is looked into.
Status verify_layer(OpenedLayer layer, const AnalyseOptions& options) {
  ImageBudget budget(options.limits);  // its own: the facts that are taken instead have their cost
  LayerAccount account(budget);
  TRY(read_layer(std::move(layer), options, account, [](LayerStream& stream) -> Status {
    for (;;) {
      TRY_ASSIGN(const ByteSpan block, stream.next());
      if (block.empty()) return {};
    }
  }));
  return {};
}

class ImageAnalysis {
 public:
  ImageAnalysis(const oci::Image& image, const AnalyserSet& analysers, const AnalyseOptions& options)
      : image_(image), analysers_(analysers), options_(options), budget_(options.limits) {}

  Result<MergedImage> run();

 private:
  void make_jobs();
  Status walk_jobs();
  Status walk(Job& job, const std::stop_token& stop);
  Result<LayerFacts> read(const Job& job, const std::stop_token& stop);
  Status check_link(const oci::Layer& layer, const LayerFacts& facts, const std::stop_token& stop);
  Status check_others(Job& job, const std::stop_token& stop);
  bool ask_for(const std::vector<MissingContent>& missing);

  const oci::Image& image_;
  const AnalyserSet& analysers_;
  const AnalyseOptions& options_;
  ImageBudget budget_;
  std::vector<Job> jobs_;
  std::vector<std::optional<size_t>> job_of_layer_;  // none: cannot be read
  std::mutex mutex_;
  bool stored_ = false;  // something in the cache; guarded by mutex_
};

void ImageAnalysis::make_jobs() {
  const auto bytes_of = [](const oci::Layer& layer) { return std::tie(layer.descriptor.digest, layer.entry_name); };
  std::unordered_map<Digest, size_t> known;
  for (size_t i = 0; i < image_.layers.size(); ++i) {
    const oci::Layer& layer = image_.layers[i];
    if (layer.kind == oci::Layer::Kind::kForeign) {
      job_of_layer_.emplace_back();
      continue;
    }
    const auto found = layer.diff_id.empty() ? known.end() : known.find(layer.diff_id);
    if (found != known.end()) {
      job_of_layer_.emplace_back(found->second);
      Job& job = jobs_[found->second];
      const auto is_same = [&](const oci::Layer* other) { return bytes_of(*other) == bytes_of(layer); };
      if (!is_same(job.layer) && std::ranges::none_of(job.others, is_same)) job.others.push_back(&layer);
      continue;
    }
    if (!layer.diff_id.empty()) known.emplace(layer.diff_id, jobs_.size());
    job_of_layer_.emplace_back(jobs_.size());
    jobs_.push_back({.layer = &layer, .index = i, .others = {}, .extras = {}, .facts = {}});
  }
}

Result<LayerFacts> ImageAnalysis::read(const Job& job, const std::stop_token& stop) {
  AnalyseOptions options = options_;
  options.stop = stop;
  options.budget = &budget_;
  const oci::Layer& layer = *job.layer;
  if (layer.kind == oci::Layer::Kind::kDirectory) return analyse_directory(layer.directory, analysers_, options);
  TRY_ASSIGN(OpenedLayer opened, open(layer));
  return analyse_layer(std::move(opened.stored), opened.promise, analysers_, options,
                       {job.extras.begin(), job.extras.end()});
}

// That the layer's bytes hold the tar that `facts` tell of, and not only the configuration says so.
Status ImageAnalysis::check_link(const oci::Layer& layer, const LayerFacts& facts, const std::stop_token& stop) {
  const Digest& stored = layer.descriptor.digest;
  if (!stored.empty() && (stored == layer.diff_id || stored == facts.stored_digest ||
                          (options_.cache != nullptr && options_.cache->links(stored, layer.diff_id)))) {
    return {};
  }
  AnalyseOptions options = options_;
  options.stop = stop;
  TRY_ASSIGN(OpenedLayer opened, open(layer));
  TRY(verify_layer(std::move(opened), options));
  if (stored.empty() || options_.cache == nullptr) return {};
  // Should it fail, the layer is read again the next time: the cache's own trouble is told when facts are stored.
  if (options_.cache->remember_link(stored, layer.diff_id)) {
    const std::scoped_lock lock(mutex_);
    stored_ = true;
  }
  return {};
}

Status ImageAnalysis::check_others(Job& job, const std::stop_token& stop) {
  for (const oci::Layer* const other : job.others) {
    if (auto checked = check_link(*other, *job.facts, stop); !checked) {
      return fail(std::move(checked).error().with_context(
          describe({.layer = other, .index = static_cast<size_t>(other - image_.layers.data())})));
    }
  }
  job.others.clear();
  return {};
}

Status ImageAnalysis::walk(Job& job, const std::stop_token& stop) {
  const bool cacheable = options_.cache != nullptr && !job.layer->diff_id.empty();
  if (cacheable && job.facts == nullptr) {
    if (auto cached = options_.cache->load(job.layer->diff_id, analysers_)) {
      if (auto checked = check_link(*job.layer, *cached, stop); !checked) {
        return fail(std::move(checked).error().with_context(describe(job)));
      }
      if (auto taken = budget_.take(cached->cost); !taken) {
        return fail(std::move(taken).error().with_context(describe(job)));
      }
      job.facts = std::make_shared<const LayerFacts>(*std::move(cached));
      return {};
    }
  }
  // Walked for the second time, it costs what the second walk finds.
  if (job.facts != nullptr) budget_.give_back(job.facts->cost);
  auto facts = read(job, stop);
  if (!facts) return fail(std::move(facts).error().with_context(describe(job)));
  if (cacheable) {
    if (auto stored = options_.cache->store(*facts, analysers_); !stored) {
      facts->warnings.push_back(fmt::format("layer cache: {}", stored.error().to_string()));
    } else {
      const std::scoped_lock lock(mutex_);
      stored_ = true;
    }
  }
  job.facts = std::make_shared<const LayerFacts>(*std::move(facts));
  return {};
}

Status ImageAnalysis::walk_jobs() {
  std::vector<Job*> waiting;
  for (Job& job : jobs_) {
    if (job.needs_walk) waiting.push_back(&job);
  }
  // The largest first: the others fill the time until it is done.
  std::ranges::sort(waiting, [](const Job* a, const Job* b) {
    return std::tuple(b->layer->descriptor.size, a->index) < std::tuple(a->layer->descriptor.size, b->index);
  });
  const auto walk_one = [&](size_t i, const std::stop_token& stop) -> Status {
    TRY(walk(*waiting[i], stop));
    TRY(check_others(*waiting[i], stop));
    waiting[i]->needs_walk = false;
    return {};
  };
  if (options_.pool != nullptr) return options_.pool->for_each(waiting.size(), options_.stop, walk_one);
  for (size_t i = 0; i < waiting.size(); ++i) TRY(walk_one(i, options_.stop));
  return {};
}

// False when nothing is asked for that was not asked for before.
bool ImageAnalysis::ask_for(const std::vector<MissingContent>& missing) {
  bool asked = false;
  for (const MissingContent& content : missing) {
    Job& job = jobs_[*job_of_layer_[content.layer]];
    if (job.layer->kind == oci::Layer::Kind::kDirectory) continue;
    if (job.extras.empty()) job.extras.insert(job.facts->extras.begin(), job.facts->extras.end());
    if (!job.extras.insert(content.want).second) continue;
    job.needs_walk = true;
    asked = true;
  }
  return asked;
}

Result<MergedImage> ImageAnalysis::run() {
  make_jobs();
  for (int round = 1;; ++round) {
    TRY(walk_jobs());
    std::vector<std::shared_ptr<const LayerFacts>> layers;
    layers.reserve(job_of_layer_.size());
    for (const auto& job : job_of_layer_) layers.push_back(job ? jobs_[*job].facts : nullptr);
    TRY_ASSIGN(MergedImage merged, MergedImage::merge(layers, analysers_, options_.limits, options_.stop));
    if (merged.missing().empty() || round == kMaxRounds || !ask_for(merged.missing())) {
      if (!merged.missing().empty()) {
        return fail(Code::kUnsupported,
                    fmt::format("{}: links lead to it through more than {} layers, one after another",
                                printable(merged.missing().front().want.path), kMaxRounds));
      }
      if (stored_) static_cast<void>(options_.cache->trim());
      return merged;
    }
  }
}

}  // namespace

Result<MergedImage> analyse_image(const oci::Image& image, const AnalyserSet& analysers,
                                  const AnalyseOptions& options) {
  return ImageAnalysis(image, analysers, options).run();
}

Result<LayerFacts> analyse_layer(std::unique_ptr<BlockSource> stored, const LayerPromise& promise,
                                 const AnalyserSet& analysers, const AnalyseOptions& options,
                                 const std::vector<ExtraWant>& extras) {
  ImageBudget own_budget(options.limits);
  LayerAccount account(options.budget != nullptr ? *options.budget : own_budget);
  LayerWalk walk(analysers, options.limits, account, extras);
  TRY_ASSIGN(const LayerDigests digests,
             read_layer({.stored = std::move(stored), .promise = promise}, options, account, [&](LayerStream& stream) {
               archive::TarReader reader(stream, options.limits);
               return walk.run(reader);
             }));
  TRY_ASSIGN(LayerFacts facts, std::move(walk).finish());
  facts.stored_digest = digests.stored;
  facts.stored_bytes = digests.stored_bytes;
  facts.diff_id = digests.diff_id;
  facts.inflated_bytes = digests.inflated_bytes;
  facts.cost = account.keep();
  return facts;
}

}  // namespace bulkhead::layer
