// Whether the catalogue maps each recommendation of the CIS Docker Benchmark's editions to one of its checks: their
// numbers by section, as published. 1.8.0 has one more in section 2 than the others (2.7, devicemapper).
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "audit/catalogue.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

struct Numbered {
  std::string_view prefix;
  std::array<int, kCisEditions.size()> count;
};
constexpr std::array kNumbered = std::to_array<Numbered>({
    {"1.1", {18, 18, 18}},
    {"1.2", {2, 2, 2}},
    {"2", {18, 18, 19}},
    {"3", {24, 24, 24}},
    {"4", {12, 12, 12}},
    {"5", {32, 32, 32}},
    {"6", {2, 2, 2}},
    {"7", {9, 9, 9}},
});
constexpr std::array<size_t, kCisEditions.size()> kTotals = {117, 117, 118};

std::set<std::string> numbers_of(size_t edition) {
  std::set<std::string> numbers;
  for (const Numbered& each : kNumbered) {
    for (int i = 1; i <= each.count.at(edition); ++i) numbers.insert(fmt::format("{}.{}", each.prefix, i));
  }
  return numbers;
}

std::map<std::string, std::string> mapped(size_t edition) {
  std::map<std::string, std::string> checks;
  for (const CheckInfo& check : catalogue()) {
    for (const std::string_view number : split(check.cis.at(edition), ' ')) {
      if (!number.empty()) checks[std::string(number)] += std::string(check.id) + " ";
    }
  }
  return checks;
}

TEST(Editions, HaveAsManyRecommendationsAsPublished) {
  for (size_t edition = 0; edition < kCisEditions.size(); ++edition) {
    EXPECT_EQ(numbers_of(edition).size(), kTotals.at(edition)) << kCisEditions.at(edition);
  }
}

TEST(Editions, AreMappedCompletely) {
  for (size_t edition = 0; edition < kCisEditions.size(); ++edition) {
    const auto checks = mapped(edition);
    for (const std::string& number : numbers_of(edition)) {
      EXPECT_TRUE(checks.contains(number)) << kCisEditions.at(edition) << " " << number;
    }
  }
}

TEST(Editions, AreMappedToNumbersThatTheyHave) {
  for (size_t edition = 0; edition < kCisEditions.size(); ++edition) {
    const auto numbers = numbers_of(edition);
    for (const auto& [number, checks] : mapped(edition)) {
      EXPECT_TRUE(numbers.contains(number)) << kCisEditions.at(edition) << " " << number << ": " << checks;
    }
  }
}

TEST(Editions, OfOldHaveTheSameNumbersAndTheNewestMovesSectionTwo) {
  for (const CheckInfo& check : catalogue()) {
    EXPECT_EQ(check.cis[0], check.cis[1]) << check.id;
    if (!check.cis[0].starts_with("2.")) {
      if (check.id != "daemon.devicemapper") EXPECT_EQ(check.cis[0], check.cis[2]) << check.id;
      continue;
    }
    const auto number = parse_decimal(check.cis[0].substr(2));
    ASSERT_TRUE(number) << check.id;
    EXPECT_EQ(check.cis[2], fmt::format("2.{}", *number < 7 ? *number : *number + 1)) << check.id;
  }
  EXPECT_EQ(find_check("daemon.devicemapper")->cis[2], "2.7");
}

}  // namespace
}  // namespace bulkhead::audit
