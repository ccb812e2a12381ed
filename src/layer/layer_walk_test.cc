#include "layer/layer_walk.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/tar_builder.h"
#include "base/chopped_source.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

using archive::Limits;
using archive::TarBuilder;

Result<LayerFacts> walk(const std::string& archive, const AnalyserSet& analysers, const Limits& limits = {},
                        const std::vector<ExtraWant>& extras = {}, size_t block = 1000) {
  ImageBudget budget(limits);
  LayerAccount account(budget);
  LayerWalk walk(analysers, limits, account, extras);
  archive::TarReader reader(std::make_unique<ChoppedSource>(archive, block), limits);
  TRY(walk.run(reader));
  return std::move(walk).finish();
}

AnalyserSet no_analysers() {
  return *AnalyserSet::create({});
}

// "d a", "o opaque", "f a/b", "l a/c -> x", "h …", "w …" (whiteout), "x …" (anything else), a line each.
std::string listing_of(const LayerTree& tree) {
  std::string text;
  for (NodeId node = 0; node < tree.size(); ++node) {
    if (node == LayerTree::kRoot && tree.kind(node) == NodeKind::kDirectory) continue;
    text += std::string("doflhwx").at(static_cast<size_t>(tree.kind(node)));
    text += ' ' + tree.path(node);
    if (!tree.target(node).empty()) text += " -> " + std::string(tree.target(node));
    text += '\n';
  }
  return text;
}

std::string tree_of(const TarBuilder& tar) {
  const auto facts = walk(tar.finish(), no_analysers());
  if (!facts) return facts.error().to_string();
  // The encoding gives the same tree back.
  const auto again = decode_facts(as_bytes(encode_facts(*facts)));
  EXPECT_TRUE(again);
  EXPECT_EQ(listing_of(again->tree), listing_of(facts->tree));
  return listing_of(facts->tree);
}

TEST(LayerWalk, BuildsTheTreeThatExtractionLeaves) {
  EXPECT_EQ(tree_of(TarBuilder().directory("./").directory("./b/").file("./b/f", "x").file("a").symlink("l", "b/f")),
            "f a\nd b\nl l -> b/f\nf b/f\n");
  EXPECT_EQ(tree_of(TarBuilder().file("deep/er/f").fifo("p").character_device("null", 1, 3)),
            "d deep\nx null\nx p\nd deep/er\nf deep/er/f\n");
  EXPECT_EQ(tree_of(TarBuilder()), "");
}

TEST(LayerWalk, LetsLaterEntriesReplaceEarlierOnes) {
  EXPECT_EQ(tree_of(TarBuilder().file("a").symlink("a", "x").file("a")), "f a\n");
  EXPECT_EQ(tree_of(TarBuilder().file("a").directory("a")), "d a\n");
  EXPECT_EQ(tree_of(TarBuilder().file("a/b/c").file("a")), "f a\n");
  EXPECT_EQ(tree_of(TarBuilder().file("a/b").file("a").file("a/c")), "d a\nf a/c\n");
  EXPECT_EQ(tree_of(TarBuilder().file("a/b").directory("a").file("a/c")), "d a\nf a/b\nf a/c\n");
  EXPECT_EQ(tree_of(TarBuilder().file("a/b").symlink("a", "x").directory("a")), "d a\n");
}

TEST(LayerWalk, FollowsLinksOfTheLayerItself) {
  EXPECT_EQ(tree_of(TarBuilder().directory("usr/lib").symlink("lib", "usr/lib").file("lib/f")),
            "l lib -> usr/lib\nd usr\nd usr/lib\nf usr/lib/f\n");
  EXPECT_EQ(tree_of(TarBuilder().symlink("l", "/new/place").file("l/f")),
            "l l -> /new/place\nd new\nd new/place\nf new/place/f\n");
  EXPECT_EQ(tree_of(TarBuilder().symlink("a/l", "../../../../b").file("a/l/f")),
            "d a\nd b\nl a/l -> ../../../../b\nf b/f\n");
  // An entry of the link's own name replaces the link and does not follow it.
  EXPECT_EQ(tree_of(TarBuilder().symlink("l", "b").file("l")), "f l\n");
}

