#include "layer/content_analysis.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "layer/path_matcher.h"

namespace bulkhead::layer {
namespace {

using archive::Limits;

constexpr size_t kMaxErrorBytes = 2000;

}  // namespace

// Makes at least `bytes` of the content (all of it, when there is less) available in read_.
Status ContentAnalysis::read_until(size_t bytes, BlockSource& content) {
  while (read_.size() < bytes) {
    if (!read_.empty() && buffer_.empty()) buffer_.assign(as_text(read_));  // the next read makes the block invalid
    TRY_ASSIGN(const ByteSpan piece, content.next());
    if (piece.empty()) break;
    if (buffer_.empty()) {
      read_ = piece;
    } else {
      buffer_.append(as_text(piece));
      read_ = as_bytes(buffer_);
    }
  }
  return {};
}

Status ContentAnalysis::count(const Finding& finding) {
  return count_bytes(kBytesPerFact + finding.value.size() + finding.error.size());
}

Status ContentAnalysis::count_bytes(uint64_t bytes) {
  return account_.take(Cost::kFactBytes, bytes);
}

Result<std::vector<ContentAnalysis::Finding>> ContentAnalysis::run(std::vector<Want> wants, uint64_t size,
                                                                   BlockSource& content) {
  const std::vector<Pattern>& patterns = analysers_.matcher().patterns();
  buffer_.clear();
  read_ = {};
  size_t magic_bytes = 0;
  for (const Want& want : wants) magic_bytes = std::max(magic_bytes, patterns[want.pattern].magic.size());
  TRY(read_until(magic_bytes, content));
  std::erase_if(wants, [&](const Want& want) { return !as_text(read_).starts_with(patterns[want.pattern].magic); });

  // Of several wants of one analyser, the one that allows the most decides.
  std::ranges::sort(wants, [&](const Want& a, const Want& b) {
    const Pattern& x = patterns[a.pattern];
    const Pattern& y = patterns[b.pattern];
    return std::tuple(x.analyser, y.max_bytes, a.wanted_as) < std::tuple(y.analyser, x.max_bytes, b.wanted_as);
  });
  const auto repeated =
      std::ranges::unique(wants, {}, [&](const Want& want) { return patterns[want.pattern].analyser; });
  wants.erase(repeated.begin(), repeated.end());

  std::vector<Finding> findings;
  for (const Want& want : wants) {
    const Pattern& pattern = patterns[want.pattern];
    Finding finding{.analyser = pattern.analyser, .value = {}, .error = {}};
    if (size > pattern.max_bytes) {
      finding.error = fmt::format("file of {} bytes was not read: larger than {} bytes", size, pattern.max_bytes);
    } else {
      if (size > limits_.max_file_bytes) return fail(archive::limit_passed(limits_, &Limits::max_file_bytes));
      TRY(read_until(static_cast<size_t>(size), content));
      auto answer = analysers_.analysers()[pattern.analyser]->analyse(
          want.wanted_as, read_.first(std::min<size_t>(read_.size(), static_cast<size_t>(size))));
      if (answer) {
        finding.value = *std::move(answer);
      } else {
        finding.error = printable(std::string_view(answer.error().to_string()).substr(0, kMaxErrorBytes));
      }
    }
    TRY(count(finding));
    if (!finding.value.empty() || !finding.error.empty()) findings.push_back(std::move(finding));
  }
  return findings;
}

void FactCollector::add(TreeBuilder& tree, BuildId file, std::vector<ContentAnalysis::Finding> findings) {
  if (findings.empty()) return;
  tree.set_content(file, static_cast<uint32_t>(contents_.size()));
  contents_.push_back(std::move(findings));
}

LayerFacts FactCollector::finish(TreeBuilder&& tree, std::vector<NodeId>& final_ids) && {
  std::vector<std::pair<BuildId, uint32_t>> with_content;
  for (BuildId id = 0; id < tree.size(); ++id) {
    if (const uint32_t content = tree.content(id); content != TreeBuilder::kNoContent)
      with_content.emplace_back(id, content);
  }
  LayerFacts facts;
  facts.tree = std::move(tree).finish(final_ids);
  std::erase_if(with_content, [&](const auto& named) { return final_ids[named.first] == TreeBuilder::kGone; });
  std::vector<uint32_t> names_left(contents_.size());
  for (const auto& [id, content] : with_content) ++names_left[content];
  for (const auto& [id, content] : with_content) {
    const bool is_last = --names_left[content] == 0;
    for (ContentAnalysis::Finding& finding : contents_[content]) {
      facts.facts.push_back({.node = final_ids[id],
                             .analyser = finding.analyser,
                             .value = is_last ? std::move(finding.value) : finding.value,
                             .error = is_last ? std::move(finding.error) : finding.error});
    }
  }
  std::ranges::sort(facts.facts, {}, [](const ContentFact& f) { return std::tuple(f.analyser, f.node); });
  return facts;
}

}  // namespace bulkhead::layer
