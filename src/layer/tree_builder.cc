#include "layer/tree_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::layer {
namespace {

using archive::Limits;

constexpr int kMaxLinks = 40;  // path_resolution(7)
constexpr std::string_view kMetadataPrefix = ".wh..wh.";

uint64_t multiply_fold(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64U);
}

// Keyed, so that nobody can choose names that collide.
uint64_t hash_name(uint64_t key, BuildId folder, std::string_view name) {
  uint64_t hash = multiply_fold(key ^ folder, 0x9e3779b97f4a7c15ULL ^ name.size());
  while (!name.empty()) {
    uint64_t word = 0;
    const size_t size = std::min(name.size(), sizeof word);
    std::memcpy(&word, name.data(), size);
    hash = multiply_fold(hash ^ word, key | 1U);
    name.remove_prefix(size);
  }
  return multiply_fold(hash, 0xd6e8feb86659fd93ULL);
}

uint64_t random_key() {
  std::random_device device;
  return uint64_t{device()} << 32U | device();
}

}  // namespace

TreeBuilder::TreeBuilder(const Limits& limits, LayerAccount& account, const PathMatcher& matcher)
    : limits_(limits), account_(account), table_(1024, 0), hash_key_(random_key()), states_(matcher) {
  nodes_.push_back({.parent = 0, .text = 0, .extra = 0, .name_size = 0, .kind = NodeKind::kDirectory, .flags = 0});
  directories_.push_back({.state = MatchStates::kRoot, .path_size = 0});
}

NodeKind TreeBuilder::kind(BuildId node) const {
  return nodes_[node].kind;
}

std::string_view TreeBuilder::name(BuildId node) const {
  return std::string_view(texts_).substr(nodes_[node].text, nodes_[node].name_size);
}

std::string_view TreeBuilder::target(BuildId node) const {
  const Node& n = nodes_[node];
  const bool is_link = n.kind == NodeKind::kSymlink || n.kind == NodeKind::kHardLink;
  return is_link ? std::string_view(texts_).substr(size_t{n.text} + n.name_size, n.extra) : std::string_view();
}

std::string TreeBuilder::path(BuildId node) const {
  std::vector<std::string_view> names;
  for (BuildId at = node; at != kRoot; at = nodes_[at].parent) names.push_back(name(at));
  std::string path;
  for (auto it = names.rbegin(); it != names.rend(); ++it) {
    if (!path.empty()) path += '/';
    path += *it;
  }
  return path;
}

BuildId TreeBuilder::first_name(BuildId file) const {
  return (nodes_[file].flags & kLinked) != 0 ? nodes_[file].extra : file;
}

uint32_t TreeBuilder::content(BuildId file) const {
  return nodes_[file].kind == NodeKind::kFile ? nodes_[first_name(file)].extra : kNoContent;
}

void TreeBuilder::set_content(BuildId file, uint32_t content) {
  nodes_[first_name(file)].extra = content;
}

