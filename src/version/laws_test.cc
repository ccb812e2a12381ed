// The laws of an order, on samples made up for every scheme and drawn from the shared vectors.
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "version/compare.h"
#include "version/generate.h"

namespace bulkhead::version {
namespace {

struct Sample {
  Scheme scheme;
  Grammar grammar;
  bool transitive = true;  // not so where the world's own tool is not
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = {
      {Scheme::kDeb, {{"0", "1", "1:0"}, {".", "-", "~", "+", "a", "1", "10", "0", "Z"}}},
      {Scheme::kRpm, {{"0", "1", "1:", "a"}, {".", "-", "~", "^", "a", "1", "10", "0", "Z"}}},
      {Scheme::kRpmvercmp, {{"", "0", "a"}, {".", "-", "~", "^", "a", "1", "10", "0"}}},
      {Scheme::kRpmNevra, {{"a-1-1", "1-1", "1:1-1", "b-0-1"}, {".", "a", "1", ".noarch", ".src", "~"}}},
      {Scheme::kApk, {{"0", "1", "1.0"}, {".0", ".1", ".01", "a", "b2", "_rc", "_p1", "_alpha", "~ab", "-r1", "-r0"}}},
      {Scheme::kSemver, {{"0", "1", "v1.0"}, {".0", ".1", "-a", "-1", ".b", "+x", "-rc.10"}}},
      {Scheme::kNpm, {{"0.0.0", "1.0.0", "v1.0.0"}, {"-a", "-1", ".b", "+x", "0", ".10", "-"}}},
      {Scheme::kPep440, {{"0", "1", "1!0"}, {".0", ".1", "a1", "b", "rc2", ".post1", ".dev0", "+a", ".1", "-1"}}},
      {Scheme::kMaven, {{"0", "1", "a"}, {".0", ".1", "-1", "-", "alpha", "rc", "x", "ga", "sp", "1", ".", "final"}}},
      {Scheme::kGem, {{"0", "1"}, {".0", ".1", ".a", "-1", ".b2", "rc", ".00"}}},
      {Scheme::kNuget, {{"0", "1"}, {".0", ".1", "-a", "-A", "-1", ".b", "+x"}}},
      {Scheme::kGo, {{"v0.0.0", "v1", "1.0.0"}, {".0", ".1", "-a", "-1", ".b", "+x"}}},
      // Text that composer/semver cannot normalise is compared as it is, so it may fit in nowhere.
      {Scheme::kComposer, {{"0", "1", "v1.0"}, {".0", ".1", "-beta", "RC1", "-dev", "p1", "alpha"}}, false},
      {Scheme::kAlpm, {{"0", "1", "1:0"}, {".", "-1", "-", "a", "1", "rc", ".."}}, false},
      {Scheme::kGentoo, {{"0", "1"}, {".0", ".1", ".01", "a", "_rc", "_p1", "_alpha", "-r1"}}},
      {Scheme::kConan, {{"0", "1", "a"}, {".0", ".1", "a", "-1", "+b", "-", "10"}}, false},
      {Scheme::kCran, {{"0", "1"}, {".0", "-1", ".1", "0"}}},
      {Scheme::kHackage, {{"0", "1"}, {".0", ".1", "0", "-a"}}},
      {Scheme::kPub, {{"0", "1.0.0"}, {".0", ".1", "-a", "-1", "+b", "+1", ".2"}}},
      {Scheme::kOpenssl, {{"1.0.2", "1.1.1", "3.0.0"}, {"a", "z", "-beta1", "-alpha", "-fips", "1"}}},
      {Scheme::kDatetime, {{"2024-01-01T00:00:0", "2023-12-31T23:59:5"}, {"0", "9", ".5", "Z", "+01:00", "-00:30"}, 3}},
      {Scheme::kLexicographic, {{"", "a", "A"}, {"a", "b", "\xc3\xa9", "~"}}},
      {Scheme::kGeneric, {{"0", "1", "v1"}, {".0", ".1", "-a", "rc1", "rc10", "+b", "~"}}},
  };
  return kSamples;
}

void PrintTo(const Sample& sample, std::ostream* out) {
  *out << scheme_name(sample.scheme);
}

class VersionLaws : public testing::TestWithParam<Sample> {
 protected:
  void SetUp() override {
    Generator generator(1);
    for (size_t tries = 0; versions_.size() < 150 && tries < 20000; ++tries) {
      std::string version = generator.make(GetParam().grammar);
      if (is_valid(GetParam().scheme, version)) versions_.push_back(std::move(version));
    }
    ASSERT_EQ(versions_.size(), 150U) << "the grammar makes too few valid versions";
  }

