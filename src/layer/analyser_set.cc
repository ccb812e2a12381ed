#include "layer/analyser_set.h"

#include <algorithm>

#include "layer/path_matcher.h"

namespace bulkhead::layer {

Result<AnalyserSet> AnalyserSet::create(std::span<const Analyser* const> analysers) {
  TRY_ASSIGN(auto matcher, PathMatcher::compile(analysers));
  return AnalyserSet(std::move(matcher));
}

std::span<const Analyser* const> AnalyserSet::analysers() const {
  return matcher_->analysers();
}

std::optional<uint32_t> AnalyserSet::index_of(std::string_view name) const {
  const auto all = analysers();
  const auto found = std::ranges::find(all, name, &Analyser::name);
  if (found == all.end()) return std::nullopt;
  return static_cast<uint32_t>(found - all.begin());
}

const std::string& AnalyserSet::identity() const {
  return matcher_->identity();
}

}  // namespace bulkhead::layer
