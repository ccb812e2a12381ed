#include "layer/merged_image.h"

#include <algorithm>
#include <set>
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

// A file that a wanted path leads to.
struct Reached {
  uint32_t analyser;
  NodeRef file;
  bool visible;  // in the final image, not only in that of the layers up to some one
  uint32_t pattern;
  std::string wanted_as;
};

// Which files of the stacked layers are wanted, by whom, and what is known about them.
class Merge {
 public:
  Merge(LayerPointers layers, const AnalyserSet& analysers, const archive::Limits& limits)
      : layers_(layers), analysers_(analysers), matcher_(analysers.matcher()), limits_(limits) {
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
    bool looked_into;
  };
  std::vector<std::vector<File>> files;  // by analyser; sorted by path, then layer
  std::vector<MissingContent> missing;

 private:
  bool may_bring_a_version(uint32_t layer) const;
  Status reach_anchored(uint32_t layer_count);
  Status reach_direct();
  Status reach_through_links();
  void reach(uint32_t pattern, NodeRef file, bool visible, std::string wanted_as);
  void settle(const Reached& reached);
  void reach_with_lower_versions(uint32_t pattern, NodeRef file, const std::string& wanted_as);
  const ContentFact* fact_of(NodeRef file, uint32_t analyser) const;
  void add_file(const Reached& reached, FileFact fact, bool looked_into);

  LayerPointers layers_;
  const AnalyserSet& analysers_;
  const PathMatcher& matcher_;
  const archive::Limits& limits_;
  std::vector<const LayerFacts*> facts_;
  std::vector<const LayerTree*> trees_;
  std::vector<Reached> reached_;
};

void Merge::reach(uint32_t pattern, NodeRef file, bool visible, std::string wanted_as) {
  reached_.push_back({.analyser = matcher_.patterns()[pattern].analyser,
                      .file = file,
                      .visible = visible,
                      .pattern = pattern,
                      .wanted_as = std::move(wanted_as)});
}

// A layer without any of these leaves every wanted path leading where it led before, or nowhere.
bool Merge::may_bring_a_version(uint32_t layer) const {
  const LayerFacts& facts = *facts_[layer];
  if (!facts.facts.empty() || !facts.unexamined.empty()) return true;
  for (NodeId node = 0; node < facts.tree.size(); ++node) {
    const NodeKind kind = facts.tree.kind(node);
    if (kind == NodeKind::kSymlink || kind == NodeKind::kHardLink) return true;
  }
  return false;
}

// Patterns without `**`, in the image of the lowest `layer_count` layers.
Status Merge::reach_anchored(uint32_t layer_count) {
  MergedView view(std::span<const LayerTree* const>(trees_).first(layer_count));
  Resolver<MergedView> resolver(view, limits_);
  const auto root = resolver.root_trail();
  const bool visible = layer_count == trees_.size();
  const std::vector<Pattern>& patterns = matcher_.patterns();
  for (uint32_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i].any_depth) continue;
    TRY(resolver.expand(root, patterns[i].segments, {}, [&](NodeRef file, const std::string& wanted_as) -> Status {
      reach(i, file, visible, wanted_as);
      return {};
    }));
  }
  return {};
}

// Patterns with `**`: files that were found by their own path.
Status Merge::reach_direct() {
  Visibility visibility(trees_);
  std::vector<PatternMatch> matches;
  const auto check = [&](NodeRef file, uint32_t analyser) {
    const std::string path = trees_[file.layer]->path(file.node);
    matches.clear();
    matcher_.match(path, matches);
    for (const PatternMatch& match : matches) {
      const Pattern& pattern = matcher_.patterns()[match.pattern];
      if (!pattern.any_depth || pattern.analyser != analyser) continue;
      reach(match.pattern, file, visibility.is_visible(file), path);
      return;
    }
  };
  for (uint32_t layer = 0; layer < facts_.size(); ++layer) {
    for (const ContentFact& fact : facts_[layer]->facts) check({layer, fact.node}, fact.analyser);
    for (const Unexamined& entry : facts_[layer]->unexamined) check({layer, entry.node}, entry.want.analyser);
  }
  return {};
}

