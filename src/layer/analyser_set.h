// The analysers of one scan, with everything they want compiled into one matcher: most files are turned down by one or
// two table look-ups, without allocation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "layer/analyser.h"

namespace bulkhead::layer {

class PathMatcher;

// Immutable, cheap to copy, thread-safe. The analysers must outlive every copy.
class AnalyserSet {
 public:
  // kInvalidArgument when two analysers have one name, there are more than kMaxAnalysers or a pattern is not one
  // (analyser.h, WantedPath).
  static Result<AnalyserSet> create(std::span<const Analyser* const> analysers);
  static constexpr size_t kMaxAnalysers = 1000;

  std::span<const Analyser* const> analysers() const;
  std::optional<uint32_t> index_of(std::string_view name) const;
  const PathMatcher& matcher() const { return *matcher_; }

  // Names, versions and wants of all analysers: what cached facts depend on. Equal sets have equal identities.
  const std::string& identity() const;

 private:
  explicit AnalyserSet(std::shared_ptr<const PathMatcher> matcher) : matcher_(std::move(matcher)) {}
  std::shared_ptr<const PathMatcher> matcher_;
};

}  // namespace bulkhead::layer
