// Peak memory on images that are too large to keep: made up block by block, walked in a process of its own.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/tar_builder.h"
#include "base/temporary_folder.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

using archive::TarBuilder;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BULKHEAD_SANITIZED
#endif
#endif

// Peak resident memory of a child that runs `work`; 0 when it fails.
uint64_t peak_megabytes(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  return status == 0 ? static_cast<uint64_t>(usage.ru_maxrss) / 1024 : 0;
}

// A tar of `files` small files, a thousand to a folder.
class ManyFiles final : public BlockSource {
 public:
  explicit ManyFiles(size_t files) : files_(files) {}

  Result<ByteSpan> next() override {
    TarBuilder tar;
    for (size_t i = 0; i < 200 && next_ < files_; ++i, ++next_) {
      const bool wanted = next_ % 1000 == 0;
      tar.file(fmt::format("srv/data/{:05}/{}-{:08x}.{}", next_ / 1000, next_ % 7 == 0 ? "object" : "entry",
                           next_ * 2654435761U, wanted ? "json" : "dat"),
               next_ % 4 == 0 ? "a few bytes" : "");
    }
    block_ = tar.unfinished();
    return as_bytes(block_);
  }

 private:
  size_t files_;
  size_t next_ = 0;
  std::string block_;
};

// A tar of one package database and then large files, `bytes` in all.
class LargeFiles final : public BlockSource {
 public:
  explicit LargeFiles(uint64_t bytes) : left_(bytes), content_(BlockSource::kMaxBlockBytes / 2, 'x') {}

  Result<ByteSpan> next() override {
    if (file_left_ != 0) {
      file_left_ -= content_.size();
      return as_bytes(content_);
    }
    if (left_ == 0) return ByteSpan();
    const uint64_t size = std::min<uint64_t>(left_, number_ == 0 ? kDatabaseBytes : kFileBytes);
    header_ =
        TarBuilder()
            .header({.name = number_ == 0 ? "var/lib/rpm/Packages" : fmt::format("models/{}", number_), .size = size})
            .unfinished();
    ++number_;
    left_ -= size;
    file_left_ = size;
    return as_bytes(header_);
  }

 private:
  static constexpr uint64_t kDatabaseBytes = uint64_t{60} << 20;
  static constexpr uint64_t kFileBytes = uint64_t{480} << 20;
  uint64_t left_;
  uint64_t file_left_ = 0;
  size_t number_ = 0;
  std::string header_;
  std::string content_;
};

class SizeAnalyser final : public Analyser {
 public:
  std::string_view name() const override { return "size"; }
  uint32_t version() const override { return 1; }
  std::span<const WantedPath> wants() const override {
    static constexpr WantedPath kWants[] = {
        {.pattern = "var/lib/rpm/Packages"}, {.pattern = "srv/data/*/*.json"}, {.pattern = "var/lib/dpkg/status.d/*"}};
    return kWants;
  }
  Result<std::string> analyse(std::string_view, ByteSpan content) const override {
    return std::to_string(content.size());
  }
};

TEST(LayerMemory, HoldsThreeMillionSmallFilesInLessThan500Megabytes) {
#ifdef BULKHEAD_SANITIZED
  GTEST_SKIP() << "sanitizers need memory of their own";
#endif
  const TemporaryFolder folder;
  const uint64_t peak = peak_megabytes([&] {
    const SizeAnalyser analyser;
    const Analyser* const all[] = {&analyser};
    const AnalyserSet set = *AnalyserSet::create(all);
    const Cache cache = *Cache::open(folder.path());
    ThreadPool pool(2);
    auto facts = analyse_layer(std::make_unique<ManyFiles>(3'000'000), {}, set, {.pool = &pool});
    if (!facts || facts->tree.size() < 3'000'000 || !cache.store(*facts, set)) return false;
    const Digest diff_id = facts->diff_id;
    facts = fail(Code::kInternal, "let go");
    auto cached = cache.load(diff_id, set);
    if (!cached) return false;
    const std::shared_ptr<const LayerFacts> layers[] = {std::make_shared<const LayerFacts>(*std::move(cached))};
    const auto image = MergedImage::merge(layers, set);
    return image && image->visible("size").size() == 3000;
  });
  RecordProperty("peak_megabytes", static_cast<int>(peak));
  EXPECT_GT(peak, 0U);
  EXPECT_LT(peak, 500U);
  std::printf("peak %llu MB\n", static_cast<unsigned long long>(peak));
}

TEST(LayerMemory, HoldsAnImageOfSixGigabytesInLessThan400Megabytes) {
#ifdef BULKHEAD_SANITIZED
  GTEST_SKIP() << "sanitizers need memory of their own";
#endif
  const uint64_t peak = peak_megabytes([] {
    const SizeAnalyser analyser;
    const Analyser* const all[] = {&analyser};
    const AnalyserSet set = *AnalyserSet::create(all);
    ThreadPool pool(2);
    oci::Image image;
    for (int i = 0; i < 4; ++i) {
      image.layers.emplace_back();
      image.layers.back().open = []() -> Result<std::unique_ptr<BlockSource>> {
        return std::make_unique<LargeFiles>(uint64_t{1500} << 20);
      };
    }
    const auto merged = analyse_image(image, set, {.pool = &pool});
    return merged && merged->visible("size").size() == 1 && merged->history("size").size() == 4;
  });
  EXPECT_GT(peak, 0U);
  EXPECT_LT(peak, 400U);
  std::printf("peak %llu MB\n", static_cast<unsigned long long>(peak));
}

}  // namespace
}  // namespace bulkhead::layer