void Merge::reach_with_lower_versions(uint32_t pattern, NodeRef file, const std::string& wanted_as) {
  reach(pattern, file, true, wanted_as);
  const std::string path = trees_[file.layer]->path(file.node);
  for (uint32_t layer = 0; layer < file.layer; ++layer) {
    const auto lower = trees_[layer]->find(path);
    if (lower && trees_[layer]->kind(*lower) == NodeKind::kFile) reach(pattern, {layer, *lower}, false, wanted_as);
  }
}

// Patterns with `**` again: a link may itself be one of the pattern's folders, or the file. A link among the folders
// that
// `**` stands for needs no look: what it leads to matches by its own path.
Status Merge::reach_through_links() {
  Visibility visibility(trees_);
  MergedView view(trees_);
  Resolver<MergedView> resolver(view, limits_);
  for (uint32_t layer = 0; layer < trees_.size(); ++layer) {
    const LayerTree& tree = *trees_[layer];
    for (NodeId node = 0; node < tree.size(); ++node) {
      const NodeKind kind = tree.kind(node);
      if (kind != NodeKind::kSymlink && kind != NodeKind::kHardLink) continue;
      std::vector<PatternHead> heads;
      const auto ancestor = [&](uint32_t up) -> std::optional<std::string_view> {
        NodeId at = node;
        for (; up > 0; --up) at = tree.parent(at);  // the root's parent is the root
        if (at == LayerTree::kRoot) return std::nullopt;
        return tree.name(at);
      };
      matcher_.for_heads(tree.name(node), ancestor, [&](PatternHead head) { heads.push_back(head); });
      if (heads.empty() || !visibility.is_visible({layer, node})) continue;
      const std::string path = tree.path(node);
      for (const PatternHead head : heads) {
        auto trail = resolver.root_trail();
        TRY_ASSIGN(const auto found, resolver.follow(trail, path));
        const auto rest = std::span(matcher_.patterns()[head.pattern].segments).subspan(head.segment + size_t{1});
        if (rest.empty() && found.kind == Found<MergedView>::Kind::kFile) {
          reach_with_lower_versions(head.pattern, found.file, path);
        }
        if (rest.empty() || found.kind != Found<MergedView>::Kind::kFolder) continue;
        TRY(resolver.expand(trail, rest, path, [&](NodeRef file, const std::string& wanted_as) -> Status {
          reach_with_lower_versions(head.pattern, file, wanted_as);
          return {};
        }));
      }
    }
  }
  return {};
}

const ContentFact* Merge::fact_of(NodeRef file, uint32_t analyser) const {
  const std::vector<ContentFact>& facts = facts_[file.layer]->facts;
  const auto key = [](const ContentFact& f) { return std::tuple(f.analyser, f.node); };
  const auto found = std::ranges::lower_bound(facts, std::tuple(analyser, file.node), {}, key);
  return found != facts.end() && key(*found) == std::tuple(analyser, file.node) ? &*found : nullptr;
}

void Merge::add_file(const Reached& reached, FileFact fact, bool looked_into) {
  fact.layer = reached.file.layer;
  files[reached.analyser].push_back({.fact = std::move(fact), .visible = reached.visible, .looked_into = looked_into});
}