TEST(LayerWalk, RejectsLinksThatGoRoundInCircles) {
  EXPECT_NE(tree_of(TarBuilder().symlink("a", "b").symlink("b", "a").file("a/f")).find("in circles"),
            std::string::npos);
  EXPECT_NE(tree_of(TarBuilder().symlink("a", "a").file("a/f")).find("in circles"), std::string::npos);
  EXPECT_NE(tree_of(TarBuilder().symlink("a", "a/b").file("a/f")).find("in circles"), std::string::npos);
  // A circle that no entry goes through harms nobody.
  EXPECT_EQ(tree_of(TarBuilder().symlink("a", "b").symlink("b", "a")), "l a -> b\nl b -> a\n");
}

TEST(LayerWalk, RejectsEntriesThatEscapeTheRoot) {
  EXPECT_NE(tree_of(TarBuilder().file("../a")).find("out of the archive's root"), std::string::npos);
  EXPECT_NE(tree_of(TarBuilder().file("a").hard_link("b", "../a")).find("out of the archive's root"),
            std::string::npos);
}

TEST(LayerWalk, KeepsTheRootADirectory) {
  EXPECT_EQ(tree_of(TarBuilder().file("a").file("/").symlink(".", "x").file("b")), "f a\nf b\n");
}

TEST(LayerWalk, UnderstandsWhiteouts) {
  EXPECT_EQ(tree_of(TarBuilder().file(".wh.a").file("d/.wh.b").file(".wh.d2/")), "w a\nd d\nw d2\nw d/b\n");
  EXPECT_EQ(tree_of(TarBuilder().file("d/.wh..wh..opq")), "o d\n");
  EXPECT_EQ(tree_of(TarBuilder().file(".wh..wh..opq").file("a")), "o \nf a\n");
  EXPECT_EQ(tree_of(TarBuilder().character_device("a", 0, 0)), "w a\n");
}

// They are overlayfs' own notes, which no specification of layers knows (layer_walk.h).
TEST(LayerWalk, HidesNothingByExtendedAttributes) {
  for (const std::string_view prefix : {"SCHILY.xattr.trusted", "SCHILY.xattr.user", "LIBARCHIVE.xattr.trusted"}) {
    const auto key = [&](std::string_view name) { return fmt::format("{}.overlay.{}", prefix, name); };
    TarBuilder tar;
    tar.pax({{key("opaque"), "y"}}).directory("opaque").file("opaque/new");
    tar.pax({{key("opaque"), "x"}}).directory("d").pax({{key("whiteout"), std::string_view("\0", 1)}}).file("d/file");
    tar.pax({{key("redirect"), "/opaque"}}).directory("redirected");
    tar.pax({{key("metacopy"), ""}}).file("metacopy", "content");
    EXPECT_EQ(tree_of(tar), "d d\nf metacopy\nd opaque\nd redirected\nf d/file\nf opaque/new\n") << prefix;
  }
}

TEST(LayerWalk, AppliesWhiteoutsToLowerLayersOnly) {
  EXPECT_EQ(tree_of(TarBuilder().file("a").file(".wh.a")), "f a\n");
  EXPECT_EQ(tree_of(TarBuilder().file(".wh.a").file("a")), "f a\n");
  // A directory beside its own whiteout shows nothing of the lower layers' one.
  EXPECT_EQ(tree_of(TarBuilder().file(".wh.d").file("d/x")), "o d\nf d/x\n");
  EXPECT_EQ(tree_of(TarBuilder().file("d/x").file(".wh.d")), "o d\nf d/x\n");
  EXPECT_EQ(tree_of(TarBuilder().file("d/x").file(".wh.d").file("d").directory("d")), "o d\n");
  EXPECT_EQ(tree_of(TarBuilder().file("d/.wh..wh..opq").file("d/x")), "o d\nf d/x\n");
}

