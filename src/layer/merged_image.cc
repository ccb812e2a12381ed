#include "layer/merged_image.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "layer/merged_view.h"
#include "layer/path_matcher.h"
#include "layer/resolver.h"

namespace bulkhead::layer {
namespace {

using LayerPointers = std::span<const std::shared_ptr<const LayerFacts>>;

// A file that a wanted path leads to, and what for.
struct FileKey {
  uint32_t analyser;
  NodeRef file;
  friend auto operator<=>(const FileKey&, const FileKey&) = default;
};
// By which path, of several the best: the one of the final image, not only in that of the layers up to some one.
struct Reached {
  bool hidden;
  uint32_t pattern;
  std::string wanted_as;
  friend auto operator<=>(const Reached&, const Reached&) = default;
};

// Which files of the stacked layers are wanted, by whom, and what is known about them.
class Merge {
 public:
  Merge(LayerPointers layers, const AnalyserSet& analysers, const archive::Limits& limits, const std::stop_token& stop)
      : analysers_(analysers), matcher_(analysers.matcher()), limits_(limits), budget_(limits, stop) {
    static const LayerFacts kEmpty;
    for (const auto& layer : layers) {
      facts_.push_back(layer == nullptr ? &kEmpty : layer.get());
      trees_.push_back(&facts_.back()->tree);
    }
  }

  Status run();

  struct File {
    FileFact fact;
    bool visible;
  };
  std::vector<std::vector<File>> files;  // by analyser; sorted by path, then layer
  std::vector<MissingContent> missing;

 private:
  Status reach_wanted(MergedView view, bool visible);
  Status reach(uint32_t pattern, NodeRef file, bool visible, std::string wanted_as);
  void settle(const FileKey& key, const Reached& reached);
  const ContentFact* fact_of(NodeRef file, uint32_t analyser) const;
  void add_file(const FileKey& key, const Reached& reached, FileFact fact);

