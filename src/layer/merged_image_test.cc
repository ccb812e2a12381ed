#include "layer/merged_image.h"

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
    for (const std::string pattern : {"a/b/db", "a/*/db", "**/db"}) {
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
  EXPECT_EQ(merge({"etc/os-release", "usr/lib/os-release", "**/os-release"},
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
  EXPECT_EQ(
      merge({"**/pkg.json"}, {TarBuilder().file("blob/1", "x"), TarBuilder().symlink("app/pkg.json", "../blob/1")})
          .visible,
      "blob/1@0=x");
  EXPECT_EQ(merge({"**/m/pkg.json"}, {TarBuilder().file("blob/pkg.json", "x").symlink("app/m", "../blob")}).visible,
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

TEST(MergedImage, FailsOnlyForVisibleFilesOfAnalysersThatMayNotFail) {
  const EchoAnalyser strict("strict", {"db"}, /*fatal=*/true);
  const EchoAnalyser lenient("lenient", {"db"});
  const Analyser* const all[] = {&strict, &lenient};
  const Analyser* const lenient_only[] = {&lenient};
  const std::string bad = TarBuilder().file("db", "bad").finish();
  const std::string good = TarBuilder().file("db", "good").finish();

  const auto failed = analyse_image(image_of({good, bad}), *AnalyserSet::create(all), {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kMalformed);
  EXPECT_EQ(failed.error().to_string(), "db: bad content");
  const auto hidden = analyse_image(image_of({bad, good}), *AnalyserSet::create(all), {});
  ASSERT_TRUE(hidden);
  EXPECT_EQ(listing_of(hidden->history("strict")), "db@0!bad content db@1=good");
  const auto noted = analyse_image(image_of({bad}), *AnalyserSet::create(lenient_only), {});
  ASSERT_TRUE(noted);
  EXPECT_EQ(listing_of(noted->visible("lenient")), "db@0!bad content");
}

TEST(MergedImage, SaysWhatAStreamThatCannotBeReadAgainHasHidden) {
  const EchoAnalyser strict("strict", {"db"}, /*fatal=*/true);
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
  const auto complete = image->require_complete(set);
  ASSERT_FALSE(complete);
  EXPECT_EQ(complete.error().code(), Code::kUnsupported);
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

}  // namespace
}  // namespace bulkhead::layer
