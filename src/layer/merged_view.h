// Layers' trees seen as one, as overlayfs stacks them. Internal to this folder; merged_image.h is the way in.
// Source: Linux Documentation/filesystems/overlayfs.rst, "Upper and Lower", "whiteouts and opaque directories".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "layer/layer_tree.h"
#include "layer/path_matcher.h"
#include "layer/resolver.h"

namespace bulkhead::layer {

struct NodeRef {
  uint32_t layer = 0;
  NodeId node = 0;
  friend auto operator<=>(const NodeRef&, const NodeRef&) = default;
};

// A View for Resolver. The trees must outlive it.
class MergedView {
 public:
  // The directories that make up one of the image's, top layer first.
  using Folder = std::vector<NodeRef>;
  using File = NodeRef;

  // Of each node of each tree, whether a link is below it.
  using LinksBelow = std::vector<std::vector<bool>>;
  static LinksBelow find_links(std::span<const LayerTree* const> trees);

  // Bottom first.
  explicit MergedView(std::span<const LayerTree* const> trees) : trees_(trees) {}
  // The same, asked only for what the topmost of the trees makes different. `links` must outlive it.
  MergedView(std::span<const LayerTree* const> trees, const LinksBelow& links) : trees_(trees), links_(&links) {}

  Folder root() const;
  Found<MergedView> look_up(const Folder& folder, std::string_view name) const;
  template <typename Use>
  Status for_names(const Folder& folder, std::string_view glob, bool all, Use&& use) const {
    for (size_t part = 0; part < folder.size(); ++part) {
      const LayerTree& tree = *trees_[folder[part].layer];
      const auto [first, end] = tree.children(folder[part].node);
      for (NodeId node = first; node < end; ++node) {
        if (!all && !may_lead_to_news({folder[part].layer, node})) continue;
        const std::string_view name = tree.name(node);
        if (matches_glob(glob, name) && !is_in_any(std::span(folder).first(part), name)) TRY(use(name));
      }
    }
    return {};
  }
  // A hard link to what the layer itself does not have counts as a symbolic one from the root.
  std::string link_target(const File& file) const;

  uint64_t look_up_cost(const Folder& folder) const { return folder.size(); }
  uint64_t names_cost(const Folder& folder) const;
  bool is_news(const Folder& folder) const { return links_ != nullptr && is_of_top(folder.front()); }
  bool is_news_link(const File& link) const { return links_ != nullptr && is_of_top(link); }
  bool may_lead_to_news(const Found<MergedView>& found) const;

 private:
  bool is_of_top(NodeRef ref) const { return ref.layer + 1 == trees_.size(); }
  bool may_lead_to_news(NodeRef ref) const;
  bool is_in_any(std::span<const NodeRef> directories, std::string_view name) const;
  // False when nothing below this layer shows through.
  bool stack(Folder& folder, NodeRef ref) const;

  std::span<const LayerTree* const> trees_;
  const LinksBelow* links_ = nullptr;  // none: everything is asked for
};

}  // namespace bulkhead::layer
