#include "layer/merged_image.h"

#include <random>
#include <set>
#include <stop_token>

#include <gtest/gtest.h>

#include "archive/tar_builder.h"
#include "layer/analyse.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

using archive::TarBuilder;

struct Merged {
  std::string visible;
  std::string history;
};

Merged merge(const std::vector<std::string>& patterns, const std::vector<TarBuilder>& layers) {
  const EchoAnalyser analyser("echo", patterns);
  const Analyser* const all[] = {&analyser};
  std::vector<std::string> archives;
  for (const TarBuilder& layer : layers) archives.push_back(layer.finish());
  const auto image = analyse_image(image_of(archives), *AnalyserSet::create(all), {});
  if (!image) return {image.error().to_string(), {}};
  EXPECT_TRUE(image->missing().empty());
  return {listing_of(image->visible("echo")), listing_of(image->history("echo"))};
}

TEST(MergedImage, ShowsTheTopmostVersionAndRemembersTheOthers) {
  const Merged merged =
      merge({"db"}, {TarBuilder().file("db", "1"), TarBuilder().file("x"), TarBuilder().file("db", "2")});
  EXPECT_EQ(merged.visible, "db@2=2");
  EXPECT_EQ(merged.history, "db@0=1 db@2=2");
}

TEST(MergedImage, KnowsNothingOfAnalysersThatItDoesNotHave) {
  const auto image = MergedImage::merge({}, *AnalyserSet::create({}));
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->visible("echo").empty());
  EXPECT_TRUE(image->history("echo").empty());
}

TEST(MergedImage, HidesWhatUpperLayersRemove) {
  const struct {
    std::string_view what;
    TarBuilder upper;
  } kCases[] = {
      {"the file", TarBuilder().file("a/b/.wh.db")},
      {"its folder", TarBuilder().file("a/.wh.b")},
      {"a folder above", TarBuilder().file(".wh.a")},
      {"all of the folder", TarBuilder().file("a/b/.wh..wh..opq")},
      {"all of a folder above", TarBuilder().file("a/.wh..wh..opq")},
      {"everything", TarBuilder().file(".wh..wh..opq")},
      {"by a file in the folder's place", TarBuilder().file("a/b")},
      {"by a link in the folder's place", TarBuilder().symlink("a", "elsewhere")},
      {"by a device in its place", TarBuilder().character_device("a/b/db", 1, 1)},
      {"by a folder in its place", TarBuilder().directory("a/b/db")},
      {"by a removed and made folder", TarBuilder().file("a/.wh.b").directory("a/b")},
  };
  for (const auto& [what, upper] : kCases) {
    for (const std::string pattern : {"a/b/db", "a/*/db", "*/*/db"}) {
      const Merged merged = merge({pattern}, {TarBuilder().file("a/b/db", "x"), upper});
      EXPECT_EQ(merged.visible, "") << what << ", " << pattern;
      EXPECT_EQ(merged.history, "a/b/db@0=x") << what << ", " << pattern;
    }
  }
}

TEST(MergedImage, KeepsWhatUpperLayersOnlyTouch) {
  const TarBuilder lower = TarBuilder().file("a/b/db", "x");
  for (const TarBuilder& upper : {TarBuilder().directory("a").directory("a/b"), TarBuilder().file("a/b/.wh.other"),
                                  TarBuilder().file("a/.wh.bb"), TarBuilder().file("a/b/db2"), TarBuilder()}) {
    EXPECT_EQ(merge({"a/b/db"}, {lower, upper}).visible, "a/b/db@0=x");
  }
}

TEST(MergedImage, ShowsWhatComesBackAfterItWasRemoved) {
  const Merged merged = merge({"a/db"}, {TarBuilder().file("a/db", "1"), TarBuilder().file(".wh.a"),
                                         TarBuilder().file("a/db", "3"), TarBuilder().file("a/other")});
  EXPECT_EQ(merged.visible, "a/db@2=3");
  EXPECT_EQ(merged.history, "a/db@0=1 a/db@2=3");
}

TEST(MergedImage, FollowsLinksToWantedFilesAcrossLayers) {
  // As Debian has it, and then an upper layer with a new release file.
  const Merged merged =
      merge({"etc/os-release"},
            {TarBuilder().symlink("etc/os-release", "../usr/lib/os-release").file("usr/lib/os-release", "12"),
             TarBuilder().file("usr/lib/os-release", "13")});
  EXPECT_EQ(merged.visible, "usr/lib/os-release@1=13");
  EXPECT_EQ(merged.history, "usr/lib/os-release@0=12 usr/lib/os-release@1=13");
}

