#include "advisory/feeds/version_set.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

using version::Scheme;

std::string text_of(const std::vector<Range>& ranges) {
  std::string out;
  for (const Range& range : ranges) {
    out += (range.introduced_exclusive ? "(" : "[") + range.introduced + ",";
    out += range.last_affected.empty() ? range.fixed + ")" : range.last_affected + "]";
  }
  return out;
}

struct Case {
  Syntax syntax;
  Scheme scheme;
  std::string_view requirement;
  std::string_view ranges;
};

class RequirementCases : public testing::TestWithParam<Case> {};

TEST_P(RequirementCases, BecomeIntervals) {
  const auto set = VersionSet::parse(GetParam().syntax, GetParam().scheme, GetParam().requirement);
  EXPECT_EQ(set ? text_of(set->ranges()) : set.error().to_string(), GetParam().ranges);
}

INSTANTIATE_TEST_SUITE_P(
    Npm, RequirementCases,
    testing::Values(Case{Syntax::kNpm, Scheme::kNpm, "<=1.0.0", "[,1.0.0]"},
                    Case{Syntax::kNpm, Scheme::kNpm, ">= 1.2.3 < 2", "[1.2.3,2.0.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "^1.2.3", "[1.2.3,2.0.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "^0.2.3", "[0.2.3,0.3.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "^0.0.3", "[0.0.3,0.0.4-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "^0.0", "[0.0.0-0,0.1.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "^0.x", "[0.0.0-0,1.0.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "~1.2.3-beta.2", "[1.2.3-beta.2,1.3.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "~1", "[1.0.0-0,2.0.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "8.x || 7.x || 4.x", "[4.0.0-0,5.0.0-0)[7.0.0-0,9.0.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "1.2.3 - 2.3", "[1.2.3,2.4.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, ">1.2 <=1.4", "[1.3.0-0,1.5.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, ">1.2.0", "(1.2.0,)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "1.0.0 || =1.0.2", "[1.0.0,1.0.0][1.0.2,1.0.2]"},
                    Case{Syntax::kNpm, Scheme::kNpm, "*", "[,)"}, Case{Syntax::kNpm, Scheme::kNpm, "", "[,)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "<*", ""}, Case{Syntax::kNpm, Scheme::kNpm, ">2 <1", ""},
                    Case{Syntax::kNpm, Scheme::kNpm, "v1.2.x", "[1.2.0-0,1.3.0-0)"},
                    Case{Syntax::kNpm, Scheme::kNpm, "latest", "\"latest\" is no requirement"},
                    Case{Syntax::kNpm, Scheme::kNpm, "1.2.3.4", "\"1.2.3.4\" is no requirement"}));

INSTANTIATE_TEST_SUITE_P(
    Others, RequirementCases,
    testing::Values(Case{Syntax::kCargo, Scheme::kSemver, "1.2.3", "[1.2.3,2.0.0-0)"},
                    Case{Syntax::kCargo, Scheme::kSemver, ">= 0.4.0, < 0.4.2", "[0.4.0,0.4.2)"},
                    Case{Syntax::kCargo, Scheme::kSemver, "=1.2.3", "[1.2.3,1.2.3]"},
                    Case{Syntax::kCargo, Scheme::kSemver, ">= 1,", "\">= 1,\" is no requirement"},
                    Case{Syntax::kGem, Scheme::kGem, "~> 1.2.3", "[1.2.3,1.3.a)"},
                    Case{Syntax::kGem, Scheme::kGem, "~> 1.2.3, >= 1.2.3.4", "[1.2.3.4,1.3.a)"},
                    Case{Syntax::kGem, Scheme::kGem, "~> 2", "[2,3.a)"},
                    Case{Syntax::kGem, Scheme::kGem, "~> 3.0.0.rc1", "[3.0.0.rc1,3.1.a)"},
                    Case{Syntax::kGem, Scheme::kGem, "!= 1.2", "[,1.2)(1.2,)"},
                    Case{Syntax::kGem, Scheme::kGem, ">= 1 < 2", "\">= 1 < 2\" is no requirement"},
                    Case{Syntax::kGem, Scheme::kGem, "^1", "\"^1\" is no requirement"},
                    Case{Syntax::kGem, Scheme::kGem, "", "\"\" is no requirement"},
                    Case{Syntax::kOperators, Scheme::kComposer, "<2.0.17", "[,2.0.17)"},
                    Case{Syntax::kOperators, Scheme::kComposer, ">=2.0.0,<=2.0.3", "[2.0.0,2.0.3]"},
                    Case{Syntax::kOperators, Scheme::kComposer, "~2", "\"~2\" is no requirement"}));

VersionSet gem(std::string_view requirement) {
  return *VersionSet::parse(Syntax::kGem, Scheme::kGem, requirement);
}

TEST(VersionSet, WhatIsNeitherPatchedNorUnaffectedIsAffected) {
  const auto patched = gem("~> 4.2.5, >= 4.2.5.1").unite(gem(">= 5.0.0.1"));
  EXPECT_EQ(text_of(patched.complement().ranges()), "[,4.2.5.1)[4.3.a,5.0.0.1)");
  EXPECT_EQ(text_of(patched.unite(gem("< 3.0")).complement().ranges()), "[3.0,4.2.5.1)[4.3.a,5.0.0.1)");
  EXPECT_EQ(text_of(gem("<= 3.0").complement().ranges()), "(3.0,)");
  EXPECT_TRUE(VersionSet::all(Scheme::kGem).complement().empty());
}

TEST(VersionSet, MovesUpToThePatch) {
  const auto npm = [](std::string_view text) { return *VersionSet::parse(Syntax::kNpm, Scheme::kNpm, text); };
  EXPECT_EQ(text_of(npm("<=1.0.0 || >=2.0.0 <=2.0.3").up_to(npm("^1.0.1 || >=2.0.4")).ranges()),
            "[,1.0.1)[2.0.0,2.0.4)");
  EXPECT_EQ(text_of(npm("<=1.0.0 || >=2.0.0 <2.1.0").up_to(npm(">=2.1.0")).ranges()), "[,1.0.0][2.0.0,2.1.0)");
  EXPECT_EQ(text_of(npm("<=1.0.0").up_to(npm("<0.1.0")).ranges()), "[,1.0.0]");
}

TEST(VersionSet, JoinsManySetsAsItJoinsTwo) {
  const std::vector<VersionSet> sets = {gem(">= 3, < 4"), gem("< 1"), gem(">= 3.5, < 5"), gem("= 1"), gem("> 8")};
  VersionSet any = VersionSet::none(Scheme::kGem);
  VersionSet all = VersionSet::all(Scheme::kGem);
  for (const VersionSet& set : sets) {
    any = any.unite(set);
    all = all.intersect(set.complement());
  }
  EXPECT_EQ(text_of(VersionSet::any_of(Scheme::kGem, sets).ranges()), "[,1][3,5)(8,)");
  EXPECT_EQ(text_of(any.ranges()), "[,1][3,5)(8,)");
  EXPECT_EQ(text_of(all.ranges()), "(1,3)[5,8]");
  EXPECT_EQ(text_of(VersionSet::any_of(Scheme::kGem, sets).complement().ranges()), "(1,3)[5,8]");
  EXPECT_TRUE(VersionSet::any_of(Scheme::kGem, {}).empty());
  EXPECT_EQ(text_of(VersionSet::all_of(Scheme::kGem, {}).ranges()), "[,)");
}

TEST(VersionSet, LeavesOutRangesWithBoundsThatAreNoVersions) {
  const std::vector<Range> ranges = {{.introduced = "1.0", .fixed = "!"},
                                     {.introduced = "!", .fixed = "9"},
                                     {.introduced = "5.0", .fixed = "4.0"},
                                     {.introduced = "2.0", .fixed = "3.0", .last_affected = "2.5"}};
  EXPECT_EQ(text_of(VersionSet::of(Scheme::kPep440, ranges).ranges()), "[2.0,2.5]");
}

TEST(VersionSet, HoldsVersionsOfItsRanges) {
  const std::vector<Range> ranges = {{.introduced = "1.0", .fixed = "1.5"},
                                     {.introduced = "2.0", .last_affected = "2.0"},
                                     {.introduced = "3.0", .introduced_exclusive = true}};
  for (const auto& [version, inside] : {std::pair("0.9", false), std::pair("1.0", true), std::pair("1.4.9", true),
                                        std::pair("1.5", false), std::pair("2.0", true), std::pair("2.0.1", false),
                                        std::pair("3.0", false), std::pair("3.1", true), std::pair("!", false)}) {
    EXPECT_EQ(VersionSet::of(Scheme::kPep440, ranges).contains(version), inside) << version;
  }
}

// The intervals of a requirement hold exactly the versions that satisfy it, by the range vectors of the shared corpus.
// Left out: pre-releases, which npm's and Cargo's own rule admits only beside a comparator of the same numbers, a
// matter of resolution and not of what an advisory affects.
TEST(VersionSet, AgreesWithTheRangeVectors) {
  BULKHEAD_NEED_TEST_DATA();
  const std::string data = *test_data_dir();
  struct World {
    std::string folder;
    Syntax syntax;
    Scheme scheme;
  };
  for (const World& world :
       {World{"npm-include-prerelease", Syntax::kNpm, Scheme::kNpm}, World{"gem", Syntax::kGem, Scheme::kGem}}) {
    size_t checked = 0;
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(data + "/vectors/range/" + world.folder, error)) {
      const auto text = read_file(file.path().string(), size_t{64} << 20);
      ASSERT_TRUE(text) << text.error().to_string();
      std::string_view rest = *text;
      std::string_view line;
      while (next_line(rest, line)) {
        const auto fields = split(line, '\t');
        if (line.starts_with('#') || fields.size() != 3) continue;
        const auto set = VersionSet::parse(world.syntax, world.scheme, fields[1]);
        if (!set || !version::is_valid(world.scheme, fields[0])) continue;
        EXPECT_EQ(set->contains(fields[0]), fields[2] == "true") << file.path() << ": " << line;
        ++checked;
      }
    }
    EXPECT_GT(checked, 20U) << world.folder;
  }
}

}  // namespace
}  // namespace bulkhead::advisory::feeds
