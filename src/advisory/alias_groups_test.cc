#include "advisory/alias_groups.h"

#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace bulkhead::advisory {
namespace {

using Names = std::vector<std::pair<std::string, std::string>>;

// The canonical name of every name that occurs in the pairs.
struct Groups {
  std::map<std::string, std::string> canonical;
  std::vector<std::string> bulletins;
};

Groups group(const Names& names) {
  std::vector<std::string> spelled;
  const auto number = [&](const std::string& name) {
    const auto place = std::ranges::find(spelled, name);
    if (place != spelled.end()) return static_cast<uint32_t>(place - spelled.begin());
    spelled.push_back(name);
    return static_cast<uint32_t>(spelled.size() - 1);
  };
  std::vector<AliasPair> pairs;
  for (const auto& [id, alias] : names) pairs.push_back({.id = number(id), .alias = number(alias)});
  const AliasGroups groups(static_cast<uint32_t>(spelled.size()), pairs,
                           [&](uint32_t id) -> std::string_view { return spelled[id]; });
  Groups result;
  for (uint32_t i = 0; i < spelled.size(); ++i) result.canonical[spelled[i]] = spelled[groups.canonical(i)];
  for (const AliasPair& pair : groups.bulletins()) {
    result.bulletins.push_back(spelled[pair.id] + " covers " + spelled[pair.alias]);
  }
  return result;
}

TEST(AliasGroups, JoinsNamesTransitivelyUnderTheCve) {
  const auto [canonical, bulletins] =
      group({{"PYSEC-2021-1", "GHSA-aaaa-bbbb-cccc"}, {"CVE-2021-1", "GHSA-aaaa-bbbb-cccc"}});
  EXPECT_EQ(canonical.at("PYSEC-2021-1"), "CVE-2021-1");
  EXPECT_EQ(canonical.at("GHSA-aaaa-bbbb-cccc"), "CVE-2021-1");
  EXPECT_EQ(canonical.at("CVE-2021-1"), "CVE-2021-1");
  EXPECT_TRUE(bulletins.empty());
}

TEST(AliasGroups, WithoutACveTheGhsaStandsForTheGroup) {
  const auto canonical = group({{"AAA-1", "GHSA-zzzz-zzzz-zzzz"}, {"AAA-1", "RUSTSEC-2021-1"}}).canonical;
  EXPECT_EQ(canonical.at("AAA-1"), "GHSA-zzzz-zzzz-zzzz");
  EXPECT_EQ(canonical.at("RUSTSEC-2021-1"), "GHSA-zzzz-zzzz-zzzz");
  EXPECT_EQ(group({{"RUSTSEC-2021-1", "AAA-1"}}).canonical.at("RUSTSEC-2021-1"), "AAA-1");
}

TEST(AliasGroups, ABulletinThatCoversSeveralCvesJoinsNothing) {
  const auto [canonical, bulletins] = group({{"CVE-2021-1", "RHSA-2021:1"}, {"CVE-2021-2", "RHSA-2021:1"}});
  EXPECT_EQ(canonical.at("CVE-2021-1"), "CVE-2021-1");
  EXPECT_EQ(canonical.at("CVE-2021-2"), "CVE-2021-2");
  EXPECT_EQ(canonical.at("RHSA-2021:1"), "RHSA-2021:1");
  EXPECT_EQ(bulletins, (std::vector<std::string>{"RHSA-2021:1 covers CVE-2021-1", "RHSA-2021:1 covers CVE-2021-2"}));
}

TEST(AliasGroups, NamesThatWouldTieTwoCvesTogetherStayWithTheirOwn) {
  // GHSA-a is CVE-1, GHSA-b is CVE-2, and PYSEC claims to be both.
  const auto canonical =
      group({{"GHSA-a", "CVE-2021-1"}, {"GHSA-b", "CVE-2021-2"}, {"PYSEC-1", "GHSA-a"}, {"PYSEC-1", "GHSA-b"}})
          .canonical;
  EXPECT_EQ(canonical.at("GHSA-a"), "CVE-2021-1");
  EXPECT_EQ(canonical.at("GHSA-b"), "CVE-2021-2");
  EXPECT_EQ(canonical.at("PYSEC-1"), "PYSEC-1");
}

TEST(AliasGroups, DoesNotDependOnTheOrderOfWhatWasSaid) {
  Names names = {{"CVE-2021-1", "GHSA-a"},
                 {"PYSEC-1", "GHSA-a"},
                 {"PYSEC-1", "SNYK-1"},
                 {"CVE-2021-2", "RHSA-1"},
                 {"CVE-2021-1", "RHSA-1"}};
  const std::map<std::string, std::string> expected = group(names).canonical;
  std::ranges::sort(names);
  do {
    EXPECT_EQ(group(names).canonical, expected);
  } while (std::ranges::next_permutation(names).found);
}

TEST(AliasGroups, TwoCvesAreNeverOne) {
  const auto canonical = group({{"CVE-2021-1", "CVE-2021-2"}}).canonical;
  EXPECT_EQ(canonical.at("CVE-2021-1"), "CVE-2021-1");
  EXPECT_EQ(canonical.at("CVE-2021-2"), "CVE-2021-2");
}

}  // namespace
}  // namespace bulkhead::advisory
