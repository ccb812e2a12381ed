#include "layer/analyse.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "archive/tar_builder.h"
#include "base/chopped_source.h"
#include "base/fs.h"
#include "base/temporary_folder.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

using archive::TarBuilder;

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
  return out;
}

// Files of random bytes and among them wanted ones.
std::string layer_archive(unsigned seed, size_t files, size_t file_bytes = 3000) {
  std::mt19937 random(seed);
  TarBuilder tar;
  for (size_t i = 0; i < files; ++i) {
    std::string content(file_bytes, '\0');
    for (char& c : content) c = static_cast<char>(random() % 64);
    tar.file("data/" + std::to_string(i), content);
    if (i % 10 == 0)
      tar.file("wanted/" + std::to_string(seed) + "-" + std::to_string(i), std::to_string(random() % 1000));
  }
  return tar.finish();
}

class Fixture {
 public:
  const AnalyserSet& set() const { return set_; }
  const EchoAnalyser& analyser() const { return analyser_; }

 private:
  EchoAnalyser analyser_{"echo", {"wanted/*"}};
  const Analyser* all_[1] = {&analyser_};
  AnalyserSet set_ = *AnalyserSet::create(all_);
};

TEST(AnalyseImage, GivesTheSameForEveryCompressionAndNumberOfThreads) {
  const Fixture fixture;
  std::vector<std::string> archives;
  for (unsigned i = 0; i < 6; ++i) archives.push_back(layer_archive(i, i == 3 ? 1000 : 50));
  const auto plain = analyse_image(image_of(archives), fixture.set(), {});
  ASSERT_TRUE(plain) << plain.error().to_string();
  const std::string expected = listing_of(plain->visible("echo"));
  EXPECT_GT(expected.size(), 1000U);
  for (const auto& store :
       {std::function<std::string(const std::string&)>(), std::function(gzip), std::function(zstd)}) {
    for (const size_t threads : {1U, 2U, 4U}) {
      ThreadPool pool(threads);
      const auto image = analyse_image(image_of(archives, store), fixture.set(), {.pool = &pool});
      ASSERT_TRUE(image) << image.error().to_string();
      EXPECT_EQ(listing_of(image->visible("echo")), expected);
    }
  }
}

TEST(AnalyseImage, ReadsALayerThatOccursTwiceOnce) {
  const Fixture fixture;
  const std::string archive = TarBuilder().file("wanted/a", "x").finish();
  oci::Image image = image_of({archive, TarBuilder().file("other").finish(), archive});
  size_t opened = 0;
  for (oci::Layer& layer : image.layers) {
    layer.open = [&opened, open = layer.open] {
      ++opened;
      return open();
    };
  }
  const auto merged = analyse_image(image, fixture.set(), {});
  ASSERT_TRUE(merged);
  EXPECT_EQ(opened, 2U);
  EXPECT_EQ(listing_of(merged->history("echo")), "wanted/a@0=x wanted/a@2=x");
}

TEST(AnalyseImage, ReadsEachOfTwoLayersThatClaimOneDiffId) {
  const Fixture fixture;
  oci::Image image = image_of({layer_archive(1, 20), layer_archive(2, 20)}, gzip);
  image.layers[1].diff_id = image.layers[0].diff_id;
  const auto merged = analyse_image(image, fixture.set(), {});
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code(), Code::kVerificationFailed);
  EXPECT_TRUE(merged.error().to_string().starts_with("layer 2 (sha256:")) << merged.error().to_string();
}