// The slot that holds the node of that name, or the free one where it would stand.
size_t TreeBuilder::table_slot(BuildId folder, std::string_view name_sought) const {
  const size_t mask = table_.size() - 1;
  size_t slot = hash_name(hash_key_, folder, name_sought) & mask;
  while (table_[slot] != 0) {
    const Node& node = nodes_[table_[slot]];
    if (node.parent == folder && name(table_[slot]) == name_sought) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void TreeBuilder::grow_table() {
  const std::vector<BuildId> old = std::exchange(table_, std::vector<BuildId>(table_.size() * 2, 0));
  for (const BuildId node : old) {
    if (node != 0) table_[table_slot(nodes_[node].parent, name(node))] = node;
  }
}

std::optional<BuildId> TreeBuilder::child(BuildId folder, std::string_view name_sought) const {
  const BuildId node = table_[table_slot(folder, name_sought)];
  return node == 0 ? std::nullopt : std::optional(node);
}

Result<uint32_t> TreeBuilder::add_text(std::string_view name_text, std::string_view target_text) {
  const size_t size = name_text.size() + target_text.size();
  TRY(account_.take(Cost::kNameBytes, size));
  if (size > std::numeric_limits<uint32_t>::max() - texts_.size()) {
    return fail(Code::kUnsupported, "more than 4 GiB of file names in one layer");
  }
  const auto offset = static_cast<uint32_t>(texts_.size());
  texts_.append(name_text).append(target_text);
  return offset;
}

Result<BuildId> TreeBuilder::add(Place place, NodeKind kind, std::string_view target, uint8_t flags) {
  TRY(account_.take(Cost::kNodes, 1));
  if (nodes_.size() >= kGone) return fail(Code::kUnsupported, "more than 2^32 files in one layer");
  if (place.name.size() > std::min<uint64_t>(limits_.max_path_bytes, std::numeric_limits<uint16_t>::max())) {
    return fail(archive::limit_passed(limits_, &Limits::max_path_bytes));
  }
  if (nodes_.size() * 3 > table_.size() * 2) grow_table();
  const size_t slot = table_slot(place.folder, place.name);
  TRY_ASSIGN(const uint32_t text, add_text(place.name, {}));
  const auto node = static_cast<BuildId>(nodes_.size());
  nodes_.push_back({.parent = place.folder,
                    .text = text,
                    .extra = 0,
                    .name_size = static_cast<uint16_t>(place.name.size()),
                    .kind = NodeKind::kOther,
                    .flags = flags});
  table_[slot] = node;
  TRY(become(node, kind, target));
  return node;
}

// Makes a node that is no directory into another kind of node.
Status TreeBuilder::become(BuildId node, NodeKind kind, std::string_view target) {
  uint32_t extra = kNoContent;
  if (is_directory(kind)) {
    const Directory& folder = directories_[nodes_[nodes_[node].parent].extra];
    const uint64_t path_size = uint64_t{folder.path_size} + (folder.path_size == 0 ? 0 : 1) + nodes_[node].name_size;
    if (path_size > limits_.max_path_bytes) return fail(archive::limit_passed(limits_, &Limits::max_path_bytes));
    extra = static_cast<uint32_t>(directories_.size());
    directories_.push_back(
        {.state = states_.child(folder.state, name(node)), .path_size = static_cast<uint32_t>(path_size)});
  } else if (!target.empty()) {
    // A target stands behind its name.
    const std::string own_name(name(node));
    TRY_ASSIGN(nodes_[node].text, add_text(own_name, target));
    extra = static_cast<uint32_t>(target.size());
  }
  nodes_[node].kind = kind;
  nodes_[node].extra = extra;
  return {};
}

Result<BuildId> TreeBuilder::put_directory(Place place) {
  if (place.name.empty()) return kRoot;
  const auto present = child(place.folder, place.name);
  if (!present) return add(place, NodeKind::kDirectory, {}, 0);
  if (is_directory(kind(*present))) return *present;
  return put(place, NodeKind::kDirectory);
}

Result<BuildId> TreeBuilder::put(Place place, NodeKind kind, std::string_view target) {
  const auto present = child(place.folder, place.name);
  if (!present) return add(place, kind, target, 0);
  last_folder_.reset();
  Node& node = nodes_[*present];
  // A file's node may be the first name of others, so it stays, out of the tree.
  if (!is_directory(node.kind) && node.kind != NodeKind::kFile) {
    TRY(become(*present, kind, target));
    return *present;
  }
  node.flags |= kReplaced;
  return add(place, kind, target, node.flags & kHidesLower);
}

Result<BuildId> TreeBuilder::put_hard_link(Place place, BuildId file) {
  const BuildId first = first_name(file);
  TRY_ASSIGN(const BuildId node, put(place, NodeKind::kFile));
  nodes_[node].flags |= kLinked;
  nodes_[node].extra = first;
  return node;
}

Status TreeBuilder::put_whiteout(Place place) {
  const auto present = child(place.folder, place.name);
  if (!present) {
    TRY(add(place, NodeKind::kWhiteout, {}, kHidesLower));
  } else {
    nodes_[*present].flags |= kHidesLower;
  }
  return {};
}

void TreeBuilder::make_opaque(BuildId directory) {
  nodes_[directory].kind = NodeKind::kOpaque;
}

Status TreeBuilder::follow(int& links, std::string_view link) const {
  if (++links > kMaxLinks) return fail(Code::kMalformed, "symbolic links go round in circles");
  return account_.take(Cost::kLinkBytes, link.size());
}

Result<BuildId> TreeBuilder::step(BuildId folder, std::string_view name_sought, int& links) {
  const auto present = child(folder, name_sought);
  if (present && is_directory(kind(*present))) return *present;
  if (!present || kind(*present) != NodeKind::kSymlink) return put_directory({folder, name_sought});
  const std::string link(target(*present));  // a copy: what is made on the way may move the texts
  TRY(follow(links, link));
  return descend(link.starts_with('/') ? kRoot : folder, link, links);
}

Result<BuildId> TreeBuilder::descend(BuildId folder, std::string_view path, int& links) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      folder = nodes_[folder].parent;
      continue;
    }
    TRY_ASSIGN(folder, step(folder, segment, links));
  }
  return folder;
}

