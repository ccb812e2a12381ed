// From an image's layers to its merged facts: each layer is read once, in one pass (stored bytes → digest → inflated →
// diff-id → tar walk → analysers), layers in parallel; known layers come from the cache. Nothing is written but the
// cache.
//
// Every byte of a layer is read, also when nothing in it is wanted any more, because its digests are over all of them.
// A digest or diff-id that differs from what was promised is kVerificationFailed, and nothing of that layer is
// believed. What the cache knows of a diff-id is taken for a layer only when its stored bytes are known to hold that
// diff-id: their digest is the diff-id (a plain tar), or they were read before and both digests were right
// (Cache::links). Otherwise, and where the source has no digest of the stored bytes, they are read and checked, and
// only their analysis is spared. So a digest that is known stands for its bytes, which are not read again. Trust of
// layers: none; limits: archive/limits.h; those of an image hold for all its layers together (image_budget.h).
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/limits.h"
#include "base/block_source.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "layer/analyser_set.h"
#include "layer/cache.h"
#include "layer/image_budget.h"
#include "layer/layer_facts.h"
#include "layer/merged_image.h"
#include "oci/image_source.h"

namespace bulkhead::layer {

struct AnalyseOptions {
  archive::Limits limits{};
  ImageBudget* budget = nullptr;  // of the image that a single layer belongs to; nullptr: it is all of the image
  ThreadPool* pool = nullptr;     // nullptr: everything on the caller's thread
  const Cache* cache = nullptr;   // nullptr: nothing is cached
  Progress* progress = nullptr;   // may be nullptr
  std::stop_token stop{};         // kCancelled soon after a stop is requested
};

// All layers of an image, merged. Layers that cannot be read by their nature (Kind::kForeign) count as empty; the
// caller sees them in `image`. A wanted file that turns out to be one only at the merge costs a second walk of its
// layer. Must not be called from a task of options.pool.
Result<MergedImage> analyse_image(const oci::Image& image, const AnalyserSet& analysers, const AnalyseOptions& options);

// What the bytes of a layer were promised to be; empty digests are not checked, only computed.
struct LayerPromise {
  Digest stored_digest;
  Digest diff_id;
  bool stored_is_verified = false;  // the stream itself fails when its bytes have not stored_digest
  uint64_t stored_bytes = 0;        // for progress only; 0: not known
};

// One layer out of a stream that stands at its first byte, and for streams that come only once (a docker-archive on
// standard input, where layers arrive before the manifest that names them): LayerFacts carry both digests, so that the
// caller can match them afterwards, and give them to MergedImage::merge. What options.budget has given for them
// (LayerFacts::cost) is for the caller to give back, should it let go of them.
Result<LayerFacts> analyse_layer(std::unique_ptr<BlockSource> stored, const LayerPromise& promise,
                                 const AnalyserSet& analysers, const AnalyseOptions& options,
                                 const std::vector<ExtraWant>& extras = {});

// A directory on this machine as if it were the only layer of an image. Only folders that can hold wanted paths are
// listed; links are resolved below `root` and never lead out of it; only regular files are opened. Folders and
// files that may not be read are LayerFacts::denied.
Result<LayerFacts> analyse_directory(const std::string& root, const AnalyserSet& analysers,
                                     const AnalyseOptions& options);

}  // namespace bulkhead::layer
