#include "layer/path_matcher.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/glob.h"
#include "base/text.h"
#include "layer/analyser_set.h"

namespace bulkhead::layer {
namespace {

// usr-merge: these folders are links into usr/ on merged systems, so that a layer holds their files there, mostly
// without holding the links. Looking there at once saves a second walk; the merge decides whether the links are there.
constexpr std::string_view kMergedIntoUsr[] = {"bin", "lib", "lib32", "lib64", "libx32", "sbin"};
constexpr std::string_view kUsr = "usr/";

std::unexpected<Error> invalid(const Analyser& analyser, std::string_view pattern, std::string_view problem) {
  return fail(Code::kInvalidArgument,
              fmt::format("analyser \"{}\": pattern \"{}\" {}", analyser.name(), pattern, problem));
}

}  // namespace

Result<std::shared_ptr<const PathMatcher>> PathMatcher::compile(std::span<const Analyser* const> analysers) {
  if (analysers.size() > AnalyserSet::kMaxAnalysers) {
    return fail(Code::kInvalidArgument, fmt::format("more than {} analysers", AnalyserSet::kMaxAnalysers));
  }
  auto matcher = std::make_shared<PathMatcher>();
  matcher->analysers_.assign(analysers.begin(), analysers.end());
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < analysers.size(); ++i) {
    const Analyser& analyser = *analysers[i];
    if (!names.insert(analyser.name()).second) {
      return fail(Code::kInvalidArgument, fmt::format("two analysers are named \"{}\"", analyser.name()));
    }
    matcher->add_to_identity(analyser.name());
    matcher->add_to_identity(std::to_string(analyser.version()));
    for (const WantedPath& want : analyser.wants()) TRY(matcher->add_pattern(i, want));
  }
  for (TrieNode& node : matcher->trie_) std::ranges::sort(node.literals);
  return matcher;
}

// Length and text, so that no two lists of texts give one identity.
void PathMatcher::add_to_identity(std::string_view text) {
  identity_ += fmt::format("{}:{},", text.size(), text);
}

Status PathMatcher::add_pattern(uint32_t analyser_index, const WantedPath& want) {
  const Analyser& analyser = *analysers_[analyser_index];
  if (want.magic.size() > WantedPath::kMaxMagicBytes) return invalid(analyser, want.pattern, "has a magic too long");
  Pattern pattern{
      .analyser = analyser_index, .segments = {}, .max_bytes = want.max_bytes, .magic = std::string(want.magic)};
  for (const std::string_view segment : split(want.pattern, '/')) {
    if (segment.empty() || segment == "." || segment == "..") return invalid(analyser, want.pattern, "is no path");
    if (segment.contains("**")) return invalid(analyser, want.pattern, "has **: a * stands for bytes of one segment");
    pattern.segments.emplace_back(segment);
  }
  for (const std::string_view part : {want.pattern, want.magic}) add_to_identity(part);
  add_to_identity(std::to_string(want.max_bytes));

  const auto index = static_cast<uint32_t>(patterns_.size());
  add_to_trie(pattern.segments, {.pattern = index, .dropped = 0});
  if (pattern.segments.size() > 1 &&
      std::ranges::find(kMergedIntoUsr, pattern.segments.front()) != std::end(kMergedIntoUsr)) {
    std::vector<std::string> merged = pattern.segments;
    merged.insert(merged.begin(), "usr");
    add_to_trie(merged, {.pattern = index, .dropped = static_cast<uint32_t>(kUsr.size())});
  }
  patterns_.push_back(std::move(pattern));
  return {};
}

void PathMatcher::add_to_trie(std::span<const std::string> segments, PatternMatch accept) {
  uint32_t node = 0;
  for (const std::string& segment : segments) {
    auto& edges = segment.contains('*') ? trie_[node].globs : trie_[node].literals;
    const auto found = std::ranges::find(edges, segment, &std::pair<std::string, uint32_t>::first);
    if (found != edges.end()) {
      node = found->second;
    } else {
      const auto next = static_cast<uint32_t>(trie_.size());
      edges.emplace_back(segment, next);
      trie_.emplace_back();
      node = next;
    }
  }
  trie_[node].accepts.push_back(accept);
}

void PathMatcher::match(std::string_view path, std::vector<PatternMatch>& matches) const {
  const std::vector<std::string_view> segments = split(path, '/');
  MatchStates states(*this);
  MatchStates::State state = MatchStates::kRoot;
  for (size_t i = 0; i + 1 < segments.size(); ++i) state = states.child(state, segments[i]);
  states.match(state, segments.back(), matches);
}

MatchStates::MatchStates(const PathMatcher& matcher) : matcher_(matcher), sets_{{}, {0}} {}

template <typename Use>
void MatchStates::for_next(State state, std::string_view name, Use&& use) const {
  for (const uint32_t node : sets_[state]) {
    const PathMatcher::TrieNode& trie_node = matcher_.trie_[node];
    const auto literal = std::ranges::lower_bound(trie_node.literals, name, {},
                                                  [](const auto& edge) { return std::string_view(edge.first); });
    if (literal != trie_node.literals.end() && literal->first == name) use(literal->second);
    for (const auto& [glob, next] : trie_node.globs) {
      if (matches_glob(glob, name)) use(next);
    }
  }
}

MatchStates::State MatchStates::child(State state, std::string_view name) {
  if (state == kNone) return kNone;
  Set next;
  for_next(state, name, [&](uint32_t node) { next.push_back(node); });
  if (next.empty()) return kNone;
  std::ranges::sort(next);
  const auto found = std::ranges::find(sets_, next);
  if (found != sets_.end()) return static_cast<State>(found - sets_.begin());
  sets_.push_back(std::move(next));
  return static_cast<State>(sets_.size() - 1);
}

void MatchStates::match(State state, std::string_view name, std::vector<PatternMatch>& matches) const {
  if (state == kNone) return;
  for_next(state, name, [&](uint32_t node) {
    const auto& accepts = matcher_.trie_[node].accepts;
    matches.insert(matches.end(), accepts.begin(), accepts.end());
  });
}

}  // namespace bulkhead::layer