Result<TreeBuilder::Place> TreeBuilder::place(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return Place{kRoot, path};
  const std::string_view folder_path = path.substr(0, slash);
  const std::string_view last = path.substr(slash + 1);
  if (last_folder_ && last_folder_path_ == folder_path) return Place{*last_folder_, last};
  int links = 0;
  auto folder = descend(kRoot, folder_path, links);
  if (!folder) return fail(std::move(folder).error().with_context(printable(path)));
  last_folder_ = *folder;
  last_folder_path_ = folder_path;
  return Place{*folder, last};
}

Result<std::optional<BuildId>> TreeBuilder::find(std::string_view path) const {
  std::string rest(path);
  BuildId node = kRoot;
  int links = 0;
  for (size_t at = 0; at < rest.size();) {
    const size_t slash = std::min(rest.find('/', at), rest.size());
    const std::string_view segment = std::string_view(rest).substr(at, slash - at);
    const bool is_last = slash == rest.size();
    if (segment == "..") {
      node = nodes_[node].parent;
    } else if (!segment.empty() && segment != ".") {
      if (!is_directory(kind(node))) return std::nullopt;
      const auto present = child(node, segment);
      if (!present) return std::nullopt;
      if (kind(*present) == NodeKind::kSymlink && !is_last) {
        const std::string_view link = target(*present);
        if (auto followed = follow(links, link); !followed) {
          if (followed.error().code() == Code::kLimitExceeded) return fail(std::move(followed).error());
          return std::nullopt;
        }
        if (link.starts_with('/')) node = kRoot;
        rest = fmt::format("{}{}", link, std::string_view(rest).substr(slash));
        at = 0;
        continue;
      }
      node = *present;
    }
    at = slash + 1;
  }
  return node;
}

void TreeBuilder::match(Place place, std::vector<PatternMatch>& matches) const {
  states_.match(directories_[nodes_[place.folder].extra].state, place.name, matches);
}

// The nodes that are left, grouped by folder (begins: where each one's begin, by its directory number) and sorted by
// name.
std::vector<BuildId> TreeBuilder::order_children(const std::vector<NodeId>& final_ids,
                                                 std::vector<uint32_t>& begins) const {
  begins.assign(directories_.size() + 1, 0);
  for (BuildId id = 1; id < nodes_.size(); ++id) {
    if (final_ids[id] != kGone) ++begins[nodes_[nodes_[id].parent].extra + 1];
  }
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<BuildId> ordered(begins.back());
  std::vector<uint32_t> next(begins.begin(), begins.end() - 1);
  for (BuildId id = 1; id < nodes_.size(); ++id) {
    if (final_ids[id] != kGone) ordered[next[nodes_[nodes_[id].parent].extra]++] = id;
  }
  const auto by_name = [this](BuildId a, BuildId b) { return name(a) < name(b); };
  for (size_t i = 0; i + 1 < begins.size(); ++i) {
    const auto first = ordered.begin() + begins[i];
    const auto last = ordered.begin() + begins[i + 1];
    if (!std::is_sorted(first, last, by_name)) std::sort(first, last, by_name);  // archives mostly are
  }
  return ordered;
}

LayerTree TreeBuilder::finish(std::vector<NodeId>& final_ids) && {
  table_ = {};
  final_ids.assign(nodes_.size(), 0);
  size_t left = 1;
  for (BuildId id = 1; id < nodes_.size(); ++id) {
    const Node& node = nodes_[id];
    // `.wh..wh.*` are the notes of a union file system of old; they only serve as targets of hard links.
    const bool gone =
        (node.flags & kReplaced) != 0 || final_ids[node.parent] == kGone || name(id).starts_with(kMetadataPrefix);
    final_ids[id] = gone ? kGone : 0;
    if (!gone) ++left;
  }
  std::vector<uint32_t> begins;
  const std::vector<BuildId> ordered = order_children(final_ids, begins);

  LayerTreeAssembler assembler(left, texts_.size());
  std::vector<BuildId> folders = {kRoot};
  const auto add_final = [&](BuildId id, NodeId parent) {
    const Node& node = nodes_[id];
    const bool hides = is_directory(node.kind) && (node.flags & kHidesLower) != 0;
    final_ids[id] = static_cast<NodeId>(assembler.size());
    const Status added = assembler.add(parent, hides ? NodeKind::kOpaque : node.kind, name(id), target(id));
    if (!added) std::abort();  // the order above is the one it asks for
  };
  add_final(kRoot, LayerTree::kRoot);
  for (size_t f = 0; f < folders.size(); ++f) {
    const uint32_t directory = nodes_[folders[f]].extra;
    for (uint32_t i = begins[directory]; i < begins[directory + 1]; ++i) {
      add_final(ordered[i], final_ids[folders[f]]);
      if (is_directory(nodes_[ordered[i]].kind)) folders.push_back(ordered[i]);
    }
  }
  return std::move(assembler).finish();
}

}  // namespace bulkhead::layer