// What the layer's walk said about the file; or that it said nothing because there is nothing of interest; or that it
// must be walked again.
void Merge::settle(const Reached& reached) {
  const LayerFacts& layer = *facts_[reached.file.layer];
  const std::string path = layer.tree.path(reached.file.node);
  if (const ContentFact* fact = fact_of(reached.file, reached.analyser)) {
    return add_file(reached, {.path = path, .layer = 0, .value = fact->value, .error = fact->error}, true);
  }
  const auto miss = [&](ExtraWant want) {
    missing.push_back({.layer = reached.file.layer, .want = std::move(want)});
    add_file(reached,
             {.path = path, .layer = 0, .value = {}, .error = "not looked into: a link to it was found too late"},
             false);
  };
  for (const Unexamined& entry : std::ranges::equal_range(layer.unexamined, reached.file.node, {}, &Unexamined::node)) {
    if (entry.want.analyser == reached.analyser) return miss(entry.want);
  }
  for (const ExtraWant& extra : std::ranges::equal_range(layer.extras, path, {}, &ExtraWant::path)) {
    if (extra.analyser == reached.analyser) return;
  }
  std::vector<PatternMatch> matches;
  matcher_.match(path, matches);
  const std::vector<Pattern>& patterns = matcher_.patterns();
  const bool examined = std::ranges::any_of(matches, [&](const PatternMatch& match) {
    return patterns[reached.pattern].is_covered_by(patterns[match.pattern]);
  });
  if (!examined) miss({.path = path, .wanted_as = reached.wanted_as, .analyser = reached.analyser});
}

Status Merge::run() {
  const auto layer_count = static_cast<uint32_t>(trees_.size());
  for (uint32_t layer = 0; layer < layer_count; ++layer) {
    if (layer + 1 == layer_count || may_bring_a_version(layer)) TRY(reach_anchored(layer + 1));
  }
  if (matcher_.has_any_depth()) {
    TRY(reach_direct());
    TRY(reach_through_links());
  }
  // One of each file and analyser: the visible one, if any.
  std::ranges::sort(reached_, {}, [](const Reached& r) {
    return std::tuple(r.analyser, r.file, !r.visible, r.pattern, std::string_view(r.wanted_as));
  });
  const auto repeated =
      std::ranges::unique(reached_, {}, [](const Reached& r) { return std::tuple(r.analyser, r.file); });
  reached_.erase(repeated.begin(), repeated.end());

  files.resize(analysers_.analysers().size());
  for (const Reached& reached : reached_) settle(reached);
  for (std::vector<File>& of_analyser : files) {
    std::ranges::sort(of_analyser, {}, [](const File& f) { return std::tie(f.fact.path, f.fact.layer); });
  }
  return {};
}

}  // namespace

Result<MergedImage> MergedImage::merge(LayerPointers layers, const AnalyserSet& analysers,
                                       const archive::Limits& limits) {
  Merge merge(layers, analysers, limits);
  TRY(merge.run());
  MergedImage image;
  image.layer_count_ = layers.size();
  image.missing_ = std::move(merge.missing);
  for (const auto& layer : layers) {
    if (layer != nullptr) image.warnings_.insert(image.warnings_.end(), layer->warnings.begin(), layer->warnings.end());
  }
  for (size_t i = 0; i < merge.files.size(); ++i) {
    const Analyser& analyser = *analysers.analysers()[i];
    Facts facts{.analyser = std::string(analyser.name()), .files = {}, .is_visible = {}};
    for (Merge::File& file : merge.files[i]) {
      if (file.visible && file.looked_into && !file.fact.error.empty() && analyser.errors_are_fatal()) {
        return fail(Code::kMalformed, fmt::format("{}: {}", printable(file.fact.path), file.fact.error));
      }
      facts.is_visible.push_back(file.visible);
      facts.files.push_back(std::move(file.fact));
    }
    image.facts_.push_back(std::move(facts));
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

Status MergedImage::require_complete(const AnalyserSet& analysers) const {
  for (const MissingContent& missing : missing_) {
    if (!analysers.analysers()[missing.want.analyser]->errors_are_fatal()) continue;
    return fail(
        Code::kUnsupported,
        fmt::format("{}: a link to it was found only after its layer had passed by", printable(missing.want.path)),
        "save the image to a file and scan that: a stream can be read only once");
  }
  return {};
}

}  // namespace bulkhead::layer
