#include "layer/image_budget.h"

#include <latch>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/tar_builder.h"
#include "base/temporary_folder.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

using archive::Limits;
using archive::TarBuilder;

// "--max-…" of the limit that was passed; "none".
template <typename T>
std::string limit_of(const Result<T>& result) {
  if (result) return "none";
  EXPECT_EQ(result.error().code(), Code::kLimitExceeded) << result.error().to_string();
  return result.error().remedy().substr(result.error().remedy().find("--"));
}

TEST(ImageBudget, NamesTheLimitOfEachCost) {
  ImageBudget budget({.max_image_bytes = 1, .max_entries = 1, .max_name_bytes = 1, .max_fact_bytes = 1});
  EXPECT_EQ(limit_of(budget.take(Cost::kInflatedBytes, 2)), "--max-image-bytes");
  EXPECT_EQ(limit_of(budget.take(Cost::kEntries, 2)), "--max-entries");
  EXPECT_EQ(limit_of(budget.take(Cost::kNodes, 2)), "--max-entries");
  EXPECT_EQ(limit_of(budget.take(Cost::kLinkBytes, kLinkBytesPerEntry)), "none");
  EXPECT_EQ(limit_of(budget.take(Cost::kLinkBytes, 1)), "--max-entries");
  EXPECT_EQ(limit_of(budget.take(Cost::kNameBytes, 2)), "--max-name-bytes");
  EXPECT_EQ(limit_of(budget.take(Cost::kFactBytes, 2)), "--max-fact-bytes");
  const auto passed = budget.take(Cost::kEntries, 2);
  EXPECT_EQ(passed.error().to_string(), "more than 1 entries in one archive or image");
}

TEST(ImageBudget, TakesAllOrNothing) {
  ImageBudget budget({.max_entries = 10, .max_fact_bytes = 10});
  LayerCost cost{};
  cost[static_cast<size_t>(Cost::kEntries)] = 10;
  cost[static_cast<size_t>(Cost::kFactBytes)] = 11;
  EXPECT_EQ(limit_of(budget.take(cost)), "--max-fact-bytes");
  EXPECT_EQ(limit_of(budget.take(Cost::kEntries, 10)), "none");
  EXPECT_EQ(limit_of(budget.take(Cost::kEntries, UINT64_MAX)), "--max-entries");
  EXPECT_EQ(limit_of(budget.take(Cost::kFactBytes, 10)), "none");
  budget.give_back(LayerCost{0, 10, 0, 0, 0, 10});
  cost[static_cast<size_t>(Cost::kFactBytes)] = 10;
  EXPECT_EQ(limit_of(budget.take(cost)), "none");
}

TEST(ImageBudget, IsSharedByThreadsAndGetsBackWhatAFailedLayerTook) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kEach = 20'000;
  ImageBudget budget({.max_entries = kThreads * kEach});
  {
    LayerAccount failed(budget);
    ASSERT_TRUE(failed.take(Cost::kEntries, kEach));
  }
  {
    std::latch begin(kThreads);  // Outlives the threads that arrive at it.
    std::vector<std::jthread> threads;
    for (uint64_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        LayerAccount account(budget);
        begin.arrive_and_wait();
        for (uint64_t n = 0; n < kEach; ++n) EXPECT_TRUE(account.take(Cost::kEntries, 1));
        account.keep();
      });
    }
  }
  EXPECT_EQ(limit_of(budget.take(Cost::kEntries, 1)), "--max-entries");
}

class BudgetOfAnImage : public testing::Test {
 protected:
  // Ten layers, each of a hundred files that nobody wants and ten with a fact of 100 bytes.
  static std::vector<std::string> archives() {
    std::vector<std::string> archives;
    for (int layer = 0; layer < 10; ++layer) {
      TarBuilder tar;
      for (int i = 0; i < 100; ++i) tar.file(fmt::format("data/{}-{:02}", layer, i));
      for (int i = 0; i < 10; ++i) tar.file(fmt::format("wanted/{}-{}", layer, i), std::string(100, 'x'));
      archives.push_back(tar.finish());
    }
    return archives;
  }
  static constexpr uint64_t kNodes = 10 * (1 + 100 + 1 + 10);
  static constexpr uint64_t kNames = 10 * (4 + 100 * 4 + 6 + 10 * 3);
  static constexpr uint64_t kFacts = uint64_t{10 * 10} * (kBytesPerFact + 100);
  static uint64_t bytes() {
    uint64_t sum = 0;
    for (const std::string& archive : archives()) sum += archive.size();
    return sum;
  }