TEST(LayerWalk, RejectsWhiteoutsOfNoName) {
  for (const std::string_view name : {".wh.", ".wh..", ".wh...", "a/.wh.", "a/.wh.."}) {
    EXPECT_NE(tree_of(TarBuilder().file(name)).find("whiteout of no name"), std::string::npos) << name;
  }
}

TEST(LayerWalk, LeavesTheNotesOfUnionFileSystemsOut) {
  EXPECT_EQ(tree_of(TarBuilder().directory(".wh..wh.plnk").file(".wh..wh.plnk/1.2", "x").file(".wh..wh.aufs")), "");
  EXPECT_EQ(tree_of(TarBuilder().file(".wh..wh.plnk/1.2", "x").hard_link("a", ".wh..wh.plnk/1.2")), "f a\n");
}

TEST(LayerWalk, ResolvesHardLinks) {
  EXPECT_EQ(tree_of(TarBuilder().file("a").hard_link("b", "a").hard_link("d/c", "./b")), "f a\nf b\nd d\nf d/c\n");
  EXPECT_EQ(tree_of(TarBuilder().symlink("a", "x").hard_link("b", "a")), "l a -> x\nl b -> x\n");
  EXPECT_EQ(tree_of(TarBuilder().symlink("l", "d").file("d/f").hard_link("b", "l/f")), "f b\nd d\nl l -> d\nf d/f\n");
  EXPECT_EQ(tree_of(TarBuilder().hard_link("b", "lower/f")), "h b -> lower/f\n");
  EXPECT_EQ(tree_of(TarBuilder().file("a").hard_link("a", "a")), "f a\n");
  EXPECT_NE(tree_of(TarBuilder().directory("d").hard_link("b", "d")).find("hard link to a directory"),
            std::string::npos);
  EXPECT_NE(tree_of(TarBuilder().hard_link("b", "")).find("hard link"), std::string::npos);
}

std::string facts_of(const LayerFacts& facts) {
  std::string text;
  for (const ContentFact& fact : facts.facts) {
    text += fmt::format("{}{}{} ", facts.tree.path(fact.node), fact.error.empty() ? "=" : "!", fact.value + fact.error);
  }
  for (const Unexamined& entry : facts.unexamined) {
    text += fmt::format("{}?{}:{} ", facts.tree.path(entry.node), entry.want.path, entry.want.wanted_as);
  }
  return text;
}

class Wanting {
 public:
  explicit Wanting(std::vector<std::string> patterns) : analyser_("echo", std::move(patterns)) {}
  std::string facts(const TarBuilder& tar, const std::vector<ExtraWant>& extras = {}, size_t block = 1000) const {
    const Analyser* const all[] = {&analyser_};
    const auto facts = walk(tar.finish(), *AnalyserSet::create(all), {}, extras, block);
    if (!facts) return facts.error().to_string();
    const auto again = decode_facts(as_bytes(encode_facts(*facts)));
    EXPECT_TRUE(again);
    EXPECT_EQ(facts_of(*again), facts_of(*facts));
    return facts_of(*facts);
  }

 private:
  EchoAnalyser analyser_;
};

