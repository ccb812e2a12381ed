// The file tree that grows while a layer's entries are extracted, in memory and without contents. Internal to this
// folder.
//
// Entries are laid down as a container engine lays them into the layer's empty directory (containerd and Docker,
// chrooted there): later ones replace earlier ones, a directory joins a directory, parents are followed through
// symbolic links of this layer and made where they are missing. Where engines fail (a file as a parent), the later
// entry wins.
//
// Numbers of nodes do not change while the tree grows, but a node may be replaced; parents have lower numbers than
// their children. Memory: about 25 bytes a node beside its name. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "base/result.h"
#include "layer/image_budget.h"
#include "layer/layer_tree.h"
#include "layer/path_matcher.h"

namespace bulkhead::layer {

using BuildId = uint32_t;

class TreeBuilder {
 public:
  static constexpr BuildId kRoot = 0;
  static constexpr uint32_t kNoContent = 0;

  // `account` and `matcher` must outlive the builder.
  TreeBuilder(const archive::Limits& limits, LayerAccount& account, const PathMatcher& matcher);
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;

  // A normalised path, taken apart: its folder, resolved and made where it is missing, and its last name (into `path`;
  // empty for the root itself). kMalformed when symbolic links go round in circles.
  struct Place {
    BuildId folder = kRoot;
    std::string_view name;
  };
  Result<Place> place(std::string_view path);
  // The same without making anything; nothing when it does not exist. kLimitExceeded.
  Result<std::optional<BuildId>> find(std::string_view path) const;
  // By exact name; follows no link.
  std::optional<BuildId> child(BuildId folder, std::string_view name) const;

  // Each puts a node in a place where another may be. kLimitExceeded past the image's budget of nodes, implied folders
  // included, and of names and targets; kUnsupported past 2^32 bytes of them in one layer.
  Result<BuildId> put_directory(Place place);
  Result<BuildId> put(Place place, NodeKind kind, std::string_view target = {});
  // Hides what lower layers have of that name; what this layer puts there, before or after, stays visible.
  Status put_whiteout(Place place);
  void make_opaque(BuildId directory);

  NodeKind kind(BuildId node) const;
  std::string_view name(BuildId node) const;
  std::string_view target(BuildId node) const;
  std::string path(BuildId node) const;
  // Makes a file another name of `file`.
  Result<BuildId> put_hard_link(Place place, BuildId file);
  // The name under which a file's content stood in the layer; itself, unless it was made by put_hard_link. It may be
  // gone from the tree meanwhile.
  BuildId first_name(BuildId file) const;
  // What the caller knows about a file's content, as a number that all its names share; kNoContent at first.
  uint32_t content(BuildId file) const;
  void set_content(BuildId file, uint32_t content);
  size_t size() const { return nodes_.size(); }

  // The patterns that a file there matches, appended.
  void match(Place place, std::vector<PatternMatch>& matches) const;

  // The tree, and the number in it of each node that is left (in `final_ids`, by BuildId; kGone for the others). The
  // builder is empty afterwards.
  LayerTree finish(std::vector<NodeId>& final_ids) &&;
  static constexpr NodeId kGone = UINT32_MAX;

 private:
  static constexpr uint8_t kReplaced = 1;    // and everything below it
  static constexpr uint8_t kHidesLower = 2;  // there is a whiteout of this name, too
  static constexpr uint8_t kLinked = 4;      // a file whose extra is the number of its first name
  struct Node {
    BuildId parent;
    uint32_t text;   // offset of the name in texts_; a target follows its name
    uint32_t extra;  // directories: index into directories_; links: size of the target; files: content
    uint16_t name_size;
    NodeKind kind;
    uint8_t flags;
  };
  struct Directory {
    MatchStates::State state;
    uint32_t path_size;
  };

  size_t table_slot(BuildId folder, std::string_view name) const;
  void grow_table();
  Result<BuildId> descend(BuildId folder, std::string_view path, int& links);
  Result<BuildId> step(BuildId folder, std::string_view name, int& links);
  Result<BuildId> add(Place place, NodeKind kind, std::string_view target, uint8_t flags);
  Status become(BuildId node, NodeKind kind, std::string_view target);
  Status follow(int& links, std::string_view link) const;
  Result<uint32_t> add_text(std::string_view name, std::string_view target);
  std::vector<BuildId> order_children(const std::vector<NodeId>& final_ids, std::vector<uint32_t>& begins) const;

  const archive::Limits limits_;
  LayerAccount& account_;
  std::vector<Node> nodes_;
  std::vector<Directory> directories_;
  std::string texts_;
  std::vector<BuildId>
      table_;  // nodes by folder and name: open addressing; 0 (the root, which is in no folder) is free
  uint64_t hash_key_;
  MatchStates states_;
  std::string last_folder_path_;  // most entries stand in the folder of the one before
  std::optional<BuildId> last_folder_;
};

}  // namespace bulkhead::layer
