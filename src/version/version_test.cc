// Hazards of single schemes, each with the rule that it could break. The order itself is tested on vectors_test.cc's
// thousands of rows and against the tools in oracle_test.cc.
#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "version/apk.h"
#include "version/compare.h"
#include "version/deb.h"
#include "version/gem.h"
#include "version/rpm.h"

namespace bulkhead::version {
namespace {

// One line `A op B` for each scheme's hazards; op `!` stands for invalid.
struct Case {
  std::string_view a;
  std::string_view op;
  std::string_view b;
};

template <size_t count>
void expect_order(Scheme scheme, const std::array<Case, count>& cases) {
  for (const Case& each : cases) {
    const std::string line = std::string(each.a) + "\t" + std::string(each.b);
    const std::string wanted = each.op == "!" ? "invalid" : std::string(each.op);
    EXPECT_EQ(answer_lines(scheme, line), wanted + "\n") << scheme_name(scheme) << ": " << line;
  }
}

const std::string kHuge(2000, '9');
const std::string kHugeNext = "1" + std::string(2000, '0');

TEST(VersionOrder, CountsDigitRunsOfAnyLength) {
  for (const Scheme scheme :
       {Scheme::kDeb, Scheme::kRpm, Scheme::kRpmvercmp, Scheme::kApk, Scheme::kSemver, Scheme::kPep440, Scheme::kGem,
        Scheme::kNuget, Scheme::kGo, Scheme::kComposer, Scheme::kAlpm, Scheme::kGentoo, Scheme::kConan, Scheme::kCran,
        Scheme::kHackage, Scheme::kPub, Scheme::kOpenssl, Scheme::kGeneric}) {
    const auto order = compare(scheme, kHuge, kHugeNext);
    ASSERT_TRUE(order) << scheme_name(scheme) << ": " << order.error().to_string();
    EXPECT_TRUE(*order < 0) << scheme_name(scheme);
  }
}

TEST(VersionOrder, RefusesVersionsBeyondTheLimitAndNamesIt) {
  const std::string too_long(kMaxVersionBytes + 1, '1');
  const auto order = compare(Scheme::kDeb, "1", too_long);
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(order.error().message(), "deb version of 4097 bytes is longer than 4096");
  EXPECT_FALSE(is_valid(Scheme::kRpm, too_long));
  EXPECT_FALSE(satisfies(Scheme::kNpm, "1.0.0", std::string(kMaxRangeBytes + 1, ' ')));
}

TEST(VersionOrder, NamesTheSideThatIsNoVersion) {
  EXPECT_EQ(compare(Scheme::kDeb, "1.0", "\x1b[2J").error().message(), "not a deb version: \"\\x1b[2J\"");
  EXPECT_EQ(compare(Scheme::kDeb, "b", "1.0").error().message(), "not a deb version: \"b\"");
}

TEST(VersionOrder, KnowsEverySchemeByItsName) {
  for (int value = 0; value <= static_cast<int>(Scheme::kGeneric); ++value) {
    const auto scheme = static_cast<Scheme>(value);
    EXPECT_EQ(scheme_of(scheme_name(scheme)), scheme) << scheme_name(scheme);
  }
  EXPECT_EQ(scheme_of("DEB"), std::nullopt);
  EXPECT_EQ(scheme_name(static_cast<Scheme>(200)), "unknown");
  EXPECT_EQ(compare(static_cast<Scheme>(200), "1", "1").error().code(), Code::kUnsupported);
}

TEST(VersionOrder, AnswersLineByLine) {
  EXPECT_EQ(answer_lines(Scheme::kDeb, "1\t2\r\n2\t1\n1.0\t1.0\n1\nx\t1\n1\t2\t3\n\n1~\t1"),
            "<\n>\n=\ninvalid\ninvalid\ninvalid\ninvalid\n<\n");
  EXPECT_EQ(answer_lines(Scheme::kRpmvercmp, "\t1\n"), "<\n");
  EXPECT_EQ(answer_lines(Scheme::kDeb, ""), "");
}

TEST(DebVersion, TakesTildeBeforeTheEndAndLettersBeforeTheRest) {
  expect_order(Scheme::kDeb,
               std::array{Case{"1.0~~", "<", "1.0~"}, Case{"1.0~", "<", "1.0"}, Case{"1.0", "<", "1.0a"},
                          Case{"1.0a", "<", "1.0+"}, Case{"1.0-0", "=", "1.0"}, Case{"1.0-0~", "<", "1.0"},
                          Case{"0:1", "=", "1"}, Case{"1:1", ">", "9"}, Case{"1.0-1", ">", "1.0"}});
}

TEST(DebVersion, RefusesWhatDpkgRefuses) {
  expect_order(Scheme::kDeb,
               std::array{Case{"", "!", "1"}, Case{":1", "!", "1"}, Case{"a:1", "!", "1"}, Case{"1:", "!", "1"},
                          Case{"-1:1", "!", "1"}, Case{"2147483648:1", "!", "1"}, Case{"2147483647:1", ">", "1"},
                          Case{"1-", "!", "1"}, Case{"1 0", "!", "1"}, Case{"1.0-1!", "!", "1"}, Case{"a1", "!", "1"}});
}

TEST(RpmVersion, OrdersTildeAndCaret) {
  expect_order(Scheme::kRpm,
               std::array{Case{"1.0~rc1", "<", "1.0"}, Case{"1.0^", ">", "1.0"}, Case{"1.0^1", "<", "1.0.1"},
                          Case{"1.0^~", "<", "1.0^"}, Case{"1.0~^", ">", "1.0~"}, Case{"1.0^", "<", "1.0a"}});
}

TEST(RpmVersion, PutsAVersionWithoutReleaseFirst) {
  expect_order(Scheme::kRpm, std::array{Case{"1", "<", "1-0"}, Case{"1-", "=", "1-"}, Case{"0:1-1", "=", "1-1"},
                                        Case{"1:1", ">", "2-9"}, Case{"", "!", "1"}});
}

TEST(Nevra, TakesNamesApartFromTheRight) {
  const auto nevra = Nevra::parse("java-1.8.0-openjdk-headless-1:1.8.0.392.b08-4.el9.x86_64");
  ASSERT_TRUE(nevra);
  EXPECT_EQ(nevra->name, "java-1.8.0-openjdk-headless");
  EXPECT_EQ(nevra->version.epoch, "1");
  EXPECT_EQ(nevra->version.version, "1.8.0.392.b08");
  EXPECT_EQ(nevra->version.release, "4.el9");
  EXPECT_EQ(nevra->architecture, "x86_64");
}

TEST(Nevra, ReadsSourceFileNamesAndKeepsUnknownLastWords) {
  const auto source = Nevra::parse("bash-5.1.8-6.el9_1.src.rpm");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->architecture, "src");
  EXPECT_EQ(source->version.release, "6.el9_1");
  const auto plain = Nevra::parse("bash-5.1.8-6.el9");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->architecture, "");
  EXPECT_EQ(plain->version.release, "6.el9");
  for (const std::string_view text : {"", "bash", "bash-", "-1-1", "a-1-", "-", "--", "x86_64"}) {
    EXPECT_FALSE(Nevra::parse(text)) << text;
  }
}

