#include "layer/path_matcher.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "layer/analyser_set.h"
#include "layer/test_layers.h"

namespace bulkhead::layer {
namespace {

std::vector<std::string> matched(const std::vector<std::string>& patterns, std::string_view path) {
  const EchoAnalyser analyser("test", patterns);
  const Analyser* const all[] = {&analyser};
  const auto matcher = PathMatcher::compile(all);
  EXPECT_TRUE(matcher);
  std::vector<PatternMatch> matches;
  (*matcher)->match(path, matches);
  std::vector<std::string> found;
  for (const PatternMatch& match : matches) found.push_back(patterns[match.pattern]);
  std::ranges::sort(found);
  return found;
}

TEST(PathMatcher, MatchesBySegment) {
  const std::vector<std::string> patterns = {
      "etc/os-release",
      "var/lib/dpkg/status.d/*",
      "var/lib/dpkg/info/*.list",
      "var/lib/*/status",
      "*/*.jar",
      "opt/*/lib*",
      "usr/*/x",
      "*",
  };
  const struct {
    std::string_view path;
    std::vector<std::string> expected;
  } kCases[] = {
      {"etc/os-release", {"etc/os-release"}},
      {"etc/os-release/x", {}},
      {"x/etc/os-release", {}},
      {"var/lib/dpkg/status", {"var/lib/*/status"}},
      {"var/lib/dpkg/status.d/base", {"var/lib/dpkg/status.d/*"}},
      {"var/lib/dpkg/status.d/a/b", {}},
      {"var/lib/dpkg/info/bash.list", {"var/lib/dpkg/info/*.list"}},
      {"var/lib/dpkg/info/bash.md5sums", {}},
      {"a.jar", {"*"}},
      {"opt/a.jar", {"*/*.jar"}},
      {"opt/app/a.jar", {}},
      {"opt/app/a.jar.bak", {}},
      {"METADATA", {"*"}},
      {"opt/x/libc.so.6", {"opt/*/lib*"}},
      {"opt/x/y/libc.so.6", {}},
      {"usr/lib/x", {"usr/*/x"}},
      {"lib/x", {}},
  };
  for (const auto& [path, expected] : kCases) EXPECT_EQ(matched(patterns, path), expected) << path;
}

TEST(PathMatcher, LooksForMergedFoldersUnderUsrToo) {
  const EchoAnalyser analyser("test", {"lib/apk/db/installed", "bin/*", "etc/x"});
  const Analyser* const all[] = {&analyser};
  const auto matcher = PathMatcher::compile(all);
  ASSERT_TRUE(matcher);
  std::vector<PatternMatch> matches;
  (*matcher)->match("usr/lib/apk/db/installed", matches);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].pattern, 0U);
  EXPECT_EQ(matches[0].dropped, 4U);
  matches.clear();
  (*matcher)->match("usr/etc/x", matches);
  EXPECT_TRUE(matches.empty());
}

TEST(PathMatcher, RejectsPatternsThatAreNone) {
  for (const std::string pattern :
       {"", "/etc", "etc/", "a//b", "./a", "a/../b", "a/**", "a/**/b", "**", "**/", "a**b", "**/a", "***/a"}) {
    const EchoAnalyser analyser("test", {pattern});
    const Analyser* const all[] = {&analyser};
    const auto set = AnalyserSet::create(all);
    ASSERT_FALSE(set) << pattern;
    EXPECT_EQ(set.error().code(), Code::kInvalidArgument);
  }
}

TEST(AnalyserSet, KnowsItsAnalysersByName) {
  const EchoAnalyser one("one", {"a"});
  const EchoAnalyser two("two", {"b"});
  const Analyser* const both[] = {&one, &two};
  const auto set = AnalyserSet::create(both);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->index_of("two"), 1U);
  EXPECT_EQ(set->index_of("three"), std::nullopt);
  const Analyser* const twice[] = {&one, &one};
  EXPECT_FALSE(AnalyserSet::create(twice));
}

TEST(AnalyserSet, ChangesItsIdentityWithNamesVersionsAndWants) {
  const auto identity = [](const std::vector<const Analyser*>& analysers) {
    return AnalyserSet::create(analysers)->identity();
  };
  EchoAnalyser one("one", {"a"});
  EchoAnalyser again("one", {"a"});
  EchoAnalyser newer("one", {"a"});
  newer.set_version(2);
  EchoAnalyser named("onea", std::vector<std::string>{});
  EchoAnalyser wider("one", {"a", "b"});
  EchoAnalyser smaller("one", std::vector<WantedPath>{{.pattern = "a", .max_bytes = 5}});
  EchoAnalyser magic("one", std::vector<WantedPath>{{.pattern = "a", .magic = "x"}});
  const std::string base = identity({&one});
  EXPECT_EQ(identity({&again}), base);
  for (const Analyser* other : {&newer, &named, &wider, &smaller, &magic}) EXPECT_NE(identity({other}), base);
}

}  // namespace
}  // namespace bulkhead::layer