TEST(AnalyseImage, BelievesNothingOfALayerThatIsNotWhatWasPromised) {
  const Fixture fixture;
  const std::string archive = layer_archive(1, 20);
  for (const auto& store : {std::function<std::string(const std::string&)>(), std::function(gzip)}) {
    for (const size_t threads : {0U, 2U}) {
      std::optional<ThreadPool> pool;
      if (threads != 0) pool.emplace(threads);
      oci::Image wrong_diff = image_of({archive}, store);
      wrong_diff.layers[0].diff_id = Digest::sha256_of(as_bytes("something else"));
      const auto merged = analyse_image(wrong_diff, fixture.set(), {.pool = pool ? &*pool : nullptr});
      ASSERT_FALSE(merged);
      EXPECT_EQ(merged.error().code(), Code::kVerificationFailed);
      EXPECT_TRUE(merged.error().to_string().starts_with("layer 1 (sha256:")) << merged.error().to_string();

      // A damaged byte is told as that, though the inflater stumbles over it first.
      oci::Image damaged = image_of({archive}, store);
      std::string bytes = store ? store(archive) : archive;
      bytes[bytes.size() / 2] ^= 1;
      damaged.layers[0].open =
          [&bytes, digest = damaged.layers[0].descriptor.digest]() -> Result<std::unique_ptr<BlockSource>> {
        return make_verifying_source(std::make_unique<ChoppedSource>(bytes, 1000), digest, 0, "blob");
      };
      const auto refused = analyse_image(damaged, fixture.set(), {.pool = pool ? &*pool : nullptr});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code(), Code::kVerificationFailed) << refused.error().to_string();
    }
  }
}

TEST(AnalyseImage, ReadsALayerToItsEndThoughNothingInItIsWanted) {
  const Fixture fixture;
  // Behind the end of the archive, where only the digest sees it.
  std::string archive = TarBuilder().file("x").finish() + std::string(3'000'000, 'j');
  oci::Image image = image_of({archive});
  EXPECT_TRUE(analyse_image(image, fixture.set(), {}));
  archive.back() = 'k';
  image.layers[0].open = [&]() -> Result<std::unique_ptr<BlockSource>> {
    return std::make_unique<MemorySource>(archive);
  };
  image.layers[0].descriptor.digest = {};
  const auto merged = analyse_image(image, fixture.set(), {});
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code(), Code::kVerificationFailed);
}

TEST(AnalyseImage, SaysWhichLayerIsBroken) {
  const Fixture fixture;
  std::string truncated = layer_archive(1, 5);
  truncated.resize(2000);
  const auto merged = analyse_image(image_of({layer_archive(0, 5), truncated}), fixture.set(), {});
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code(), Code::kMalformed);
  EXPECT_TRUE(merged.error().to_string().starts_with("layer 2 (sha256:")) << merged.error().to_string();
}

TEST(AnalyseImage, StopsWhenAskedTo) {
  const Fixture fixture;
  std::stop_source source;
  ThreadPool pool(2);
  oci::Image image = image_of({layer_archive(1, 100), layer_archive(2, 100)}, gzip);
  image.layers[0].open = [&source, open = image.layers[0].open] {
    source.request_stop();
    return open();
  };
  for (ThreadPool* used : {static_cast<ThreadPool*>(nullptr), &pool}) {
    const auto merged = analyse_image(image, fixture.set(), {.pool = used, .stop = source.get_token()});
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code(), Code::kCancelled);
  }
}

class RecordingProgress final : public Progress {
 public:
  uint64_t begin(std::string_view what, uint64_t total) override {
    const std::scoped_lock lock(mutex_);
    steps.push_back({std::string(what), total, 0, false});
    return steps.size();
  }
  void advance(uint64_t id, uint64_t amount) override {
    const std::scoped_lock lock(mutex_);
    steps.at(id - 1).done += amount;
  }
  void end(uint64_t id) override {
    const std::scoped_lock lock(mutex_);
    steps.at(id - 1).ended = true;
  }
  struct Step {
    std::string what;
    uint64_t total;
    uint64_t done;
    bool ended;
  };
  std::vector<Step> steps;

 private:
  std::mutex mutex_;
};

TEST(AnalyseImage, TellsItsProgressInStoredBytes) {
  const Fixture fixture;
  RecordingProgress progress;
  ThreadPool pool(2);
  const oci::Image image = image_of({layer_archive(1, 300), layer_archive(2, 10)}, gzip);
  ASSERT_TRUE(analyse_image(image, fixture.set(), {.pool = &pool, .progress = &progress}));
  ASSERT_EQ(progress.steps.size(), 2U);
  for (const auto& step : progress.steps) {
    EXPECT_TRUE(step.what.starts_with("layer "));
    EXPECT_EQ(step.done, step.total);
    EXPECT_TRUE(step.ended);
  }
}

