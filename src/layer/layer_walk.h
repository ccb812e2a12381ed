// The walk over one layer's entries: grows the layer's tree and hands wanted files to the analysers. Internal to this
// folder; analyse.h is the way in.
// Source: OCI image-spec v1.1, layer.md, "Applying Changesets" and "Whiteouts".
//
// What hides lower layers is `.wh.NAME`, `.wh..wh..opq` and, as every engine on overlayfs extracts it, a character
// device 0/0. Extended attributes of overlayfs in the archive (pax records SCHILY.xattr. and LIBARCHIVE.xattr. with
// trusted.overlay. or user.overlay.: opaque, whiteout, redirect, metacopy) mean nothing: they are no part of the
// specification, tools that pack layers translate them (moby, containers/storage), containerd extracts no trusted ones
// (archive/tar_unix.go, setxattr), and Go's tar readers know no LIBARCHIVE ones. Where an engine does obey one (moby's
// overlay2 sets what it finds), the scan shows more than the container: nobody hides a package from it that way.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "archive/tar_reader.h"
#include "layer/analyser_set.h"
#include "layer/content_analysis.h"
#include "layer/image_budget.h"
#include "layer/layer_facts.h"
#include "layer/tree_builder.h"

namespace bulkhead::layer {

// One layer; used once. Not thread-safe; `analysers` and `account` must outlive it.
class LayerWalk {
 public:
  LayerWalk(const AnalyserSet& analysers, const archive::Limits& limits, LayerAccount& account,
            std::span<const ExtraWant> extras);

  // Reads the archive to its end. kMalformed for what no engine would extract, kLimitExceeded; or an error of the
  // reader.
  Status run(archive::TarReader& reader);
  // The facts, without digests.
  Result<LayerFacts> finish() &&;

 private:
  Status take(const archive::TarEntry& entry, archive::TarReader& reader);
  Status take_whiteout(std::string_view path, size_t name_at);
  Status take_file(TreeBuilder::Place place, const archive::TarEntry& entry, archive::TarReader& reader);
  Status take_hard_link(TreeBuilder::Place place, std::string_view target);
  Status note_unexamined(TreeBuilder::Place place, BuildId link, BuildId first_name);
  std::string path_of(TreeBuilder::Place place) const;
  std::vector<ContentAnalysis::Want> wants_of(TreeBuilder::Place place);

  struct PendingUnexamined {
    BuildId node;
    ExtraWant want;
  };

  const AnalyserSet& analysers_;
  LayerAccount& account_;
  std::map<std::string, std::vector<ContentAnalysis::Want>, std::less<>> extra_wants_;  // by path
  std::vector<ExtraWant> extras_;
  ContentAnalysis analysis_;
  TreeBuilder tree_;
  FactCollector collector_;
  std::vector<PendingUnexamined> unexamined_;
  std::vector<PatternMatch> matches_;  // used again and again
  std::string path_;
};

}  // namespace bulkhead::layer
