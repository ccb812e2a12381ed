#include "layer/layer_walk.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "layer/path_matcher.h"

namespace bulkhead::layer {
namespace {

using archive::Limits;
using archive::TarEntry;
using archive::TarReader;
using archive::TarType;

constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kMetadataPrefix = ".wh..wh.";
constexpr std::string_view kOpaqueMarker = ".wh..wh..opq";

Error with_path(Error error, std::string_view path) {
  return std::move(error).with_context(printable(path));
}

}  // namespace

LayerWalk::LayerWalk(const AnalyserSet& analysers, const Limits& limits, LayerAccount& account,
                     std::span<const ExtraWant> extras)
    : analysers_(analysers),
      account_(account),
      extras_(extras.begin(), extras.end()),
      analysis_(analysers, limits, account),
      tree_(limits, account, analysers.matcher()) {
  std::ranges::sort(extras_);
  const auto repeated = std::ranges::unique(extras_);
  extras_.erase(repeated.begin(), repeated.end());
  for (const ExtraWant& extra : extras_) {
    matches_.clear();
    analysers.matcher().match(extra.wanted_as, matches_);
    for (const PatternMatch& match : matches_) {
      if (analysers.matcher().patterns()[match.pattern].analyser != extra.analyser) continue;
      extra_wants_[extra.path].push_back(
          {.pattern = match.pattern, .wanted_as = extra.wanted_as.substr(match.dropped)});
    }
  }
}

std::string LayerWalk::path_of(TreeBuilder::Place place) const {
  std::string path = tree_.path(place.folder);
  if (!path.empty()) path += '/';
  return path.append(place.name);
}

std::vector<ContentAnalysis::Want> LayerWalk::wants_of(TreeBuilder::Place place) {
  matches_.clear();
  tree_.match(place, matches_);
  if (matches_.empty() && extra_wants_.empty()) return {};
  const std::string path = path_of(place);
  std::vector<ContentAnalysis::Want> wants;
  wants.reserve(matches_.size() + 1);
  for (const PatternMatch& match : matches_) {
    wants.push_back({.pattern = match.pattern, .wanted_as = path.substr(match.dropped)});
  }
  if (const auto extra = extra_wants_.find(path); extra != extra_wants_.end()) {
    wants.insert(wants.end(), extra->second.begin(), extra->second.end());
  }
  return wants;
}

Status LayerWalk::run(TarReader& reader) {
  for (;;) {
    TRY_ASSIGN(const TarEntry* const entry, reader.next());
    if (entry == nullptr) return {};
    TRY(account_.take(Cost::kEntries, 1));
    TRY(take(*entry, reader));
  }
}

Status LayerWalk::take(const TarEntry& entry, TarReader& reader) {
  TRY(archive::normalise_path(entry.path, path_));
  if (path_.empty()) return {};  // the root itself: it is there already, and nothing else can take its place
  const size_t name_at = path_.rfind('/') + 1;
  const std::string_view name = std::string_view(path_).substr(name_at);
  if (name.starts_with(kWhiteoutPrefix) && (name == kOpaqueMarker || !name.starts_with(kMetadataPrefix))) {
    return take_whiteout(path_, name_at);
  }
  TRY_ASSIGN(const TreeBuilder::Place place, tree_.place(path_));
  switch (entry.type) {
    case TarType::kFile:
      return take_file(place, entry, reader);
    case TarType::kHardLink:
      return take_hard_link(place, entry.link);
    case TarType::kDirectory:
      TRY(tree_.put_directory(place));
      return {};
    case TarType::kSymlink:
      if (entry.link.empty()) {
        return fail(Code::kMalformed, fmt::format("{}: symbolic link without a target", printable(path_)));
      }
      TRY(tree_.put(place, NodeKind::kSymlink, entry.link));
      return {};
    case TarType::kCharDevice:
      // Device 0/0 is how overlayfs itself stores a whiteout.
      if (entry.device_major == 0 && entry.device_minor == 0) return tree_.put_whiteout(place);
      [[fallthrough]];
    case TarType::kBlockDevice:
    case TarType::kFifo:
    case TarType::kOther:
      TRY(tree_.put(place, NodeKind::kOther));
      return {};
  }
  return {};
}

Status LayerWalk::take_whiteout(std::string_view path, size_t name_at) {
  TRY_ASSIGN(TreeBuilder::Place place, tree_.place(path));
  if (path.substr(name_at) == kOpaqueMarker) {
    tree_.make_opaque(place.folder);
    return {};
  }
  place.name.remove_prefix(kWhiteoutPrefix.size());
  if (place.name.empty() || place.name == "." || place.name == "..") {
    return fail(Code::kMalformed, fmt::format("{}: whiteout of no name", printable(path)));
  }
  return tree_.put_whiteout(place);
}

Status LayerWalk::take_file(TreeBuilder::Place place, const TarEntry& entry, TarReader& reader) {
  auto wants = wants_of(place);
  TRY_ASSIGN(const BuildId file, tree_.put(place, NodeKind::kFile));
  if (wants.empty()) return {};
  auto findings = analysis_.run(std::move(wants), entry.size, reader.content());
  if (!findings) return fail(with_path(std::move(findings).error(), path_));
  collector_.add(tree_, file, *std::move(findings));
  return {};
}

Status LayerWalk::take_hard_link(TreeBuilder::Place place, std::string_view target) {
  std::string target_path;
  TRY(archive::normalise_path(target, target_path));
  TRY_ASSIGN(const auto found, tree_.find(target_path));
  if (!found || tree_.kind(*found) == NodeKind::kWhiteout) {
    // No engine extracts it. The merge takes it for a link to what lower layers have there.
    if (target_path.empty())
      return fail(Code::kMalformed, fmt::format("{}: hard link without a target", printable(path_)));
    TRY(tree_.put(place, NodeKind::kHardLink, target_path));
    return {};
  }
  const NodeKind kind = tree_.kind(*found);
  if (is_directory(kind)) return fail(Code::kMalformed, fmt::format("{}: hard link to a directory", printable(path_)));
  if (kind != NodeKind::kFile) {
    TRY(tree_.put(place, kind, std::string(tree_.target(*found))));
    return {};
  }
  const BuildId first_name = tree_.first_name(*found);
  TRY_ASSIGN(const BuildId link, tree_.put_hard_link(place, *found));
  for (const ContentAnalysis::Finding& finding : collector_.of(tree_, link)) TRY(analysis_.count(finding));
  return note_unexamined(place, link, first_name);
}

Status LayerWalk::note_unexamined(TreeBuilder::Place place, BuildId link, BuildId first_name) {
  const auto wants = wants_of(place);
  if (wants.empty()) return {};
  const std::vector<Pattern>& patterns = analysers_.matcher().patterns();
  const std::string first_path = tree_.path(first_name);
  matches_.clear();
  analysers_.matcher().match(first_path, matches_);
  const auto extra = extra_wants_.find(first_path);
  for (const ContentAnalysis::Want& want : wants) {
    const Pattern& pattern = patterns[want.pattern];
    const bool examined =
        std::ranges::any_of(matches_,
                            [&](const PatternMatch& m) { return pattern.is_covered_by(patterns[m.pattern]); }) ||
        (extra != extra_wants_.end() &&
         std::ranges::any_of(extra->second, [&](const auto& e) { return pattern.is_covered_by(patterns[e.pattern]); }));
    if (examined) continue;
    TRY(analysis_.count_bytes(sizeof(PendingUnexamined) + first_path.size() + want.wanted_as.size()));
    unexamined_.push_back(
        {.node = link, .want = {.path = first_path, .wanted_as = want.wanted_as, .analyser = pattern.analyser}});
  }
  return {};
}

Result<LayerFacts> LayerWalk::finish() && {
  std::vector<NodeId> final_ids;
  LayerFacts facts = std::move(collector_).finish(std::move(tree_), final_ids);
  for (PendingUnexamined& pending : unexamined_) {
    if (final_ids[pending.node] == TreeBuilder::kGone) continue;
    facts.unexamined.push_back({.node = final_ids[pending.node], .want = std::move(pending.want)});
  }
  std::ranges::sort(facts.unexamined);
  facts.extras = std::move(extras_);
  return facts;
}

}  // namespace bulkhead::layer