  std::string limit(const Limits& limits, const AnalyseOptions& more = {}) const {
    AnalyseOptions options = more;
    options.limits = limits;
    return limit_of(analyse_image(image_of(archives()), set_, options));
  }

  EchoAnalyser analyser_{"echo", {"wanted/*"}};
  const Analyser* all_[1] = {&analyser_};
  AnalyserSet set_ = *AnalyserSet::create(all_);
  TemporaryFolder folder_;
};

TEST_F(BudgetOfAnImage, HoldsForAllLayersTogether) {
  const Limits enough{.max_image_bytes = bytes(),
                      .max_entries = kNodes,
                      .max_name_bytes = kNames,
                      // The merge counts the paths by which the files are reached.
                      .max_fact_bytes = kFacts};
  ThreadPool pool(4);
  for (ThreadPool* const threads : {static_cast<ThreadPool*>(nullptr), &pool}) {
    const AnalyseOptions with_pool{.pool = threads};
    EXPECT_EQ(limit(enough, with_pool), "none");
    const auto one_less = [&](uint64_t Limits::* field) {
      Limits limits = enough;
      limits.*field -= 1;
      return limit(limits, with_pool);
    };
    EXPECT_EQ(one_less(&Limits::max_image_bytes), "--max-image-bytes");
    EXPECT_EQ(one_less(&Limits::max_entries), "--max-entries");
    EXPECT_EQ(one_less(&Limits::max_name_bytes), "--max-name-bytes");
    EXPECT_EQ(one_less(&Limits::max_fact_bytes), "--max-fact-bytes");
  }
}

TEST_F(BudgetOfAnImage, IsTheSameForLayersOutOfTheCache) {
  const Cache cache = *Cache::open(folder_.path());
  const AnalyseOptions with_cache{.cache = &cache};
  ASSERT_EQ(limit({}, with_cache), "none");
  const size_t calls = analyser_.calls();
  EXPECT_EQ(limit({.max_entries = kNodes}, with_cache), "none");
  EXPECT_EQ(limit({.max_entries = kNodes - 1}, with_cache), "--max-entries");
  EXPECT_EQ(limit({.max_image_bytes = bytes() - 1}, with_cache), "--max-image-bytes");
  EXPECT_EQ(limit({.max_fact_bytes = kFacts - 1}, with_cache), "--max-fact-bytes");
  EXPECT_EQ(analyser_.calls(), calls) << "none of this should have read a layer";
}

TEST_F(BudgetOfAnImage, CountsALayerThatOccursTwiceOnce) {
  std::vector<std::string> twice = archives();
  twice.insert(twice.end(), twice.begin(), twice.begin() + 5);
  AnalyseOptions options;
  options.limits.max_entries = kNodes;
  EXPECT_EQ(limit_of(analyse_image(image_of(twice), set_, options)), "none");
}

TEST_F(BudgetOfAnImage, CountsALayerThatIsWalkedAgainOnce) {
  // That db leads to store/1 is known once the second layer is.
  const std::vector<std::string> linked = {
      TarBuilder().file("store/1", "content").finish(),
      TarBuilder().directory("wanted").symlink("wanted/db", "../store/1").finish()};
  AnalyseOptions options;
  options.limits.max_image_bytes = linked[0].size() + linked[1].size();
  options.limits.max_entries = 4;
  const auto merged = analyse_image(image_of(linked), set_, options);
  ASSERT_TRUE(merged) << merged.error().to_string();
  EXPECT_EQ(listing_of(merged->visible("echo")), "store/1@0=content");
}

TEST_F(BudgetOfAnImage, BoundsWhatOnlyLinksLeadTo) {
  TarBuilder hidden;
  for (int i = 0; i < 100; ++i) hidden.file(fmt::format("elsewhere/{:03}", i), "");
  const std::vector<std::string> linked = {hidden.finish(), TarBuilder().symlink("wanted", "elsewhere").finish()};
  AnalyseOptions options;
  options.limits.max_fact_bytes = 100 * (kBytesPerFact + 10);
  EXPECT_EQ(limit_of(analyse_image(image_of(linked), set_, options)), "none");
  options.limits.max_fact_bytes -= 1;
  EXPECT_EQ(limit_of(analyse_image(image_of(linked), set_, options)), "--max-fact-bytes");
}

}  // namespace
}  // namespace bulkhead::layer
