// What all analysers of a scan want, compiled: which patterns a file's path matches, found without looking at most of
// them. Internal to this folder; AnalyserSet makes it.
//
// The patterns form a trie of segments. A walk carries along, for each directory, the set of trie nodes that its path
// has reached (a State); nearly all directories have reached none, and their files are turned down by that alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "layer/analyser.h"

namespace bulkhead::layer {

struct Pattern {
  uint32_t analyser = 0;              // index into PathMatcher::analysers()
  std::vector<std::string> segments;  // at least one
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

// Immutable; thread-safe. The analysers must outlive it.
class PathMatcher {
 public:
  static Result<std::shared_ptr<const PathMatcher>> compile(std::span<const Analyser* const> analysers);

  std::span<const Analyser* const> analysers() const { return analysers_; }
  const std::vector<Pattern>& patterns() const { return patterns_; }
  const std::string& identity() const { return identity_; }

  // The patterns that `path` (relative, resolved) matches, appended to `matches`.
  void match(std::string_view path, std::vector<PatternMatch>& matches) const;

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

  std::vector<const Analyser*> analysers_;
  std::vector<Pattern> patterns_;
  std::vector<TrieNode> trie_{1};
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

  // The patterns that the file `name`, in a folder of that state, matches; appended to `matches`.
  void match(State state, std::string_view name, std::vector<PatternMatch>& matches) const;

 private:
  using Set = std::vector<uint32_t>;  // of trie nodes, sorted

  template <typename Use>
  void for_next(State state, std::string_view name, Use&& use) const;

  const PathMatcher& matcher_;
  std::vector<Set> sets_;  // by State
};

}  // namespace bulkhead::layer
