#include "layer/merged_view.h"

#include <algorithm>

namespace bulkhead::layer {

bool MergedView::stack(Folder& folder, NodeRef ref) const {
  folder.push_back(ref);
  return trees_[ref.layer]->kind(ref.node) != NodeKind::kOpaque;
}

MergedView::LinksBelow MergedView::find_links(std::span<const LayerTree* const> trees) {
  LinksBelow links;
  links.reserve(trees.size());
  for (const LayerTree* tree : trees) {
    std::vector<bool>& below = links.emplace_back(tree->size());
    // Nodes are numbered level by level: what is below a node has a higher number.
    for (auto node = static_cast<NodeId>(tree->size()); node-- > 1;) {
      const NodeKind kind = tree->kind(node);
      if (below[node] || kind == NodeKind::kSymlink || kind == NodeKind::kHardLink) below[tree->parent(node)] = true;
    }
  }
  return links;
}

uint64_t MergedView::names_cost(const Folder& folder) const {
  uint64_t cost = 0;
  for (size_t part = 0; part < folder.size(); ++part) {
    const auto [first, end] = trees_[folder[part].layer]->children(folder[part].node);
    // Each name is looked up in the parts above, unless nothing is asked of it.
    cost += uint64_t{end - first} * (links_ == nullptr ? part + 1 : 1);
  }
  return cost;
}

bool MergedView::may_lead_to_news(NodeRef ref) const {
  if (links_ == nullptr || is_of_top(ref)) return true;
  const NodeKind kind = trees_[ref.layer]->kind(ref.node);
  return kind == NodeKind::kSymlink || kind == NodeKind::kHardLink || (*links_)[ref.layer][ref.node];
}

bool MergedView::may_lead_to_news(const Found<MergedView>& found) const {
  using Kind = Found<MergedView>::Kind;
  if (links_ == nullptr) return true;
  if (found.kind == Kind::kFile) return is_of_top(found.file);
  return found.kind == Kind::kFolder &&
         std::ranges::any_of(found.folder, [this](const NodeRef& part) { return may_lead_to_news(part); });
}

MergedView::Folder MergedView::root() const {
  Folder folder;
  for (size_t i = trees_.size(); i-- > 0;) {
    if (!stack(folder, {static_cast<uint32_t>(i), LayerTree::kRoot})) break;
  }
  return folder;
}

Found<MergedView> MergedView::look_up(const Folder& folder, std::string_view name) const {
  using Kind = Found<MergedView>::Kind;
  Found<MergedView> found;
  for (const NodeRef& part : folder) {
    const LayerTree& tree = *trees_[part.layer];
    const auto child = tree.find_child(part.node, name);
    if (!child) continue;
    const NodeKind kind = tree.kind(*child);
    if (is_directory(kind)) {
      found.kind = Kind::kFolder;
      if (!stack(found.folder, {part.layer, *child})) break;
      continue;
    }
    if (found.kind == Kind::kNothing) {
      found.file = {part.layer, *child};
      switch (kind) {
        case NodeKind::kFile:
          found.kind = Kind::kFile;
          break;
        case NodeKind::kSymlink:
        case NodeKind::kHardLink:
          found.kind = Kind::kLink;
          break;
        case NodeKind::kOther:
          found.kind = Kind::kOther;
          break;
        default:
          break;
      }
    }
    break;
  }
  return found;
}

bool MergedView::is_in_any(std::span<const NodeRef> directories, std::string_view name) const {
  return std::ranges::any_of(directories, [&](const NodeRef& directory) {
    return trees_[directory.layer]->find_child(directory.node, name).has_value();
  });
}

std::string MergedView::link_target(const File& file) const {
  const LayerTree& tree = *trees_[file.layer];
  std::string target(tree.target(file.node));
  if (tree.kind(file.node) == NodeKind::kHardLink) target.insert(0, "/");
  return target;
}

}  // namespace bulkhead::layer