  std::strong_ordering order(const std::string& a, const std::string& b) const {
    const auto result = compare(GetParam().scheme, a, b);
    EXPECT_TRUE(result) << result.error().to_string();
    return result.value_or(std::strong_ordering::equal);
  }

  std::vector<std::string> versions_;
};

TEST_P(VersionLaws, EveryVersionEqualsItself) {
  for (const std::string& version : versions_) EXPECT_TRUE(order(version, version) == 0) << version;
}

TEST_P(VersionLaws, TheOrderOfTwoTurnsRound) {
  for (const std::string& a : versions_) {
    for (const std::string& b : versions_) {
      EXPECT_TRUE(order(a, b) == (0 <=> order(b, a))) << a << " against " << b;
    }
  }
}

class TransitiveVersionLaws : public VersionLaws {};

TEST_P(TransitiveVersionLaws, TheOrderOfThreeIsTransitive) {
  const size_t count = versions_.size();
  std::vector<std::strong_ordering> table;
  for (const std::string& a : versions_) {
    for (const std::string& b : versions_) table.push_back(order(a, b));
  }
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = 0; b < count; ++b) {
      if (table[a * count + b] > 0) continue;
      for (size_t c = 0; c < count; ++c) {
        if (table[b * count + c] > 0) continue;
        const auto wanted = table[a * count + b] < 0 ? table[a * count + b] : table[b * count + c];
        ASSERT_TRUE(table[a * count + c] == wanted) << versions_[a] << ", " << versions_[b] << ", " << versions_[c];
      }
    }
  }
}

std::string sample_name(const testing::TestParamInfo<Sample>& info) {
  std::string name(scheme_name(info.param.scheme));
  std::erase(name, '-');
  return name;
}

std::vector<Sample> transitive_samples() {
  std::vector<Sample> transitive = samples();
  std::erase_if(transitive, [](const Sample& sample) { return !sample.transitive; });
  return transitive;
}

INSTANTIATE_TEST_SUITE_P(Of, VersionLaws, testing::ValuesIn(samples()), sample_name);
INSTANTIATE_TEST_SUITE_P(Of, TransitiveVersionLaws, testing::ValuesIn(transitive_samples()), sample_name);

TEST(VersionLawsSamples, CoverEveryScheme) {
  EXPECT_EQ(samples().size(), static_cast<size_t>(Scheme::kGeneric) + 1);
}

struct Circle {
  Scheme scheme;
  std::array<std::string_view, 3> versions;
  std::array<std::strong_ordering, 3> orders;  // of each with the next
};

// Known of the tools themselves; if one of these ever closes, the sample above can be transitive.
TEST(VersionLawsSamples, NameTheWorldsWhoseOrderIsNotTransitive) {
  constexpr auto kLess = std::strong_ordering::less;
  constexpr auto kEqual = std::strong_ordering::equal;
  constexpr auto kGreater = std::strong_ordering::greater;
  constexpr Circle kCircles[] = {
      {Scheme::kAlpm, {"1.0-1", "1.0", "1.0-2"}, {kEqual, kEqual, kGreater}},
      {Scheme::kConan, {"2", "10", "1a"}, {kLess, kLess, kLess}},
  };
  for (const Circle& circle : kCircles) {
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(*compare(circle.scheme, circle.versions[i], circle.versions[(i + 1) % 3]) == circle.orders[i])
          << circle.versions[i];
    }
  }
}

}  // namespace
}  // namespace bulkhead::version