TEST(AnalyseLayer, ComputesBothDigestsOfAStreamThatNobodyKnows) {
  const Fixture fixture;
  const std::string archive = layer_archive(1, 30);
  for (const auto& store : {std::function<std::string(const std::string&)>([](const std::string& s) { return s; }),
                            std::function(gzip), std::function(zstd)}) {
    const std::string stored = store(archive);
    const auto facts = analyse_layer(std::make_unique<ChoppedSource>(stored, 777), {}, fixture.set(), {});
    ASSERT_TRUE(facts) << facts.error().to_string();
    EXPECT_EQ(facts->diff_id, Digest::sha256_of(as_bytes(archive)));
    EXPECT_EQ(facts->stored_digest, Digest::sha256_of(as_bytes(stored)));
    EXPECT_EQ(facts->stored_bytes, stored.size());
    EXPECT_EQ(facts->inflated_bytes, archive.size());
    EXPECT_EQ(facts->facts.size(), 3U);
  }
}

TEST(AnalyseLayer, ChecksTheDigestsThatItIsGiven) {
  const Fixture fixture;
  const std::string archive = layer_archive(1, 5);
  const std::string stored = gzip(archive);
  const Digest diff_id = Digest::sha256_of(as_bytes(archive));
  const Digest stored_digest = Digest::sha256_of(as_bytes(stored));
  const auto analyse = [&](const LayerPromise& promise) {
    return analyse_layer(std::make_unique<MemorySource>(stored), promise, fixture.set(), {});
  };
  EXPECT_TRUE(analyse({.stored_digest = stored_digest, .diff_id = diff_id}));
  EXPECT_EQ(analyse({.stored_digest = diff_id, .diff_id = diff_id}).error().code(), Code::kVerificationFailed);
  EXPECT_EQ(analyse({.stored_digest = stored_digest, .diff_id = stored_digest}).error().code(),
            Code::kVerificationFailed);
  Hasher sha512(Digest::Algorithm::kSha512);
  sha512.update(as_bytes(archive));
  const auto facts = analyse({.stored_digest = {}, .diff_id = sha512.finish()});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->diff_id.algorithm(), Digest::Algorithm::kSha512);
}

TEST(AnalyseLayer, StopsAtTheLimitOfInflatedBytes) {
  const Fixture fixture;
  const std::string archive = layer_archive(1, 50);
  const auto facts = analyse_layer(std::make_unique<MemorySource>(gzip(archive)), {}, fixture.set(),
                                   {.limits = {.max_layer_bytes = archive.size() - 1}});
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), Code::kLimitExceeded);
}