TEST(MergedImage, ReportsAFileOnceHoweverManyWantedPathsLeadToIt) {
  EXPECT_EQ(merge({"etc/os-release", "usr/lib/os-release", "*/*/os-release"},
                  {TarBuilder().symlink("etc/os-release", "../usr/lib/os-release").file("usr/lib/os-release", "12")})
                .visible,
            "usr/lib/os-release@0=12");
}

TEST(MergedImage, FollowsLinkedFoldersAcrossLayers) {
  // usr-merge: the base links lib, an upper layer writes below usr/lib.
  const Merged merged =
      merge({"lib/apk/db/installed"}, {TarBuilder().symlink("lib", "usr/lib").file("usr/lib/apk/db/installed", "1"),
                                       TarBuilder().file("usr/lib/apk/db/installed", "2")});
  EXPECT_EQ(merged.visible, "usr/lib/apk/db/installed@1=2");
  EXPECT_EQ(merged.history, "usr/lib/apk/db/installed@0=1 usr/lib/apk/db/installed@1=2");
  // Without the link the file is no wanted one.
  EXPECT_EQ(merge({"lib/apk/db/installed"}, {TarBuilder().file("usr/lib/apk/db/installed", "1")}).visible, "");
}

TEST(MergedImage, HidesALinkBehindADirectoryOfAnUpperLayer) {
  const Merged merged = merge({"lib/db"}, {TarBuilder().symlink("lib", "usr/lib").file("usr/lib/db", "below"),
                                           TarBuilder().file("lib/other", "x")});
  EXPECT_EQ(merged.visible, "");
  EXPECT_EQ(merged.history, "usr/lib/db@0=below");
}

TEST(MergedImage, LooksAgainIntoFilesThatALinkMakesWanted) {
  // The file comes before the link that leads to it, in the same layer and in another one.
  EXPECT_EQ(
      merge({"var/lib/db/status"}, {TarBuilder().file("opt/db/status", "x").symlink("var/lib/db", "/opt/db")}).visible,
      "opt/db/status@0=x");
  EXPECT_EQ(
      merge({"var/lib/db/*.d/*"}, {TarBuilder().file("opt/db/s.d/a", "1").file("opt/db/s.d/b", "2").file("opt/db/t/c"),
                                   TarBuilder().symlink("var/lib/db", "/opt/db")})
          .visible,
      "opt/db/s.d/a@0=1 opt/db/s.d/b@0=2");
  EXPECT_EQ(merge({"*/pkg.json"}, {TarBuilder().file("blob/1", "x"), TarBuilder().symlink("app/pkg.json", "../blob/1")})
                .visible,
            "blob/1@0=x");
  EXPECT_EQ(merge({"*/m/pkg.json"}, {TarBuilder().file("blob/pkg.json", "x").symlink("app/m", "../blob")}).visible,
            "blob/pkg.json@0=x");
}

TEST(MergedImage, LooksAgainIntoContentsBehindHardLinks) {
  EXPECT_EQ(merge({"db"}, {TarBuilder().file("store/1", "x").hard_link("db", "store/1")}).visible, "db@0=x");
  // A symbolic link to a hard link to a file that nobody wanted.
  EXPECT_EQ(
      merge({"db"}, {TarBuilder().file("store/1", "x").hard_link("name", "store/1").symlink("db", "name")}).visible,
      "name@0=x");
}

TEST(MergedImage, TakesAHardLinkToALowerLayersFileForALinkToIt) {
  EXPECT_EQ(merge({"db"}, {TarBuilder().file("data", "x"), TarBuilder().hard_link("db", "data")}).visible, "data@0=x");
  EXPECT_EQ(merge({"db"}, {TarBuilder().hard_link("db", "db")}).visible, "");
}

TEST(MergedImage, FollowsNoLinkOutOfTheImageNorInCircles) {
  EXPECT_EQ(merge({"db", "c/db"},
                  {TarBuilder().symlink("db", "../../../../etc/hostname").symlink("c", "c2").symlink("c2", "c")})
                .visible,
            "");
  EXPECT_EQ(merge({"db"}, {TarBuilder().symlink("db", "../../../f").file("f", "in the root")}).visible,
            "f@0=in the root");
}

