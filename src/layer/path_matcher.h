// What all analysers of a scan want, compiled: which patterns a file's path matches, found without looking at most of
// them. Internal to this folder; AnalyserSet makes it.
//
// Patterns without `**` form a trie of segments. A walk carries along, for each directory, the set of trie nodes that
// its path has reached (a State); nearly all directories have reached none, and their files are turned down by that
// alone. Patterns with `**` are found by the file's own name: by a table of literal names, a table of extensions and a
// list of what is left, each guarded by a cheap filter; only then are the folders above compared.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "layer/analyser.h"

namespace bulkhead::layer {

// Whether `text` is `pattern`, whose `*` stand for any bytes, also none.
bool matches_glob(std::string_view pattern, std::string_view text);

struct Pattern {
  uint32_t analyser = 0;  // index into PathMatcher::analysers()
  bool any_depth = false;
  std::vector<std::string> segments;  // without the leading `**`; at least one
  uint64_t max_bytes = 0;
  std::string magic;

  // What was looked into for `other` has been looked into for this one, too.
  bool is_covered_by(const Pattern& other) const {
    return other.analyser == analyser && other.max_bytes >= max_bytes && (other.magic.empty() || other.magic == magic);
  }
};

struct PatternMatch {
  uint32_t pattern = 0;  // index into PathMatcher::patterns()
  uint32_t dropped = 0;  // bytes to drop from the path's front to get one that the pattern itself matches (usr-merge)
};

// The first segments, up to and with `segment`, of a pattern with `**`.
struct PatternHead {
  uint32_t pattern = 0;
  uint32_t segment = 0;
};

// Heads by their last segment.
class HeadIndex {
 public:
  void add(PatternHead head, std::string_view last_segment);
  // Calls use(head) for each head whose last segment `name` may match; the caller compares.
  template <typename Use>
  void for_candidates(std::string_view name, Use&& use) const {
    if (name.empty()) return;
    if ((literal_sizes_[static_cast<uint8_t>(name[0])] & size_bit(name)) != 0) {
      if (const auto found = literals_.find(name); found != literals_.end()) {
        for (const PatternHead head : found->second) use(head);
      }
    }
    if (!extensions_.empty()) {
      if (const auto found = extensions_.find(extension_of(name)); found != extensions_.end()) {
        for (const PatternHead head : found->second) use(head);
      }
    }
    for (const PatternHead head : others_) use(head);
  }
  bool empty() const { return literals_.empty() && extensions_.empty() && others_.empty(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Table = std::unordered_map<std::string, std::vector<PatternHead>, Hash, std::equal_to<>>;

  static uint64_t size_bit(std::string_view name) { return uint64_t{1} << (name.size() & 63U); }
  static std::string_view extension_of(std::string_view name);

  std::array<uint64_t, 256> literal_sizes_{};  // by first byte: which sizes (modulo 64) the literals have
  Table literals_;
  Table extensions_;  // of segments "*…" that hold a dot: from the last dot on
  std::vector<PatternHead> others_;
};

// Immutable; thread-safe. The analysers must outlive it.
class PathMatcher {
 public:
  static Result<std::shared_ptr<const PathMatcher>> compile(std::span<const Analyser* const> analysers);

  std::span<const Analyser* const> analysers() const { return analysers_; }
  const std::vector<Pattern>& patterns() const { return patterns_; }
  const std::string& identity() const { return identity_; }
  bool has_any_depth() const { return !files_.empty(); }

  // The patterns that `path` (relative, resolved) matches, appended to `matches`.
  void match(std::string_view path, std::vector<PatternMatch>& matches) const;

  // Calls use(head) for each head of a pattern with `**` that the file `name`, in the folder ancestor(1) below
  // ancestor(2) …, matches. `ancestor` gives an optional name; nothing above the root.
  template <typename Ancestor, typename Use>
  void for_heads(std::string_view name, Ancestor&& ancestor, Use&& use) const {
    heads_.for_candidates(name, [&](PatternHead head) {
      if (matches_head(head, name, ancestor)) use(head);
    });
  }

 private:
  friend class MatchStates;
  struct TrieNode {
    std::vector<std::pair<std::string, uint32_t>> literals;  // sorted: segment, node
    std::vector<std::pair<std::string, uint32_t>> globs;
    std::vector<PatternMatch> accepts;
  };

  Status add_pattern(uint32_t analyser, const WantedPath& want);
  void add_to_trie(std::span<const std::string> segments, PatternMatch accept);
  void add_to_identity(std::string_view text);

  template <typename Ancestor>
  bool matches_head(PatternHead head, std::string_view name, Ancestor&& ancestor) const {
    const std::vector<std::string>& segments = patterns_[head.pattern].segments;
    if (!matches_glob(segments[head.segment], name)) return false;
    for (uint32_t up = 1; up <= head.segment; ++up) {
      const std::optional<std::string_view> above = ancestor(up);
      if (!above || !matches_glob(segments[head.segment - up], *above)) return false;
    }
    return true;
  }

  std::vector<const Analyser*> analysers_;
  std::vector<Pattern> patterns_;
  std::vector<TrieNode> trie_{1};
  HeadIndex files_;  // whole patterns
  HeadIndex heads_;  // whole patterns and all their beginnings
  std::string identity_;
};

// The trie nodes that paths have reached, as small numbers. One per walk; not thread-safe. `matcher` must outlive it.
class MatchStates {
 public:
  using State = uint32_t;
  static constexpr State kNone = 0;
  static constexpr State kRoot = 1;

  explicit MatchStates(const PathMatcher& matcher);

  // The state of the folder `name` in a folder of that state.
  State child(State state, std::string_view name);

  // The patterns that the file `name`, in a folder of that state and with folders above it as for
  // PathMatcher::for_heads, matches; appended to `matches`.
  template <typename Ancestor>
  void match(State state, std::string_view name, Ancestor&& ancestor, std::vector<PatternMatch>& matches) const {
    if (state != kNone) match_anchored(state, name, matches);
    matcher_.files_.for_candidates(name, [&](PatternHead head) {
      if (matcher_.matches_head(head, name, ancestor)) matches.push_back({head.pattern, 0});
    });
  }

 private:
  using Set = std::vector<uint32_t>;  // of trie nodes, sorted

  void match_anchored(State state, std::string_view name, std::vector<PatternMatch>& matches) const;
  template <typename Use>
  void for_next(State state, std::string_view name, Use&& use) const;

  const PathMatcher& matcher_;
  std::vector<Set> sets_;  // by State
};

}  // namespace bulkhead::layer