// A source that waits in the middle, so that a helper has the time to join there.
class SlowSource final : public BlockSource {
 public:
  SlowSource(std::string bytes, std::set<std::thread::id>& threads)
      : inner_(std::move(bytes), 5000), threads_(threads) {}
  Result<ByteSpan> next() override {
    threads_.insert(std::this_thread::get_id());
    if (++blocks_ % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return inner_.next();
  }

 private:
  ChoppedSource inner_;
  std::set<std::thread::id>& threads_;
  size_t blocks_ = 0;
};

TEST(AnalyseLayer, SharesItsWorkWithAnIdleThread) {
  const Fixture fixture;
  const std::string archive = layer_archive(1, 2000);
  const std::string stored = gzip(archive);
  ThreadPool pool(2);
  std::set<std::thread::id> threads;
  // On a busy machine the other thread may not run in time: it gets several layers' time to.
  for (int layer = 0; layer < 50 && threads.size() < 2; ++layer) {
    threads.clear();
    const auto done = pool.for_each(1, {}, [&](size_t, const std::stop_token&) -> Status {
      TRY_ASSIGN(const LayerFacts facts,
                 analyse_layer(std::make_unique<SlowSource>(stored, threads), {}, fixture.set(), {.pool = &pool}));
      EXPECT_EQ(facts.diff_id, Digest::sha256_of(as_bytes(archive)));
      EXPECT_EQ(facts.facts.size(), 200U);
      return {};
    });
    ASSERT_TRUE(done) << done.error().to_string();
  }
  EXPECT_EQ(threads.size(), 2U);
}

TEST(AnalyseLayer, PassesOnWhatTheHelpingThreadMeets) {
  const Fixture fixture;
  std::string stored = gzip(layer_archive(1, 2000));
  stored[stored.size() - 5] ^= 1;  // the checksum, so that everything before it is sound
  ThreadPool pool(2);
  std::set<std::thread::id> threads;
  const auto done = pool.for_each(1, {}, [&](size_t, const std::stop_token&) -> Status {
    TRY(analyse_layer(std::make_unique<SlowSource>(stored, threads), {}, fixture.set(), {.pool = &pool}));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kMalformed);
}

TEST(AnalyseLayer, LetsGoOfTheHelpingThreadWhenTheWalkFails) {
  const Fixture fixture;
  std::string archive = layer_archive(1, 2000);
  archive[archive.size() / 2 / 512 * 512 + 150] ^= 1;  // perhaps a checksum, perhaps a content
  for (size_t i = archive.size() / 2 / 512 * 512; i < archive.size(); i += 512) archive[i + 150] ^= 1;
  ThreadPool pool(2);
  std::set<std::thread::id> threads;
  const auto done = pool.for_each(1, {}, [&](size_t, const std::stop_token&) -> Status {
    TRY(analyse_layer(std::make_unique<SlowSource>(gzip(archive), threads), {}, fixture.set(), {.pool = &pool}));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kMalformed);
}

class CacheTest : public testing::Test {
 protected:
  std::vector<std::filesystem::path> entries() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) found.push_back(entry.path());
    return found;
  }

  LayerFacts facts_of(const std::string& archive, const AnalyserSet& set) {
    return *analyse_layer(std::make_unique<MemorySource>(archive), {}, set, {});
  }

  const TemporaryFolder outer_;
  const std::string folder_ = outer_ / "cache";
};

TEST(AnalyseLayer, TakesAVerifiedDigestForThatOfThePlainTarInside) {
  const Fixture fixture;
  const std::string archive = layer_archive(1, 20);
  // A digest that nobody could have computed from these bytes: it is taken from who has verified it.
  const Digest told = Digest::sha256_of(as_bytes("verified by the stream"));
  const auto facts =
      analyse_layer(std::make_unique<MemorySource>(archive),
                    {.stored_digest = told, .diff_id = {}, .stored_is_verified = true}, fixture.set(), {});
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(facts->stored_digest, told);
  EXPECT_EQ(facts->diff_id, told);
  const auto unverified = analyse_layer(std::make_unique<MemorySource>(archive), {}, fixture.set(), {});
  ASSERT_TRUE(unverified);
  EXPECT_EQ(unverified->diff_id, Digest::sha256_of(as_bytes(archive)));
}

TEST_F(CacheTest, SparesReadingAKnownLayer) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  oci::Image image = image_of({layer_archive(1, 20), layer_archive(2, 20)}, gzip);
  const auto first = analyse_image(image, fixture.set(), {.cache = &cache});
  ASSERT_TRUE(first);
  EXPECT_EQ(entries().size(), 2U);
  for (oci::Layer& layer : image.layers) {
    layer.open = []() -> Result<std::unique_ptr<BlockSource>> { return fail(Code::kInternal, "read again"); };
  }
  const auto second = analyse_image(image, fixture.set(), {.cache = &cache});
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(listing_of(second->history("echo")), listing_of(first->history("echo")));
}

// Counts how often the only layer's bytes are asked for.
void count_openings(oci::Image& image, size_t& opened) {
  image.layers[0].open = [&opened, open = image.layers[0].open] {
    ++opened;
    return open();
  };
}

TEST_F(CacheTest, TakesNothingOnAClaimedDiffIdAlone) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  const std::string clean = layer_archive(1, 20);
  const std::string other = layer_archive(2, 20);
  ASSERT_TRUE(analyse_image(image_of({clean}, gzip), fixture.set(), {.cache = &cache}));
  for (const auto& store : {std::function<std::string(const std::string&)>(), std::function(gzip)}) {
    for (const bool has_digest : {true, false}) {
      oci::Image evil = image_of({other}, store);
      evil.layers[0].diff_id = Digest::sha256_of(as_bytes(clean));
      if (!has_digest) evil.layers[0].descriptor.digest = {};
      for (int i = 0; i < 2; ++i) {
        const auto merged = analyse_image(evil, fixture.set(), {.cache = &cache});
        ASSERT_FALSE(merged) << has_digest;
        EXPECT_EQ(merged.error().code(), Code::kVerificationFailed) << merged.error().to_string();
        EXPECT_TRUE(merged.error().to_string().starts_with("layer 1 (sha256:")) << merged.error().to_string();
      }
    }
  }
}