TEST(ApkVersion, OrdersSuffixesLettersAndFractions) {
  expect_order(
      Scheme::kApk,
      std::array{Case{"1.0_alpha", "<", "1.0_beta"}, Case{"1.0_rc1", "<", "1.0"}, Case{"1.0", "<", "1.0_p1"},
                 Case{"1.0_cvs", "<", "1.0_svn"}, Case{"1.0_hg", "<", "1.0_p"}, Case{"1.05", "<", "1.1"},
                 Case{"1.10", ">", "1.9"}, Case{"1.0a", "<", "1.0b"}, Case{"1.0-r9", "<", "1.0-r10"},
                 Case{"1.0", "<", "1.0-r0"}, Case{"1.0~ab", "<", "1.0~ac"}, Case{"1.0_p1_rc1", "<", "1.0_p1"}});
}

TEST(ApkVersion, OrdersReleasedVersionsThatApkToolsThreeCallsEqual) {
  expect_order(Scheme::kApk, std::array{Case{"3.3.3p1-r3", ">", "3.3.3p1-r2"}, Case{"3.3.3p1-r3", "<", "3.3.3p2-r0"},
                                        Case{"2.1a15-r17", ">", "2.1a9-r20"}, Case{"1.0a01", "=", "1.0a1"}});
  EXPECT_TRUE(is_apk_version("3.3.3p1-r3"));
}

