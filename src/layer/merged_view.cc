#include "layer/merged_view.h"

#include <algorithm>

namespace bulkhead::layer {

bool MergedView::stack(Folder& folder, NodeRef ref) const {
  folder.push_back(ref);
  return trees_[ref.layer]->kind(ref.node) != NodeKind::kOpaque;
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

const Visibility::Above& Visibility::above(NodeRef directory) {
  const uint64_t key = uint64_t{directory.layer} << 32U | directory.node;
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  Above result;
  if (directory.node == LayerTree::kRoot) {
    for (auto layer = directory.layer + 1; layer < trees_.size(); ++layer) {
      result.directories.push_back({layer, LayerTree::kRoot});
      result.hidden = result.hidden || trees_[layer]->kind(LayerTree::kRoot) == NodeKind::kOpaque;
    }
  } else {
    const LayerTree& tree = *trees_[directory.layer];
    const Above& parent = above({directory.layer, tree.parent(directory.node)});
    result.hidden = parent.hidden;
    for (const NodeRef& upper : parent.directories) {
      const auto child = trees_[upper.layer]->find_child(upper.node, tree.name(directory.node));
      if (!child) continue;
      if (trees_[upper.layer]->kind(*child) == NodeKind::kDirectory) {
        result.directories.push_back({upper.layer, *child});
      } else {
        result.hidden = true;
      }
    }
  }
  return known_.emplace(key, std::move(result)).first->second;
}

bool Visibility::is_visible(NodeRef ref) {
  const LayerTree& tree = *trees_[ref.layer];
  if (ref.node == LayerTree::kRoot) return true;
  const Above& folder = above({ref.layer, tree.parent(ref.node)});
  return !folder.hidden && std::ranges::none_of(folder.directories, [&](const NodeRef& upper) {
    return trees_[upper.layer]->find_child(upper.node, tree.name(ref.node)).has_value();
  });
}

}  // namespace bulkhead::layer