TEST(LayerWalk, HandsWantedFilesToTheirAnalysers) {
  const Wanting wanting({"etc/os-release", "x.json", "*/x.json", "*/*/x.json"});
  TarBuilder tar;
  tar.file("etc/os-release", "os")
      .file("etc/other", "no")
      .file("x.json", "1")
      .file("a/b/x.json", std::string(5000, 'j'));
  tar.file("a/x.json", "bad").file("c/x.json", "");
  for (const size_t block : {size_t{1}, size_t{512}, size_t{700}, size_t{100'000}}) {
    EXPECT_EQ(wanting.facts(tar, {}, block),
              "x.json=1 a/x.json!bad content etc/os-release=os a/b/x.json=" + std::string(5000, 'j') + " ");
  }
}

TEST(LayerWalk, MatchesThePathThatTheLayersOwnLinksLeadTo) {
  EXPECT_EQ(Wanting({"usr/lib/f"}).facts(TarBuilder().symlink("lib", "usr/lib").file("lib/f", "x")), "usr/lib/f=x ");
  EXPECT_EQ(Wanting({"lib/f"}).facts(TarBuilder().file("usr/lib/f", "x")), "usr/lib/f=x ");
}

TEST(LayerWalk, ForgetsWhatIsReplaced) {
  const Wanting wanting({"f"});
  EXPECT_EQ(wanting.facts(TarBuilder().file("f", "1").file("f", "2")), "f=2 ");
  EXPECT_EQ(wanting.facts(TarBuilder().file("f", "1").file("f", "")), "");
  EXPECT_EQ(wanting.facts(TarBuilder().file("f", "1").symlink("f", "x")), "");
  EXPECT_EQ(Wanting({"d/f"}).facts(TarBuilder().file("d/f", "1").file("d").directory("d")), "");
}

TEST(LayerWalk, GivesHardLinksTheFactsOfTheirFile) {
  const Wanting wanting({"f", "*/f", "g"});
  EXPECT_EQ(wanting.facts(TarBuilder().file("f", "x").hard_link("a/f", "f").hard_link("h", "f")), "f=x h=x a/f=x ");
  // The content lives on under its other name.
  EXPECT_EQ(wanting.facts(TarBuilder().file("f", "x").hard_link("g", "f").file("f", "y")), "f=y g=x ");
  EXPECT_EQ(wanting.facts(TarBuilder().file("f", "x").hard_link("g", "f").directory("f")), "g=x ");
}

TEST(LayerWalk, NotesHardLinksWhoseContentItHasMissed) {
  const Wanting wanting({"f", "*/f"});
  TarBuilder tar;
  tar.file("store/1", "x").hard_link("f", "store/1").hard_link("a/f", "f");
  EXPECT_EQ(wanting.facts(tar), "f?store/1:f a/f?store/1:a/f ");
  // Asked for, the content is looked into where it stands, and all its names have the answer.
  EXPECT_EQ(wanting.facts(tar, {{.path = "store/1", .wanted_as = "f", .analyser = 0}}), "f=x a/f=x store/1=x ");
}

TEST(LayerWalk, LooksIntoExtraFilesWhenAsked) {
  const Wanting wanting({"var/lib/db"});
  const std::vector<ExtraWant> extras = {{.path = "opt/db", .wanted_as = "var/lib/db", .analyser = 0},
                                         {.path = "opt/none", .wanted_as = "not/wanted", .analyser = 0}};
  EXPECT_EQ(wanting.facts(TarBuilder().file("opt/db", "x").file("opt/none", "y"), extras), "opt/db=x ");
}

TEST(LayerWalk, ReadsNoFileThatIsTooLargeOrHasAnotherMagic) {
  const EchoAnalyser small("small", std::vector<WantedPath>{{.pattern = "f*", .max_bytes = 3}});
  const EchoAnalyser magic("magic", std::vector<WantedPath>{{.pattern = "*",
                                                             .max_bytes = 10,
                                                             .magic = "\x7f"
                                                                      "ELF"}});
  const Analyser* const all[] = {&small, &magic};
  TarBuilder tar;
  tar.file("f1", "abc")
      .file("f2", "abcd")
      .file("elf",
            "\x7f"
            "ELFx")
      .file("short",
            "\x7f"
            "E");
  tar.file("big",
           "\x7f"
           "ELF123456789")
      .file("big2", "other magic and long");
  const auto facts = walk(tar.finish(), *AnalyserSet::create(all));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts_of(*facts),
            "f1=abc f2!file of 4 bytes was not read: larger than 3 bytes "
            "big!file of 13 bytes was not read: larger than 10 bytes elf=\x7f"
            "ELFx ");
}

TEST(LayerWalk, AsksAnAnalyserOnceForAFileThatSeveralPatternsWant) {
  const EchoAnalyser analyser(
      "echo", std::vector<WantedPath>{
                  {.pattern = "*/a.x", .max_bytes = 1}, {.pattern = "d/*"}, {.pattern = "*/*.x", .max_bytes = 2}});
  const Analyser* const all[] = {&analyser};
  const auto facts = walk(TarBuilder().file("d/a.x", "abc").finish(), *AnalyserSet::create(all));
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts_of(*facts), "d/a.x=abc ");
  EXPECT_EQ(analyser.calls(), 1U);
}

