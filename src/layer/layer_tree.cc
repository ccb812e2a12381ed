#include "layer/layer_tree.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::layer {
namespace {

bool is_link(NodeKind kind) {
  return kind == NodeKind::kSymlink || kind == NodeKind::kHardLink;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= std::numeric_limits<uint16_t>::max() && name != "." && name != ".." &&
         !name.contains('/') && !name.contains('\0');
}

}  // namespace

LayerTree::LayerTree()
    : nodes_{{.parent = 0, .text = 0, .extra = 0, .name_size = 0, .kind = NodeKind::kDirectory}},
      first_children_{1, 1} {}

std::string_view LayerTree::name(NodeId node) const {
  return std::string_view(texts_).substr(nodes_[node].text, nodes_[node].name_size);
}

std::string_view LayerTree::target(NodeId node) const {
  const Node& n = nodes_[node];
  if (!is_link(n.kind)) return {};
  return std::string_view(texts_).substr(size_t{n.text} + n.name_size, n.extra);
}

std::string LayerTree::path(NodeId node) const {
  size_t size = 0;
  for (NodeId at = node; at != kRoot; at = parent(at)) size += nodes_[at].name_size + size_t{1};
  if (size == 0) return {};
  std::string path(size - 1, '/');
  size_t end = path.size();
  for (NodeId at = node; at != kRoot; at = parent(at)) {
    const std::string_view segment = name(at);
    end -= segment.size();
    segment.copy(path.data() + end, segment.size());
    end -= std::min<size_t>(end, 1);
  }
  return path;
}

LayerTree::Range LayerTree::children(NodeId directory) const {
  const Node& node = nodes_[directory];
  if (!is_directory(node.kind)) return {};
  return {first_children_[node.extra], first_children_[node.extra + 1]};
}

std::optional<NodeId> LayerTree::find_child(NodeId directory, std::string_view name_sought) const {
  auto [first, end] = children(directory);
  while (first < end) {
    const NodeId middle = first + (end - first) / 2;
    const int order = name(middle).compare(name_sought);
    if (order == 0) return middle;
    if (order < 0) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return std::nullopt;
}

std::optional<NodeId> LayerTree::find(std::string_view path) const {
  NodeId node = kRoot;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const auto child = find_child(node, path.substr(0, slash));
    if (!child) return std::nullopt;
    node = *child;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return node;
}

LayerTreeAssembler::LayerTreeAssembler(size_t nodes, size_t text_bytes) {
  tree_.nodes_.clear();
  tree_.first_children_.clear();
  tree_.nodes_.reserve(nodes);
  tree_.texts_.reserve(text_bytes);
}

Status LayerTreeAssembler::add(NodeId parent, NodeKind kind, std::string_view name, std::string_view target) {
  auto& nodes = tree_.nodes_;
  const auto node = static_cast<NodeId>(nodes.size());
  if (nodes.size() == std::numeric_limits<NodeId>::max() ||
      tree_.texts_.size() + name.size() + target.size() > std::numeric_limits<uint32_t>::max()) {
    return fail(Code::kMalformed, "tree of more than 4 GiB");
  }
  if (nodes.empty()) {
    if (!name.empty() || parent != LayerTree::kRoot || !is_directory(kind)) {
      return fail(Code::kMalformed, "tree without a root directory");
    }
  } else {
    if (!is_name(name)) return fail(Code::kMalformed, fmt::format("\"{}\" is no file name", printable(name)));
    if (parent >= nodes.size() || !is_directory(nodes[parent].kind)) {
      return fail(Code::kMalformed, "tree node whose parent is no directory");
    }
    const bool first_of_parent = nodes.back().parent != parent || nodes.size() == 1;
    if (first_of_parent ? nodes.size() > 1 && nodes[parent].extra < nodes[nodes.back().parent].extra
                        : tree_.name(node - 1) >= name) {
      return fail(Code::kMalformed, "tree nodes out of order");
    }
    if (first_of_parent) {
      // Directories before the parent that had no child yet have none.
      while (tree_.first_children_.size() <= nodes[parent].extra) tree_.first_children_.push_back(node);
    }
  }
  uint32_t extra = 0;
  if (is_directory(kind)) extra = directory_count_++;
  if (is_link(kind)) extra = static_cast<uint32_t>(target.size());
  nodes.push_back({.parent = parent,
                   .text = static_cast<uint32_t>(tree_.texts_.size()),
                   .extra = extra,
                   .name_size = static_cast<uint16_t>(name.size()),
                   .kind = kind});
  tree_.texts_.append(name);
  if (is_link(kind)) tree_.texts_.append(target);
  return {};
}

LayerTree LayerTreeAssembler::finish() && {
  tree_.first_children_.resize(size_t{directory_count_} + 1, static_cast<NodeId>(tree_.nodes_.size()));
  return std::move(tree_);
}

}  // namespace bulkhead::layer
