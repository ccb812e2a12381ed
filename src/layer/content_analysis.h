// Hands contents to the analysers that want them, and turns what they find into facts. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/limits.h"
#include "base/block_source.h"
#include "layer/analyser_set.h"
#include "layer/image_budget.h"
#include "layer/layer_facts.h"
#include "layer/tree_builder.h"

namespace bulkhead::layer {

// Not thread-safe; `analysers` must outlive it.
class ContentAnalysis {
 public:
  struct Want {
    uint32_t pattern = 0;   // index into PathMatcher::patterns()
    std::string wanted_as;  // the path that matches it
  };
  struct Finding {
    uint32_t analyser = 0;
    std::string value;
    std::string error;
  };

  // `account` must outlive it, too.
  ContentAnalysis(const AnalyserSet& analysers, const archive::Limits& limits, LayerAccount& account)
      : analysers_(analysers), limits_(limits), account_(account) {}

  // Reads as much of a file of `size` bytes as it needs to answer. No findings: nothing of interest. kLimitExceeded
  // past max_file_bytes (a wanted file) or the image's budget of facts; a file in which nothing is found costs as
  // much as an empty fact.
  Result<std::vector<Finding>> run(std::vector<Want> wants, uint64_t size, BlockSource& content);
  // Counts a finding once more, for another name of its file.
  Status count(const Finding& finding);
  // Counts what is kept besides findings.
  Status count_bytes(uint64_t bytes);

 private:
  Status read_until(size_t bytes, BlockSource& content);

  const AnalyserSet& analysers_;
  const archive::Limits limits_;
  LayerAccount& account_;
  std::string buffer_;
  ByteSpan read_;  // what was read so far: in the buffer, or in the source's block
};

// What was found, by the content numbers of a tree that is being built.
class FactCollector {
 public:
  void add(TreeBuilder& tree, BuildId file, std::vector<ContentAnalysis::Finding> findings);
  const std::vector<ContentAnalysis::Finding>& of(const TreeBuilder& tree, BuildId file) const {
    return contents_[tree.content(file)];
  }
  // The tree and the facts about its files; `final_ids` as TreeBuilder::finish gives them.
  LayerFacts finish(TreeBuilder&& tree, std::vector<NodeId>& final_ids) &&;

 private:
  std::vector<std::vector<ContentAnalysis::Finding>> contents_{
      1};  // the first, of TreeBuilder::kNoContent, stays empty
};

}  // namespace bulkhead::layer
