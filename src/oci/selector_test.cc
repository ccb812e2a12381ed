#include "oci/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using ::testing::HasSubstr;

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Selector, ReadsNameDigestAndPosition) {
  EXPECT_TRUE(Selector::parse("")->empty());
  EXPECT_EQ(Selector::parse(":1.2")->name, "1.2");
  EXPECT_EQ(Selector::parse(":localhost:5000/app:1.2")->name, "localhost:5000/app:1.2");
  EXPECT_EQ(Selector::parse("@" + kDigest)->digest.to_string(), kDigest);
  EXPECT_EQ(Selector::parse(":@" + kDigest)->digest.to_string(), kDigest);
  EXPECT_EQ(Selector::parse("@12")->position, 12U);
  EXPECT_EQ(Selector::parse(":@0")->position, 0U);
  const auto both = Selector::parse(":app:1@" + kDigest);
  EXPECT_EQ(both->name, "app:1");
  EXPECT_EQ(both->digest.to_string(), kDigest);
  EXPECT_EQ(both->to_string(), ":app:1@" + kDigest);
}

TEST(Selector, RefusesWhatSelectsNothing) {
  for (const std::string_view text : {":", "@", ":a@", "@sha256:12", "@-1", ":a@b"}) {
    const auto selector = Selector::parse(text);
    ASSERT_FALSE(selector) << text;
    EXPECT_EQ(selector.error().code(), Code::kInvalidArgument) << text;
  }
}

TEST(Selector, MatchesNamesHoweverTheyAreWritten) {
  struct Case {
    std::string_view typed;
    std::string_view known;
    bool same;
  };
  constexpr Case kCases[] = {
      {"1.2", "1.2", true},
      {"1.2", "app:1.2", true},
      {"1.2", "localhost:5000/team/app:1.2", true},
      {"app", "app:latest", true},
      {"app", "docker.io/library/app:latest", true},
      {"app:1.2", "docker.io/library/app:1.2", true},
      {"docker.io/library/app:1.2", "app:1.2", true},
      {"app", "app:1.2", false},
      {"app:1.2", "app:1.3", false},
      {"app:1.2", "", false},
      {"1.2", "1.20", false},
      {"Not A Reference", "Not A Reference", true},
  };
  for (const Case& c : kCases) {
    Selector selector;
    selector.name = c.typed;
    EXPECT_EQ(selector.names(c.known), c.same) << c.typed << " for " << c.known;
  }
}

TEST(SplitPath, CutsWhereTheLongestExistingPathEnds) {
  const TemporaryFolder folder;
  folder.write("a/x", "");
  folder.write("a:1/x", "");
  folder.write("a:1@2/x", "");
  const std::string base = folder.path();
  struct Case {
    std::string typed;
    std::string path;
    std::string selector;
  };
  const Case cases[] = {
      {"/a", "/a", ""},
      {"/a:2", "/a", ":2"},
      {"/a:1", "/a:1", ""},
      {"/a:1:2", "/a:1", ":2"},
      {"/a:1@2", "/a:1@2", ""},
      {"/a:1@2:x", "/a:1@2", ":x"},
      {"/a:localhost:5000/app:1", "/a", ":localhost:5000/app:1"},
      {"/a@" + kDigest, "/a", "@" + kDigest},
      {"/a:tag@" + kDigest, "/a", ":tag@" + kDigest},
      {"/missing:1", "/missing", ":1"},
      {"/missing", "/missing", ""},
  };
  for (const Case& c : cases) {
    const auto split = split_path(base + c.typed);
    ASSERT_TRUE(split) << c.typed << ": " << split.error().to_string();
    EXPECT_EQ(split->path, base + c.path) << c.typed;
    EXPECT_EQ(split->selector.to_string(), c.selector) << c.typed;
  }
  EXPECT_EQ(split_path("")->path, "");
  EXPECT_EQ(split_path(":tag")->selector.name, "tag");
}

TEST(ChooseOne, ListsWhatThereIs) {
  const Error several = choose_one("save.tar", "docker-archive", {}, {"app:1", "app:2"});
  EXPECT_EQ(several.code(), Code::kInvalidArgument);
  EXPECT_EQ(several.message(), "holds several images: app:1, app:2");
  EXPECT_THAT(several.remedy(), HasSubstr("docker-archive:save.tar:app:1"));
  Selector selector;
  selector.name = "app:3";
  const Error none = choose_one("save.tar", "docker-archive", selector, {"app:1\n"});
  EXPECT_EQ(none.code(), Code::kNotFound);
  EXPECT_EQ(none.message(), "holds no image :app:3; there is app:1\\x0a");
  EXPECT_EQ(choose_one("save.tar", "oci", selector, {}).message(), "holds no image :app:3; there is none at all");
  EXPECT_THAT(choose_one("save.tar", "oci", {}, std::vector<std::string>(30, "x")).message(), HasSubstr("and 10 more"));
}

}  // namespace
}  // namespace bulkhead::oci
