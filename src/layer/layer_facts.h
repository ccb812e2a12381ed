// What is kept of one layer: a plain value, made by one walk, cached by diff-id, merged into an image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "layer/image_budget.h"
#include "layer/layer_tree.h"

namespace bulkhead::layer {

// What one analyser answered about one file of the layer.
struct ContentFact {
  NodeId node = 0;        // of LayerFacts::tree
  uint32_t analyser = 0;  // index into the AnalyserSet that the layer was walked with
  std::string value;
  std::string error;  // why there is no value; empty when there is one
};

// A file whose content was asked for after a first walk: a link, perhaps of another layer, made it a wanted one.
struct ExtraWant {
  std::string path;       // in this layer, resolved
  std::string wanted_as;  // the wanted path that leads to it
  uint32_t analyser = 0;
  friend auto operator<=>(const ExtraWant&, const ExtraWant&) = default;
};

// A name of a file that an analyser wants, but whose content had passed by, under another name, before this hard link
// to it came: `want` says what a second walk has to look into.
struct Unexamined {
  NodeId node = 0;
  ExtraWant want;
  friend auto operator<=>(const Unexamined&, const Unexamined&) = default;
};

// A folder or file of a directory that may not be read: what an analyser wants may lie there.
struct Denied {
  uint32_t analyser = 0;
  std::string path;   // relative to the root
  std::string error;  // why, and what to do
};

// A value; safe to read from several threads.
struct LayerFacts {
  Digest stored_digest;  // of the bytes as stored; empty for a directory
  uint64_t stored_bytes = 0;
  Digest diff_id;  // of the tar inside; empty for a directory
  uint64_t inflated_bytes = 0;
  LayerCost cost{};  // taken from the image's budget
  LayerTree tree;
  std::vector<ContentFact> facts;      // sorted by analyser, then node; no two for one pair
  std::vector<ExtraWant> extras;       // sorted; what was walked for besides the analysers' own wants
  std::vector<Unexamined> unexamined;  // sorted
  std::vector<Denied> denied;          // directories only, never cached; at most kMaxDenied for each analyser
  std::vector<std::string> warnings;   // for people; never cached
  static constexpr size_t kMaxDenied = 100;
};

// The encoding of docs/formats/layer-cache.md, without its envelope. decode_facts trusts nothing: any bytes give either
// facts that are safe to use or kMalformed.
std::string encode_facts(const LayerFacts& facts);
Result<LayerFacts> decode_facts(ByteSpan bytes);

}  // namespace bulkhead::layer