TEST_F(CacheTest, ReadsAnotherCompressionOfAKnownLayerOnceAndLooksIntoNothing) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  const std::string archive = layer_archive(1, 20);
  ASSERT_TRUE(analyse_image(image_of({archive}, gzip), fixture.set(), {.cache = &cache}));
  const size_t calls = fixture.analyser().calls();
  const std::string facts_entry = entries().at(0);
  oci::Image again = image_of({archive}, zstd);
  size_t opened = 0;
  count_openings(again, opened);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(analyse_image(again, fixture.set(), {.cache = &cache}));
    EXPECT_EQ(opened, 1U);
  }
  EXPECT_EQ(fixture.analyser().calls(), calls);

  // A link that is damaged, or that tells of another blob or layer, is none.
  const Digest& stored = again.layers[0].descriptor.digest;
  const Digest& diff_id = again.layers[0].diff_id;
  EXPECT_TRUE(cache.links(stored, diff_id));
  EXPECT_FALSE(cache.links(stored, stored));
  EXPECT_FALSE(cache.links(diff_id, diff_id));
  ASSERT_EQ(entries().size(), 2U);
  const std::string path = entries()[0] == facts_entry ? entries()[1] : entries()[0];
  const Digest elsewhere = Digest::sha256_of(as_bytes("elsewhere"));
  std::filesystem::copy_file(path, folder_ + "/" + elsewhere.hex() + ".link");
  EXPECT_FALSE(cache.links(elsewhere, diff_id));
  const std::string sound = *read_file(path, 1 << 20);
  for (size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    std::filesystem::remove(path);
    ASSERT_TRUE(write_file_atomically(path, damaged));
    EXPECT_FALSE(cache.links(stored, diff_id)) << i;
    if (i > 60) i += 17;  // syncing writes are slow
  }
  ASSERT_TRUE(analyse_image(again, fixture.set(), {.cache = &cache}));
  EXPECT_EQ(opened, 2U);
  EXPECT_TRUE(cache.links(stored, diff_id)) << "written anew";
}

TEST_F(CacheTest, ReadsALayerWithoutADigestOfItsBytesEachTime) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  oci::Image image = image_of({layer_archive(1, 20)});
  image.layers[0].descriptor.digest = {};
  size_t opened = 0;
  count_openings(image, opened);
  std::optional<size_t> calls;
  for (size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(analyse_image(image, fixture.set(), {.cache = &cache}));
    EXPECT_EQ(opened, i);
    if (!calls) calls = fixture.analyser().calls();
    EXPECT_EQ(fixture.analyser().calls(), *calls) << "what is known is not looked into again";
  }
}

TEST_F(CacheTest, CountsLinksAgainstItsSize) {
  const Cache cache = *Cache::open(folder_);
  ASSERT_TRUE(cache.remember_link(Digest::sha256_of(as_bytes("1")), Digest::sha256_of(as_bytes("2"))));
  ASSERT_EQ(entries().size(), 1U);
  ASSERT_TRUE(Cache::open(folder_, 0)->trim());
  EXPECT_TRUE(entries().empty());
}

TEST_F(CacheTest, RemembersWhatASecondWalkHasFound) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  oci::Image image =
      image_of({TarBuilder().file("a", "x").hard_link("wanted/h", "a").symlink("wanted/s", "../a").finish()});
  size_t opened = 0;
  image.layers[0].open = [&opened, open = image.layers[0].open] {
    ++opened;
    return open();
  };
  for (int i = 0; i < 3; ++i) {
    const auto merged = analyse_image(image, fixture.set(), {.cache = &cache});
    ASSERT_TRUE(merged);
    EXPECT_EQ(listing_of(merged->visible("echo")), "a@0=x wanted/h@0=x");
    EXPECT_EQ(opened, 2U);
  }
}

