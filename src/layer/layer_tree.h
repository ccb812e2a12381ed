// The files of one layer as its extraction into an empty directory leaves them: names, kinds and link targets, without
// contents. Enough to lay layers over each other exactly; about 20 bytes a file beside its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bulkhead::layer {

using NodeId = uint32_t;

enum class NodeKind : uint8_t {
  kDirectory,
  kOpaque,  // a directory that hides what lower layers have below it
  kFile,
  kSymlink,
  kHardLink,  // to a file that the layer itself does not have; its target is a path from the root
  kWhiteout,  // hides what lower layers have of that name
  kOther,     // device, FIFO, socket
};
inline bool is_directory(NodeKind kind) {
  return kind == NodeKind::kDirectory || kind == NodeKind::kOpaque;
}

// Immutable; safe to read from several threads. Views live as long as the tree. Nodes are numbered level by level,
// those of one directory in a row and sorted by name (bytes); the root is 0.
class LayerTree {
 public:
  static constexpr NodeId kRoot = 0;

  LayerTree();  // an empty root directory

  size_t size() const { return nodes_.size(); }
  NodeKind kind(NodeId node) const { return nodes_[node].kind; }
  std::string_view name(NodeId node) const;  // "" for the root
  NodeId parent(NodeId node) const { return nodes_[node].parent; }
  std::string_view target(NodeId node) const;  // of kSymlink and kHardLink
  std::string path(NodeId node) const;         // "usr/bin/env"

  struct Range {
    NodeId first = 0;
    NodeId end = 0;
  };
  Range children(NodeId directory) const;  // empty for anything but a directory
  std::optional<NodeId> find_child(NodeId directory, std::string_view name) const;
  // By exact path; follows no links.
  std::optional<NodeId> find(std::string_view path) const;

 private:
  friend class LayerTreeBuilder;
  struct Node {
    NodeId parent;
    uint32_t text;         // offset of the name in texts_; a target follows its name
    uint32_t first_child;  // directories: where their children begin; links: size of the target
    uint16_t name_size;
    NodeKind kind;
  };
  std::vector<Node> nodes_;
  std::string texts_;
};

}  // namespace bulkhead::layer