TEST(MergedImage, OpensOnlyWhatTheKernelWouldOpen) {
  EXPECT_EQ(merge({"db"}, {TarBuilder().file("f", "x").symlink("db", "f/")}).visible, "");
  EXPECT_EQ(merge({"db"}, {TarBuilder().file("f", "x").symlink("db", "f/.")}).visible, "");
  EXPECT_EQ(merge({"db"}, {TarBuilder().file("f", "x").symlink("db", "f/../f")}).visible, "");
  EXPECT_EQ(merge({"db"}, {TarBuilder().directory("db")}).visible, "");
  EXPECT_EQ(merge({"db"}, {TarBuilder().fifo("db")}).visible, "");
}

TEST(MergedImage, KeepsTheErrorsOfAnalysersWithTheirFiles) {
  const std::string bad = TarBuilder().file("db", "bad").finish();
  const std::string good = TarBuilder().file("db", "good").finish();
  const EchoAnalyser analyser("echo", {"db"});
  const Analyser* const all[] = {&analyser};
  const auto hidden = analyse_image(image_of({bad, good}), *AnalyserSet::create(all), {});
  ASSERT_TRUE(hidden);
  EXPECT_EQ(listing_of(hidden->history("echo")), "db@0!bad content db@1=good");
  const auto visible = analyse_image(image_of({good, bad}), *AnalyserSet::create(all), {});
  ASSERT_TRUE(visible);
  EXPECT_EQ(listing_of(visible->visible("echo")), "db@1!bad content");
}

TEST(MergedImage, SaysWhatAStreamThatCannotBeReadAgainHasHidden) {
  const EchoAnalyser strict("strict", {"db"});
  const Analyser* const all[] = {&strict};
  const AnalyserSet set = *AnalyserSet::create(all);
  auto facts = analyse_layer(std::make_unique<MemorySource>(TarBuilder().file("a", "x").symlink("db", "a").finish()),
                             {}, set, {});
  ASSERT_TRUE(facts);
  const std::shared_ptr<const LayerFacts> layers[] = {std::make_shared<const LayerFacts>(*std::move(facts))};
  const auto image = MergedImage::merge(layers, set);
  ASSERT_TRUE(image);
  ASSERT_EQ(image->missing().size(), 1U);
  EXPECT_EQ(image->missing()[0].want.path, "a");
  EXPECT_NE(listing_of(image->visible("strict")).find("a@0!not looked into"), std::string::npos);
  const auto complete = image->require_complete();
  ASSERT_FALSE(complete);
  EXPECT_EQ(complete.error().code(), Code::kUnsupported);
  EXPECT_TRUE(complete.error().remedy().contains("save the image to a file")) << complete.error().remedy();
}

TEST(MergedImage, TakesAbsentLayersForEmpty) {
  const EchoAnalyser analyser("echo", {"db"});
  const Analyser* const all[] = {&analyser};
  oci::Image image = image_of({TarBuilder().file("db", "1").finish(), TarBuilder().file("x").finish()});
  image.layers[1].kind = oci::Layer::Kind::kForeign;
  image.layers[1].open = nullptr;
  const auto merged = analyse_image(image, *AnalyserSet::create(all), {});
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->layer_count(), 2U);
  EXPECT_EQ(listing_of(merged->visible("echo")), "db@0=1");
}

TEST(MergedImage, BoundsTheWorkOfManyLinks) {
  // Each of many wanted links leads through a long chain of others.
  TarBuilder tar;
  for (int i = 0; i < 39; ++i) tar.symlink("chain" + std::to_string(i), "x/../chain" + std::to_string(i + 1));
  tar.directory("x");
  for (int i = 0; i < 300; ++i) tar.symlink("d/" + std::to_string(i), "../chain0");
  const EchoAnalyser analyser("echo", {"d/*"});
  const Analyser* const all[] = {&analyser};
  EXPECT_TRUE(analyse_image(image_of({tar.finish()}), *AnalyserSet::create(all), {}));
  const auto merged =
      analyse_image(image_of({tar.finish()}), *AnalyserSet::create(all), {.limits = {.max_entries = 1000}});
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code(), Code::kLimitExceeded);
}

TEST(MergedImage, RemembersWhatALayerWithoutALinkWroteBehindOne) {
  const Merged merged = merge(
      {"var/lib/dpkg/status", "var/lib/dpkg/info/*"},
      {TarBuilder().symlink("var/lib/dpkg", "/opt/dpkg").file("opt/dpkg/status", "1").file("opt/dpkg/info/a", "a1"),
       TarBuilder().file("opt/dpkg/status", "2"),
       TarBuilder().file("opt/dpkg/status", "3").file("opt/dpkg/info/b", "b3"), TarBuilder().file(".wh.opt")});
  EXPECT_EQ(merged.visible, "");
  EXPECT_EQ(merged.history,
            "opt/dpkg/info/a@0=a1 opt/dpkg/info/b@2=b3 opt/dpkg/status@0=1 opt/dpkg/status@1=2 opt/dpkg/status@2=3");
}