  const AnalyserSet& analysers_;
  const PathMatcher& matcher_;
  const archive::Limits& limits_;
  ResolverBudget budget_;
  std::vector<const LayerFacts*> facts_;
  std::vector<const LayerTree*> trees_;
  std::map<FileKey, Reached> reached_;
  uint64_t reached_bytes_ = 0;
};

Status Merge::reach(uint32_t pattern, NodeRef file, bool visible, std::string wanted_as) {
  Reached reached{.hidden = !visible, .pattern = pattern, .wanted_as = std::move(wanted_as)};
  const auto [best, is_new] = reached_.try_emplace({.analyser = matcher_.patterns()[pattern].analyser, .file = file});
  // Files that only links lead to have cost their layers nothing yet.
  if (is_new) reached_bytes_ += kBytesPerFact + reached.wanted_as.size();
  if (reached_bytes_ > limits_.max_fact_bytes) {
    return fail(archive::limit_passed(limits_, &archive::Limits::max_fact_bytes));
  }
  if (is_new || reached < best->second) best->second = std::move(reached);
  return {};
}

Status Merge::reach_wanted(MergedView view, bool visible) {
  Resolver<MergedView> resolver(view, budget_);
  const auto root = resolver.root_trail();
  const std::vector<Pattern>& patterns = matcher_.patterns();
  for (uint32_t i = 0; i < patterns.size(); ++i) {
    TRY(resolver.expand(root, patterns[i].segments, {}, [&](NodeRef file, const std::string& wanted_as) -> Status {
      return reach(i, file, visible, wanted_as);
    }));
  }
  return {};
}

const ContentFact* Merge::fact_of(NodeRef file, uint32_t analyser) const {
  const std::vector<ContentFact>& facts = facts_[file.layer]->facts;
  const auto key = [](const ContentFact& f) { return std::tuple(f.analyser, f.node); };
  const auto found = std::ranges::lower_bound(facts, std::tuple(analyser, file.node), {}, key);
  return found != facts.end() && key(*found) == std::tuple(analyser, file.node) ? &*found : nullptr;
}

void Merge::add_file(const FileKey& key, const Reached& reached, FileFact fact) {
  fact.layer = key.file.layer;
  files[key.analyser].push_back({.fact = std::move(fact), .visible = !reached.hidden});
}

// What the layer's walk said about the file; or that it said nothing because there is nothing of interest; or that it
// must be walked again.
void Merge::settle(const FileKey& key, const Reached& reached) {
  const LayerFacts& layer = *facts_[key.file.layer];
  const std::string path = layer.tree.path(key.file.node);
  if (const ContentFact* fact = fact_of(key.file, key.analyser)) {
    return add_file(key, reached, {.path = path, .layer = 0, .value = fact->value, .error = fact->error});
  }
  const auto miss = [&](ExtraWant want) {
    missing.push_back({.layer = key.file.layer, .want = std::move(want)});
    add_file(key, reached,
             {.path = path, .layer = 0, .value = {}, .error = "not looked into: a link to it was found too late"});
  };
  for (const Unexamined& entry : std::ranges::equal_range(layer.unexamined, key.file.node, {}, &Unexamined::node)) {
    if (entry.want.analyser == key.analyser) return miss(entry.want);
  }
  for (const ExtraWant& extra : std::ranges::equal_range(layer.extras, path, {}, &ExtraWant::path)) {
    if (extra.analyser == key.analyser) return;
  }
  std::vector<PatternMatch> matches;
  matcher_.match(path, matches);
  const std::vector<Pattern>& patterns = matcher_.patterns();
  const bool examined = std::ranges::any_of(matches, [&](const PatternMatch& match) {
    return patterns[reached.pattern].is_covered_by(patterns[match.pattern]);
  });
  if (!examined) miss({.path = path, .wanted_as = reached.wanted_as, .analyser = key.analyser});
}

Status Merge::run() {
  const std::span<const LayerTree* const> trees(trees_);
  // Every version that was in force at some layer: from the bottom up, what each layer makes different.
  const MergedView::LinksBelow links = MergedView::find_links(trees);
  for (size_t count = 1; count < trees.size(); ++count) {
    if (trees[count - 1]->size() > 1) TRY(reach_wanted(MergedView(trees.first(count), links), false));
  }
  TRY(reach_wanted(MergedView(trees), true));
  files.resize(analysers_.analysers().size());
  for (const auto& [key, reached] : reached_) settle(key, reached);
  for (uint32_t layer = 0; layer < facts_.size(); ++layer) {
    for (const Denied& denied : facts_[layer]->denied) {
      FileFact fact{.path = denied.path, .layer = layer, .value = {}, .error = denied.error, .denied = true};
      files[denied.analyser].push_back({.fact = std::move(fact), .visible = true});
    }
  }
  for (std::vector<File>& of_analyser : files) {
    std::ranges::sort(of_analyser, {}, [](const File& f) { return std::tie(f.fact.path, f.fact.layer); });
  }
  return {};
}

}  // namespace

Result<MergedImage> MergedImage::merge(LayerPointers layers, const AnalyserSet& analysers,
                                       const archive::Limits& limits, const std::stop_token& stop) {
  Merge merge(layers, analysers, limits, stop);
  TRY(merge.run());
  MergedImage image;
  image.layer_count_ = layers.size();
  image.missing_ = std::move(merge.missing);
  for (size_t i = 0; i < merge.files.size(); ++i) {
    const Analyser& analyser = *analysers.analysers()[i];
    Facts facts{.analyser = std::string(analyser.name()), .files = {}, .is_visible = {}};
    for (Merge::File& file : merge.files[i]) {
      facts.is_visible.push_back(file.visible);
      facts.files.push_back(std::move(file.fact));
    }
    image.facts_.push_back(std::move(facts));
  }
  for (const auto& layer : layers) {
    if (layer == nullptr) continue;
    image.warnings_.insert(image.warnings_.end(), layer->warnings.begin(), layer->warnings.end());
  }
  return image;
}

std::vector<const FileFact*> MergedImage::visible(std::string_view analyser) const {
  std::vector<const FileFact*> found;
  const auto facts = std::ranges::find(facts_, analyser, &Facts::analyser);
  if (facts == facts_.end()) return found;
  for (size_t i = 0; i < facts->files.size(); ++i) {
    if (facts->is_visible[i]) found.push_back(&facts->files[i]);
  }
  return found;
}

std::vector<const FileFact*> MergedImage::history(std::string_view analyser) const {
  std::vector<const FileFact*> found;
  const auto facts = std::ranges::find(facts_, analyser, &Facts::analyser);
  if (facts == facts_.end()) return found;
  for (const FileFact& file : facts->files) found.push_back(&file);
  return found;
}

Status MergedImage::require_complete() const {
  if (missing_.empty()) return {};
  return fail(Code::kUnsupported,
              fmt::format("{}: that {} leads to it was known only after its layer had passed by",
                          printable(missing_.front().want.path), printable(missing_.front().want.wanted_as)),
              "save the image to a file and scan that: a stream can be read only once");
}

}  // namespace bulkhead::layer