TEST(ApkVersion, DecidesBeforeTheFirstStrayCharacterOrNotAtAll) {
  expect_order(Scheme::kApk, std::array{Case{"2_foo", ">", "1_bar"}, Case{"1.2_foo", "<", "1.2"},
                                        Case{"1_foo", "!", "1_bar"}, Case{"foo", "!", "1.0"}, Case{"1.0", "!", ""}});
  for (const std::string_view text :
       {"", "a", "1.", "1..2", "1_foo", "1-r", "1-1", "1.0-r1-r2", "1~", "1~xyz", "1_p_", "1A"}) {
    EXPECT_FALSE(is_apk_version(text)) << text;
  }
}

TEST(SemverVersion, OrdersPrereleasesAndIgnoresBuild) {
  expect_order(Scheme::kSemver,
               std::array{Case{"1", "=", "1.0.0"}, Case{"1.0.0-1", "<", "1.0.0-a"}, Case{"1.0.0-a", "<", "1.0.0-a.0"},
                          Case{"1.0.0+a", "=", "1.0.0+b"}, Case{"1.0.0-", "!", "1"}, Case{"1.0.x", "!", "1"},
                          Case{"", "!", "1"}, Case{"1.", "!", "1"}, Case{"1.0.0-a..b", "!", "1"}});
}

TEST(NpmVersion, IsStrict) {
  expect_order(Scheme::kNpm,
               std::array{Case{"1.0", "!", "1.0.0"}, Case{"01.0.0", "!", "1.0.0"}, Case{"1.0.0-01", "!", "1.0.0"},
                          Case{"=1.0.0", "!", "1.0.0"}, Case{" v1.0.0 ", "=", "1.0.0"},
                          Case{"9007199254740991.0.0", ">", "1.0.0"}, Case{"9007199254740992.0.0", "!", "1.0.0"}});
}

TEST(GoVersion, TakesTheVOrLeavesIt) {
  expect_order(
      Scheme::kGo,
      std::array{Case{"v1.2.3", "=", "1.2.3"}, Case{"v1.2-pre", "!", "v1"}, Case{"v1.2.3+incompatible", "=", "1.2.3"},
                 Case{"v0.0.0-20190101000000-abcdefabcdef", "<", "v0.0.0-20200101000000-000000000000"},
                 Case{"v01.2.3", "!", "v1"}, Case{"v1.2.3.4", "!", "v1"}});
}

TEST(NugetVersion, IgnoresCaseAndTakesFourNumbers) {
  expect_order(Scheme::kNuget,
               std::array{Case{"1.0.0-RC.1", "=", "1.0.0-rc.1"}, Case{"1.0.0.0", "=", "1"}, Case{"1.0.0.1", ">", "1"},
                          Case{"1.0.0.0.1", "!", "1"}, Case{"v1.0", "!", "1"}});
}

TEST(PythonVersion, OrdersEveryKindOfRelease) {
  constexpr std::string_view kAscending[] = {
      "1.0.dev0", "1.0a0.dev1", "1.0a0", "1.0a0.post0.dev0", "1.0a0.post0", "1.0b1", "1.0rc1",
      "1.0",      "1.0+a",      "1.0+1", "1.0.post0.dev1",   "1.0.post0",   "1.0.1", "1!0.1"};
  for (size_t i = 1; i < std::size(kAscending); ++i) {
    EXPECT_TRUE(*compare(Scheme::kPep440, kAscending[i - 1], kAscending[i]) < 0) << kAscending[i];
  }
  expect_order(Scheme::kPep440,
               std::array{Case{"1.0-1", "=", "1.0.post1"}, Case{"1.0RC1", "=", "1.0c1"}, Case{"v1.0", "=", "1"},
                          Case{"1.0+A", "=", "1.0+a"}, Case{"1.0a", "=", "1.0alpha0"}, Case{"1.0-", "!", "1"},
                          Case{"1.0-git", "!", "1"}, Case{"1.0+", "!", "1"}, Case{"", "!", "1"}});
}