TEST(LayerWalk, StopsAtItsLimits) {
  const EchoAnalyser analyser("echo", {"f", "*/f"});
  const Analyser* const all[] = {&analyser};
  const AnalyserSet set = *AnalyserSet::create(all);
  const auto limit_of = [&](const TarBuilder& tar, const Limits& limits) -> std::string {
    const auto facts = walk(tar.finish(), set, limits);
    if (facts) return "none";
    EXPECT_EQ(facts.error().code(), Code::kLimitExceeded) << facts.error().to_string();
    return facts.error().remedy().substr(facts.error().remedy().find("--"));
  };
  const TarBuilder implied = TarBuilder().file("a/b/c/d");
  EXPECT_EQ(limit_of(implied, {.max_entries = 4}), "none");
  EXPECT_EQ(limit_of(implied, {.max_entries = 3}), "--max-entries");
  EXPECT_EQ(limit_of(implied, {.max_name_bytes = 3}), "--max-name-bytes");
  const TarBuilder file = TarBuilder().file("f", "12345");
  EXPECT_EQ(limit_of(file, {.max_file_bytes = 5, .max_fact_bytes = kBytesPerFact + 5}), "none");
  EXPECT_EQ(limit_of(file, {.max_file_bytes = 4}), "--max-file-bytes");
  EXPECT_EQ(limit_of(file, {.max_fact_bytes = kBytesPerFact + 4}), "--max-fact-bytes");
  // Names of one content count as often as they are reported.
  EXPECT_EQ(limit_of(TarBuilder().file("f", "12345").hard_link("a/f", "f"), {.max_fact_bytes = 2 * kBytesPerFact + 9}),
            "--max-fact-bytes");
  // So do the notes of hard links whose content is still to be looked into.
  const TarBuilder late = TarBuilder().file("store/1", "x").hard_link("f", "store/1").hard_link("a/f", "store/1");
  EXPECT_EQ(limit_of(late, {}), "none");
  EXPECT_EQ(limit_of(late, {.max_fact_bytes = 100}), "--max-fact-bytes");
  // A link into a deep folder does not make paths longer than they may be.
  TarBuilder deep;
  deep.directory("aaaaaaaaa/b").symlink("l", "aaaaaaaaa/b").directory("l/cccccccc/d");
  EXPECT_EQ(limit_of(deep, {.max_path_bytes = 22}), "none");
  EXPECT_EQ(limit_of(deep, {.max_path_bytes = 21}), "--max-path-bytes");
}

TEST(LayerWalk, BoundsTheWorkOfFollowingLinks) {
  TarBuilder tar;
  std::string target = "d/";
  while (target.size() < 4000) target += "./";
  tar.directory("d").symlink("l", target);
  for (int i = 0; i < 200; ++i) tar.file(fmt::format("l/f{}", i)).file(fmt::format("x{}/f", i));
  const auto facts = walk(tar.finish(), no_analysers(), {.max_entries = 1000});
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::layer