TEST_F(CacheTest, IgnoresAndReplacesCorruptEntries) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  const LayerFacts facts = facts_of(layer_archive(1, 20), fixture.set());
  ASSERT_TRUE(cache.store(facts, fixture.set()));
  ASSERT_EQ(entries().size(), 1U);
  const std::string path = entries()[0];
  const std::string sound = *read_file(path, 1 << 20);
  for (size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    ASSERT_TRUE(write_file_atomically(path, damaged));
    EXPECT_FALSE(cache.load(facts.diff_id, fixture.set())) << i;
    if (i > 100) i += 37;  // syncing writes are slow
  }
  for (const size_t size : {size_t{0}, size_t{7}, size_t{39}, size_t{40}, sound.size() - 1}) {
    ASSERT_TRUE(write_file_atomically(path, std::string_view(sound).substr(0, size)));
    EXPECT_FALSE(cache.load(facts.diff_id, fixture.set())) << size;
  }
  ASSERT_TRUE(cache.store(facts, fixture.set()));
  EXPECT_TRUE(cache.load(facts.diff_id, fixture.set()));
}

TEST_F(CacheTest, TellsLayersAndAnalysersApart) {
  const Fixture fixture;
  const EchoAnalyser other("other", {"wanted/*"});
  const Analyser* const others[] = {&other};
  const Cache cache = *Cache::open(folder_);
  const LayerFacts facts = facts_of(layer_archive(1, 20), fixture.set());
  ASSERT_TRUE(cache.store(facts, fixture.set()));
  EXPECT_TRUE(cache.load(facts.diff_id, fixture.set()));
  EXPECT_FALSE(cache.load(Digest::sha256_of(as_bytes("x")), fixture.set()));
  EXPECT_FALSE(cache.load(facts.diff_id, *AnalyserSet::create(others)));
  // An entry under another layer's name does not pass for that layer's.
  const LayerFacts second = facts_of(layer_archive(2, 20), fixture.set());
  const std::string first_path = entries()[0];
  ASSERT_TRUE(cache.store(second, fixture.set()));
  for (const auto& path : entries()) {
    if (path != first_path)
      std::filesystem::copy_file(path, first_path, std::filesystem::copy_options::overwrite_existing);
  }
  EXPECT_FALSE(cache.load(facts.diff_id, fixture.set()));
}

TEST_F(CacheTest, KeepsImagesByTheirIdentifier) {
  const Cache cache = *Cache::open(folder_);
  const Digest one = Digest::sha256_of(as_bytes("1"));
  const Digest other = Digest::sha256_of(as_bytes("2"));
  EXPECT_FALSE(cache.load_image(one));
  ASSERT_TRUE(cache.store_image(one, "what is known"));
  EXPECT_EQ(cache.load_image(one), "what is known");
  EXPECT_FALSE(cache.load_image(other));
  const std::filesystem::path path = entries().at(0);
  std::filesystem::copy_file(path, path.parent_path() / (other.hex() + ".image"));
  EXPECT_FALSE(cache.load_image(other)) << "an entry says itself what it is about";
  std::string damaged = *read_file(path.string(), 1 << 20);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  ASSERT_TRUE(write_file_atomically(path.string(), damaged));
  EXPECT_FALSE(cache.load_image(one));
  const Cache none = *Cache::open(folder_, 0);
  ASSERT_TRUE(none.trim());
  EXPECT_TRUE(entries().empty()) << "they count against the size of the cache as layers do";
}

TEST_F(CacheTest, KeepsWhatWasUsedLastWhenItIsFull) {
  const Fixture fixture;
  const Cache writer = *Cache::open(folder_);
  std::vector<Digest> digests;
  for (unsigned i = 0; i < 4; ++i) {
    const LayerFacts facts = facts_of(layer_archive(i, 20), fixture.set());
    ASSERT_TRUE(writer.store(facts, fixture.set()));
    digests.push_back(facts.diff_id);
    for (const auto& path : entries()) {
      // Every entry older than the one before it was written, by two hours a step.
      std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) - std::chrono::hours(2));
    }
  }
  ASSERT_TRUE(writer.load(digests[0], fixture.set()));  // the oldest, used just now
  const uint64_t one = std::filesystem::file_size(entries()[0]);
  const Cache small = *Cache::open(folder_, one * 5 / 2);
  ASSERT_TRUE(small.trim());
  EXPECT_EQ(entries().size(), 2U);
  EXPECT_TRUE(small.load(digests[0], fixture.set()));
  EXPECT_FALSE(small.load(digests[1], fixture.set()));
  EXPECT_FALSE(small.load(digests[2], fixture.set()));
  EXPECT_TRUE(small.load(digests[3], fixture.set()));
  const Cache none = *Cache::open(folder_, 0);
  ASSERT_TRUE(none.store(facts_of(layer_archive(9, 20), fixture.set()), fixture.set()));
  ASSERT_TRUE(none.trim());
  EXPECT_TRUE(entries().empty());
}

