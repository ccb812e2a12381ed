// Analysers, layers and images made of bytes in memory. For tests, fuzz targets and benchmarks only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/digest.h"
#include "layer/analyse.h"
#include "layer/analyser.h"
#include "oci/image_source.h"

namespace bulkhead::layer {

// Answers with the content itself; "bad" is an error and "" nothing of interest.
class EchoAnalyser : public Analyser {
 public:
  EchoAnalyser(std::string name, std::vector<std::string> patterns)
      : name_(std::move(name)), patterns_(std::move(patterns)) {
    for (const std::string& pattern : patterns_) wants_.push_back({.pattern = pattern});
  }
  EchoAnalyser(std::string name, std::span<const WantedPath> wants)
      : name_(std::move(name)), wants_(wants.begin(), wants.end()) {}

  std::string_view name() const override { return name_; }
  uint32_t version() const override { return version_; }
  std::span<const WantedPath> wants() const override { return wants_; }
  Result<std::string> analyse(std::string_view /*path*/, ByteSpan content) const override {
    ++calls_;
    if (as_text(content) == "bad") return fail(Code::kMalformed, "bad content");
    return std::string(as_text(content));
  }

  void set_version(uint32_t version) { version_ = version; }
  size_t calls() const { return calls_; }

 private:
  std::string name_;
  std::vector<std::string> patterns_;
  std::vector<WantedPath> wants_;
  uint32_t version_ = 1;
  mutable std::atomic<size_t> calls_ = 0;
};

// An image whose layers are these tar archives, bottom first, each stored as `store` makes it.
inline oci::Image image_of(const std::vector<std::string>& archives,
                           const std::function<std::string(const std::string&)>& store = {}) {
  oci::Image image;
  for (const std::string& archive : archives) {
    auto stored = std::make_shared<const std::string>(store ? store(archive) : archive);
    oci::Layer layer;
    layer.diff_id = Digest::sha256_of(as_bytes(archive));
    layer.descriptor.digest = Digest::sha256_of(as_bytes(*stored));
    layer.descriptor.size = stored->size();
    layer.open = [stored, digest = layer.descriptor.digest]() -> Result<std::unique_ptr<BlockSource>> {
      return make_verifying_source(std::make_unique<MemorySource>(*stored), digest, stored->size(), "blob");
    };
    image.layers.push_back(std::move(layer));
  }
  return image;
}

// "path@layer=value", or "path@layer!error", joined by spaces.
inline std::string listing_of(const std::vector<const FileFact*>& facts) {
  std::string text;
  for (const FileFact* fact : facts) {
    if (!text.empty()) text += ' ';
    text += fact->path + '@' + std::to_string(fact->layer);
    text += fact->error.empty() ? '=' + fact->value : '!' + fact->error;
  }
  return text;
}

}  // namespace bulkhead::layer
