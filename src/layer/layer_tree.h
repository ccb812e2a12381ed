// The files of one layer as its extraction into an empty directory leaves them: names, kinds and link targets, without
// contents. Enough to lay layers over each other exactly; about 20 bytes a file beside its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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
  friend class LayerTreeAssembler;
  struct Node {
    NodeId parent;
    uint32_t text;   // offset of the name in texts_; a target follows its name
    uint32_t extra;  // directories: index into first_children_; links: size of the target
    uint16_t name_size;
    NodeKind kind;
  };
  std::vector<Node> nodes_;
  std::vector<NodeId>
      first_children_;  // of each directory, in order; one more, so that the next one's begin is its end
  std::string texts_;
};

// Puts a tree together node by node, in the order of their numbers: how a walk's builder and the cache make trees.
class LayerTreeAssembler {
 public:
  // Room for so many nodes and bytes of names and targets; a hint.
  LayerTreeAssembler(size_t nodes, size_t text_bytes);

  // The root comes first; its name is empty. Then the children of each directory so far, in the directories' order, by
  // name. kMalformed when the name is none ("", ".", "..", with a slash or NUL, too long), a second node of its name or
  // out of order, or when there is no such parent; the assembler must not be used afterwards.
  Status add(NodeId parent, NodeKind kind, std::string_view name, std::string_view target);
  size_t size() const { return tree_.size(); }
  LayerTree finish() &&;

 private:
  LayerTree tree_;
  uint32_t directory_count_ = 0;
};

}  // namespace bulkhead::layer