TEST(PythonSpecifier, LeavesOutWhatBelongsToTheBound) {
  const auto inside = [](std::string_view version, std::string_view range) {
    return satisfies(Scheme::kPep440, version, range).value();
  };
  EXPECT_FALSE(inside("1.7.post2", ">1.7"));
  EXPECT_TRUE(inside("1.7.post2", ">1.7a1"));
  EXPECT_TRUE(inside("1.7.post2", ">1.7.post1"));
  EXPECT_FALSE(inside("1.7+x", ">1.7"));
  EXPECT_FALSE(inside("1.7rc1", "<1.7"));
  EXPECT_TRUE(inside("1.7rc1", "<1.7.post1"));
  EXPECT_TRUE(inside("1.7rc1", "<1.7rc2"));
  EXPECT_TRUE(inside("2.2.post3", "~=2.2.post3"));
  EXPECT_FALSE(inside("3.0", "~=2.2"));
  EXPECT_TRUE(inside("1.0", "===1.0"));
  EXPECT_FALSE(inside("1.0", "===1.00"));
  EXPECT_EQ(satisfies(Scheme::kPep440, "1.0", ">=1.*").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(satisfies(Scheme::kPep440, "1.0", "~=1").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(satisfies(Scheme::kPep440, "1.0", "").error().code(), Code::kInvalidArgument);
}

TEST(MavenVersion, OrdersQualifiersAroundTheRelease) {
  constexpr std::string_view kAscending[] = {"1-alpha", "1-beta", "1-milestone", "1-rc", "1-snapshot",
                                             "1",       "1-sp",   "1-abc",       "1-1",  "1.1"};
  for (size_t i = 1; i < std::size(kAscending); ++i) {
    EXPECT_TRUE(*compare(Scheme::kMaven, kAscending[i - 1], kAscending[i]) < 0) << kAscending[i];
  }
  expect_order(Scheme::kMaven,
               std::array{Case{"1-ga", "=", "1.0.0-FINAL"}, Case{"1-cr1", "=", "1-RC-1"}, Case{"1a1", "=", "1-alpha-1"},
                          Case{"1a", ">", "1-alpha"}, Case{"4.0.17.Final", "<", "4.0.17.Final-wildfly-1"},
                          Case{"1-ga1", ">", "1"}, Case{"", "!", "1"}});
}

TEST(MavenVersion, StaysWithinMavensOwnLimit) {
  EXPECT_TRUE(is_valid(Scheme::kMaven, std::string(256, '-')));
  EXPECT_FALSE(is_valid(Scheme::kMaven, std::string(257, '-')));
  std::string nested;
  while (nested.size() < 250) nested += "1-x.";
  EXPECT_TRUE(*compare(Scheme::kMaven, nested, nested + "2") < 0);
}

TEST(GemVersion, DropsZerosAndReadsDashesAsPrereleases) {
  expect_order(Scheme::kGem, std::array{Case{"1.0.0", "=", "1"}, Case{"1.0.a.0", "=", "1.a"},
                                        Case{"1-1", "=", "1.pre.1"}, Case{"1.a", "<", "1"}, Case{"", "=", "0"},
                                        Case{"1.A", "<", "1.a"}, Case{"1..2", "!", "1"}, Case{"a", "!", "1"}});
  EXPECT_EQ(gem_bump(*GemVersion::parse("1.4.4")), "1.5");
  EXPECT_EQ(gem_bump(*GemVersion::parse("1.9.a")), "2");
  EXPECT_EQ(gem_bump(*GemVersion::parse("9")), "10");
}

TEST(ComposerVersion, NormalisesBeforeItCompares) {
  expect_order(Scheme::kComposer,
               std::array{Case{"v1", "=", "1.0.0.0"}, Case{"1.0-B1", "=", "1.0.0-beta1"},
                          Case{"1.0-dev", "<", "1.0-alpha"}, Case{"1.0", "<", "1.0-p1"}, Case{"1.0@dev", "=", "1.0"},
                          Case{"1.x-dev", ">", "1.99"}, Case{"dev-main", "<", "0.1"}, Case{"dev-a", "!", "dev-b"},
                          Case{"dev-a", "=", "dev-a"}, Case{"20100102", "<", "20100103"},
                          Case{"1.0 as 2.0", "=", "1.0"}, Case{"foo", "!", "1"}, Case{"", "!", "1"}});
  EXPECT_EQ(compare(Scheme::kComposer, "dev-a", "dev-b").error().message(),
            "composer versions \"dev-a\" and \"dev-b\" have no order");
}

TEST(ComposerConstraint, TakesEveryForm) {
  const auto inside = [](std::string_view version, std::string_view range) {
    return satisfies(Scheme::kComposer, version, range).value();
  };
  EXPECT_TRUE(inside("1.2.5", "~1.2.3"));
  EXPECT_FALSE(inside("1.3.0", "~1.2.3"));
  EXPECT_TRUE(inside("0.3.9", "^0.3"));
  EXPECT_FALSE(inside("0.4.0", "^0.3"));
  EXPECT_FALSE(inside("2.0.0-dev", "^1.0"));
  EXPECT_TRUE(inside("1.5", "1.0 - 2.0"));
  EXPECT_TRUE(inside("2.0.9", "1.0 - 2.0"));
  EXPECT_FALSE(inside("2.0.9", "1.0 - 2.0.0"));
  EXPECT_TRUE(inside("dev-main", "dev-main"));
  EXPECT_FALSE(inside("dev-main", ">=1.0"));
  EXPECT_TRUE(inside("1.0.0-beta1", ">=1.0@beta"));
  EXPECT_TRUE(inside("3.1", "^1|^2|^3"));
  EXPECT_FALSE(satisfies(Scheme::kComposer, "1.0", "=>1.0"));
  EXPECT_FALSE(satisfies(Scheme::kComposer, "1.0", ""));
  EXPECT_FALSE(satisfies(Scheme::kComposer, "main", "*"));
  EXPECT_FALSE(satisfies(Scheme::kComposer, "1.0", ">=1" + std::string(kMaxVersionBytes, '0')));
}

TEST(AlpmVersion, LeavesOutAReleaseThatOneSideLacks) {
  expect_order(Scheme::kAlpm, std::array{Case{"1.0-1", "=", "1.0"}, Case{"1.0-1", "<", "1.0-2"},
                                         Case{"1.0a", "<", "1.0"}, Case{"1.0.a", ">", "1.0"}, Case{"1:0.1", ">", "9"},
                                         Case{"1..0", ">", "1.0"}, Case{"", "!", "1"}});
}

TEST(GentooVersion, FollowsTheAlgorithms) {
  expect_order(Scheme::kGentoo,
               std::array{Case{"1.010", "=", "1.01"}, Case{"1.1_p", ">", "1.1"}, Case{"1.1_pre", "<", "1.1"},
                          Case{"1.1_alpha_p1", ">", "1.1_alpha"}, Case{"1-r0", "=", "1"}, Case{"1.0", ">", "1"},
                          Case{"1-r", "!", "1"}, Case{"1_x", "!", "1"}, Case{"1ab", "!", "1"}, Case{"", "!", "1"}});
}

TEST(ConanVersion, ComparesNumbersWithWordsAsText) {
  expect_order(Scheme::kConan, std::array{Case{"1.0", "=", "1"}, Case{"1-", "<", "1-a"}, Case{"1.0+a", ">", "1.0"},
                                          Case{"10", "<", "1a"}, Case{"cci.20200203", ">", "1.0"}, Case{"", "!", "1"},
                                          Case{"1 0", "!", "1"}});
}

TEST(NumberLists, PutTheShorterFirst) {
  expect_order(Scheme::kCran, std::array{Case{"1.0-1", "=", "1.0.1"}, Case{"1.0", "<", "1.0.0"}, Case{"1.", "!", "1"},
                                         Case{"a", "!", "1"}});
  expect_order(Scheme::kHackage, std::array{Case{"1.0", "<", "1.0.0"}, Case{"1.0-foo", "=", "1.0"},
                                            Case{"1-0.1", "!", "1"}, Case{"", "!", "1"}});
}

TEST(OpensslVersion, CountsFixesByLettersAndPrereleasesByStage) {
  expect_order(Scheme::kOpenssl,
               std::array{Case{"1.0.2", "<", "1.0.2a"}, Case{"1.0.2z", "<", "1.0.2za"}, Case{"1.0.2zh", "<", "1.1.0"},
                          Case{"3.0.0-alpha17", "<", "3.0.0-beta1"}, Case{"3.0.0-beta2", "<", "3.0.0"},
                          Case{"1.0.2k-fips", "=", "1.0.2k"}, Case{"3.0.9", "<", "3.0.10"}, Case{"1.0.2-foo", "!", "1"},
                          Case{"", "!", "1"}});
}

TEST(DatetimeVersion, ComparesInstants) {
  expect_order(Scheme::kDatetime, std::array{Case{"2024-02-29T23:59:60Z", "=", "2024-03-01T00:00:00Z"},
                                             Case{"2024-01-01T00:00:00.10Z", "=", "2024-01-01T00:00:00.1Z"},
                                             Case{"2024-01-01T01:30:00+01:30", "=", "2024-01-01t00:00:00z"},
                                             Case{"0000-01-01T00:00:00Z", "<", "1970-01-01T00:00:00Z"},
                                             Case{"2023-02-29T00:00:00Z", "!", "2024-01-01T00:00:00Z"},
                                             Case{"2024-01-01T24:00:00Z", "!", "2024-01-01T00:00:00Z"},
                                             Case{"2024-01-01", "!", "2024-01-01T00:00:00Z"},
                                             Case{"2024-01-01T00:00:00", "!", "2024-01-01T00:00:00Z"},
                                             Case{"2024-01-01T00:00:00.Z", "!", "2024-01-01T00:00:00Z"},
                                             Case{"2024-01-01T00:00:00Z ", "!", "2024-01-01T00:00:00Z"}});
}

TEST(GenericVersion, CountsDigitsInsideWords) {
  expect_order(Scheme::kGeneric, std::array{Case{"1.7rc9", "<", "1.7rc10"}, Case{"1.7rc1", "<", "1.7"},
                                            Case{"1.0+x", "=", "1"}, Case{"v1.2.0.0", "=", "1.2"}, Case{"x", "!", "1"},
                                            Case{"1.0-", "!", "1"}, Case{"1.0.", "!", "1"}});
}

TEST(NpmRange, NeedsANamedPrereleaseOfTheSameNumbers) {
  const auto inside = [](std::string_view version, std::string_view range, bool include = false) {
    return satisfies(Scheme::kNpm, version, range, {.include_prerelease = include}).value();
  };
  EXPECT_TRUE(inside("1.2.3-beta", "^1.2.3-alpha"));
  EXPECT_FALSE(inside("1.2.4-beta", "^1.2.3-alpha"));
  EXPECT_TRUE(inside("1.2.4-beta", "^1.2.3-alpha", true));
  EXPECT_FALSE(inside("2.0.0-beta", "^1.2.3", true));
  EXPECT_TRUE(inside("5.0.0", "<1 || >=5"));
  EXPECT_TRUE(inside("1.0.0", ""));
  for (const std::string_view range :
       {">=x.1", "1.2-beta", "=>1.2", "1.2.3.4", "9007199254740992", "1,2", "foo", "<0-z"}) {
    EXPECT_FALSE(satisfies(Scheme::kNpm, "1.0.0", range)) << range;
  }
}

TEST(Ranges, SaySoWhereASchemeHasNone) {
  EXPECT_EQ(satisfies(Scheme::kDeb, "1", ">= 1").error().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace bulkhead::version