TEST(MergedImage, TheHistoryIsWhatWasVisibleAtAnyLayer) {
  std::mt19937 random(20261122);
  const auto any_of = [&](const auto& from) { return from[random() % std::size(from)]; };
  constexpr const char* kNames[] = {"a", "b", "c"};
  constexpr const char* kTargets[] = {"/a", "b", "../c", "/a/b", "../b/c", "c/../a", "/c/a/..", ".", "/b"};
  const auto path = [&] {
    std::string text = any_of(kNames);
    for (auto more = random() % 3; more > 0; --more) text += std::string("/") + any_of(kNames);
    return text;
  };
  const EchoAnalyser analyser("echo", {"a", "a/b", "a/*", "b/*/c", "*/a/*", "a/b/c/*"});
  const Analyser* const all[] = {&analyser};
  const AnalyserSet set = *AnalyserSet::create(all);
  size_t found = 0;
  for (int round = 0; round < 1500; ++round) {
    std::vector<std::string> archives;
    for (auto layers = 2 + random() % 4; layers > 0; --layers) {
      TarBuilder tar;
      for (auto entries = 1 + random() % 4; entries > 0; --entries) {
        switch (random() % 8) {
          case 0:
            tar.directory(path());
            break;
          case 1:
          case 2:
            tar.symlink(path(), any_of(kTargets));
            break;
          case 3: {
            const std::string gone = path();
            const size_t slash = gone.rfind('/') + 1;
            tar.file(gone.substr(0, slash) + ".wh." + gone.substr(slash), "");
            break;
          }
          default:
            tar.file(path(), std::to_string(random() % 100));
        }
      }
      archives.push_back(tar.finish());
    }
    std::set<std::string> seen;
    for (size_t count = 1; count <= archives.size(); ++count) {
      const auto image =
          analyse_image(image_of({archives.begin(), archives.begin() + static_cast<ptrdiff_t>(count)}), set, {});
      if (!image) {  // links in circles that a later entry of their layer stands behind
        ASSERT_EQ(image.error().code(), Code::kMalformed) << image.error().to_string();
        break;
      }
      for (const FileFact* fact : image->visible("echo")) seen.insert(listing_of({fact}));
      if (count < archives.size()) continue;
      std::set<std::string> history;
      for (const FileFact* fact : image->history("echo")) history.insert(listing_of({fact}));
      ASSERT_EQ(history, seen) << "round " << round;
    }
    found += seen.size();
  }
  EXPECT_GT(found, 1000U);
}

TEST(MergedImage, BoundsTheWorkOfManyLayersTogether) {
  TarBuilder base;
  for (int i = 0; i < 300; ++i) base.file("d/" + std::to_string(i) + "/f", "");
  const EchoAnalyser analyser("echo", {"p/*/f"});
  const Analyser* const all[] = {&analyser};
  const auto merged_with = [&](size_t layers) {
    std::vector<std::string> archives = {base.finish()};
    archives.resize(1 + layers, TarBuilder().symlink("p", "d").finish());
    return analyse_image(image_of(archives), *AnalyserSet::create(all), {.limits = {.max_entries = 1000}});
  };
  EXPECT_TRUE(merged_with(2));
  const auto many = merged_with(100);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), Code::kLimitExceeded);
}

TEST(MergedImage, StopsOnRequest) {
  const EchoAnalyser analyser("echo", {"db"});
  const Analyser* const all[] = {&analyser};
  const AnalyserSet set = *AnalyserSet::create(all);
  auto facts = analyse_layer(std::make_unique<MemorySource>(TarBuilder().file("db", "x").finish()), {}, set, {});
  ASSERT_TRUE(facts);
  const std::shared_ptr<const LayerFacts> layers[] = {std::make_shared<const LayerFacts>(*std::move(facts))};
  std::stop_source stop;
  EXPECT_TRUE(MergedImage::merge(layers, set, {}, stop.get_token()));
  stop.request_stop();
  const auto stopped = MergedImage::merge(layers, set, {}, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code(), Code::kCancelled);
}

}  // namespace
}  // namespace bulkhead::layer