TEST_F(CacheTest, RemovesWhatInterruptedWritersLeftOnlyWhenItIsOld) {
  const Cache cache = *Cache::open(folder_);
  for (const std::string name : {"x.layer.tmp-new", "x.layer.tmp-old", "not ours"}) {
    ASSERT_TRUE(write_file_atomically(folder_ + "/" + name, "x"));
  }
  const std::filesystem::path old = folder_ + "/x.layer.tmp-old";
  std::filesystem::last_write_time(old, std::filesystem::last_write_time(old) - std::chrono::hours(48));
  ASSERT_TRUE(cache.trim());
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_EQ(entries().size(), 2U);
}

TEST_F(CacheTest, DoesNotFollowLinksNorTrustOtherFiles) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  const LayerFacts facts = facts_of(layer_archive(1, 20), fixture.set());
  ASSERT_TRUE(cache.store(facts, fixture.set()));
  const std::filesystem::path path = entries()[0];
  std::filesystem::rename(path, folder_ + "/elsewhere");
  std::filesystem::create_symlink(folder_ + "/elsewhere", path);
  EXPECT_FALSE(cache.load(facts.diff_id, fixture.set()));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_FALSE(cache.load(facts.diff_id, fixture.set()));
}

TEST_F(CacheTest, LetsAScanGoOnWithoutIt) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  std::filesystem::remove_all(folder_);
  const auto merged = analyse_image(image_of({layer_archive(1, 20)}), fixture.set(), {.cache = &cache});
  ASSERT_TRUE(merged) << merged.error().to_string();
  ASSERT_EQ(merged->warnings().size(), 1U);
  EXPECT_TRUE(merged->warnings()[0].starts_with("layer cache: ")) << merged->warnings()[0];
}

TEST_F(CacheTest, ServesManyWritersAndReadersAtOnce) {
  const Fixture fixture;
  const Cache cache = *Cache::open(folder_);
  std::vector<LayerFacts> all;
  for (unsigned i = 0; i < 3; ++i) all.push_back(facts_of(layer_archive(i, 20), fixture.set()));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 60; ++i) {
        const LayerFacts& facts = all[(i + static_cast<size_t>(t)) % all.size()];
        if (t % 2 == 0) EXPECT_TRUE(cache.store(facts, fixture.set()));
        const auto loaded = cache.load(facts.diff_id, fixture.set());
        if (loaded) EXPECT_EQ(loaded->facts.size(), facts.facts.size());
        if (t % 2 == 0) EXPECT_TRUE(loaded);
      }
    });
  }
}

TEST(LayerFacts, DecodesOnlyWhatItEncodes) {
  const Fixture fixture;
  {
    const auto facts = analyse_layer(std::make_unique<MemorySource>(TarBuilder()
                                                                        .file("wanted/a", "x")
                                                                        .file("b", "y")
                                                                        .hard_link("wanted/c", "b")
                                                                        .symlink("d", "e")
                                                                        .file(".wh.f")
                                                                        .finish()),
                                     {}, fixture.set(), {}, {{.path = "q", .wanted_as = "wanted/q", .analyser = 0}});
    ASSERT_TRUE(facts);
    const std::string encoded = encode_facts(*facts);
    const auto decoded = decode_facts(as_bytes(encoded));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encode_facts(*decoded), encoded);
    for (size_t size = 0; size < encoded.size(); ++size) {
      EXPECT_FALSE(decode_facts(as_bytes(std::string_view(encoded).substr(0, size)))) << size;
    }
    EXPECT_FALSE(decode_facts(as_bytes(encoded + '\0')));
  }
}

}  // namespace
}  // namespace bulkhead::layer
