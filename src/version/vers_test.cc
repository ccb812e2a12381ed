#include "version/vers.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::version {
namespace {

std::string constraints_text(const Vers& vers) {
  std::string text;
  for (const VersConstraint& constraint : vers.constraints) {
    if (!text.empty()) text += ' ';
    text += comparator_text(constraint.comparator);
    text += constraint.version;
  }
  return text;
}

template <typename T>
std::string text_of(const Result<T>& result, const std::string& value) {
  return result ? value : "error: " + result.error().to_string();
}

// One row of testdata/vers.tsv: what we answer, in the form of its last column.
std::string answer(std::string_view kind, std::string_view subject, std::string_view input) {
  if (kind == "from_native") {
    const auto vers = vers_from_native(subject, input);
    return text_of(vers, vers ? vers->to_string() : "");
  }
  if (kind == "validate") {
    const auto vers = Vers::parse_unsorted(input);
    return text_of(vers, vers ? vers->to_string() : "");
  }
  if (kind == "containment") {
    const auto inside = satisfies_vers(subject, input);
    return text_of(inside, inside && *inside ? "true" : "false");
  }
  const auto vers = Vers::parse(input);
  return text_of(vers, vers ? constraints_text(*vers) : "");
}

// Rows of the suite whose answer we do not share.
struct Difference {
  std::string_view type;
  std::string_view native;
  std::string_view answer;
  std::string_view reason;
};
constexpr std::array kDifferences = {
    Difference{"npm", ">= 0.2.0 <= 0.9.6 || ~0.8.0-pre", "vers:npm/>=0.2.0|>=0.8.0-pre|<0.9.0|<=0.9.6",
               "npm: ~0.8.0-pre reaches up to 0.9.0, not to 0.8.1"},
    Difference{"conan", "", "vers:conan/*", "the suite's vers:conan/ is no VERS: constraints must not be empty"},
};

const Difference* difference_of(std::string_view type, std::string_view native) {
  const auto* found = std::ranges::find_if(
      kDifferences, [&](const Difference& each) { return each.type == type && each.native == native; });
  return found == kDifferences.end() ? nullptr : found;
}

TEST(Vers, PassesTheSuiteOfItsSpecification) {
  std::map<std::string, size_t> rows;
  std::ifstream file(testdata_path("vers.tsv"));
  for (std::string line; std::getline(file, line);) {
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 4U) << line;
    ++rows[std::string(fields[0])];
    if (fields[0] == "comparison") {
      EXPECT_EQ(*compare(*scheme_of(fields[1]), fields[2], fields[3]), std::strong_ordering::less) << line;
    } else if (fields[0] == "refuse") {
      EXPECT_THAT(answer("parse", "", fields[2]), testing::HasSubstr(std::string(fields[3]))) << line;
    } else if (const auto* different = difference_of(fields[1], fields[2])) {
      EXPECT_EQ(answer(fields[0], fields[1], fields[2]), different->answer) << different->reason;
      ++rows["different"];
    } else {
      EXPECT_EQ(answer(fields[0], fields[1], fields[2]), fields[3]) << line;
    }
  }
  EXPECT_GT(rows["from_native"], 600U);
  EXPECT_EQ(rows["validate"], 19U);
  EXPECT_EQ(rows["containment"], 11U);
  EXPECT_EQ(rows["comparison"], 8U);
  EXPECT_EQ(rows["different"], kDifferences.size());
  EXPECT_EQ(rows["refuse"] + rows["parse"], 12U);
}

struct Containment {
  std::string_view version;
  std::string_view range;
  bool inside;
};

TEST(Vers, LeavesOutExactlyTheBoundsThatItExcludes) {
  constexpr Containment kCases[] = {
      {"1.0.0", "vers:npm/>1.0.0|<2.0.0", false},
      {"2.0.0", "vers:npm/>1.0.0|<2.0.0", false},
      {"1.5.0", "vers:npm/>1.0.0|<2.0.0", true},
      {"2.5.0", "vers:npm/<2.0.0|>=3.0.0", false},
      {"3.0.0", "vers:npm/<2.0.0|>=3.0.0", true},
      {"9.0.0", "vers:npm/<2.0.0|>=3.0.0", true},
      {"1.0.0", "vers:npm/!=1.0.0", false},
      {"1.0.1", "vers:npm/!=1.0.0", true},
      {"1.5.0", "vers:npm/>1.0.0|!=1.5.0", false},
      {"1.6.0", "vers:npm/>1.0.0|!=1.5.0", true},
      {"1.0.0", "vers:npm/1.0.0|3.0.0", true},
      {"2.0.0", "vers:npm/1.0.0|3.0.0", false},
      {"2.5.0", "vers:npm/<2.0.0|<3.0.0", true},
      {"1.5.0", "vers:npm/>1.0.0|>2.0.0|<5.0.0", true},
      {"0.1.0", "vers:npm/*", true},
  };
  for (const Containment& each : kCases) {
    const auto inside = satisfies_vers(each.version, each.range);
    ASSERT_TRUE(inside) << inside.error().to_string();
    EXPECT_EQ(*inside, each.inside) << each.version << " in " << each.range;
  }
}

TEST(Vers, RefusesWhatIsNotCanonical) {
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"npm/1.0.0", "must start with vers:"},
      {"vers:npm", "a slash must follow"},
      {"vers:NPM/1.0.0", "lower-case"},
      {"vers:1npm/1.0.0", "lower-case"},
      {"vers:npm/", "no constraints"},
      {"vers:npm/>=", "no version"},
      {"vers:npm/=1.0.0", "percent-encoded"},
      {"vers:npm/*|1.0.0", "percent-encoded"},
      {"vers:invalid/1", "reserved"},
      {"vers:npm/1.0.0|1.0.0", "more than once"},
      {"vers:npm/<1.0.0|<2.0.0", "needless"},
      {"vers:npm/1.0.0|<2.0.0", "needless"},
      {"vers:npm/>1.0.0|!=1.5.0|>2.0.0", "needless"},
      {"vers:npm/1%0A", "not printable"},
      {"vers:npm/1%4", "invalid percent-encoding"},
      {"vers:npm/1.0.0|x", "not a npm version"},
  };
  for (const auto& [text, why] : kCases) {
    const auto vers = Vers::parse(text);
    ASSERT_FALSE(vers) << text;
    EXPECT_EQ(vers.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(vers.error().to_string(), testing::HasSubstr(std::string(why))) << text;
  }
}

TEST(Vers, SaysWhenATypeHasNoOrder) {
  EXPECT_EQ(satisfies_vers("1", "vers:example/2").error().code(), Code::kUnsupported);
  EXPECT_EQ(vers_from_native("deb", ">= 1").error().code(), Code::kUnsupported);
}

TEST(Vers, RefusesAVersionThatItsTypeDoesNotKnow) {
  EXPECT_EQ(satisfies_vers("one", "vers:npm/*").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(satisfies_vers("1.0.0", "vers:npm/one").error().code(), Code::kInvalidArgument);
}

TEST(Vers, EncodesOnlyWhatItMust) {
  const auto vers = Vers::parse("vers:generic/1.0%20a%25b|>=2.0:0");
  ASSERT_FALSE(vers) << "generic versions hold no spaces";
  const auto text = Vers::parse("vers:lexicographic/a%20%3Eb%25c:d");
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(text->constraints[0].version, "a >b%c:d");
  EXPECT_EQ(text->to_string(), "vers:lexicographic/a%20%3Eb%25c:d");
}

TEST(Vers, ReadsNativeRanges) {
  constexpr std::array<std::string_view, 3> kCases[] = {
      {"npm", "<=1.x", "vers:npm/<2.0.0"},
      {"npm", ">1.2.x", "vers:npm/>=1.3.0"},
      {"npm", "<1.x", "vers:npm/<1.0.0"},
      {"npm", "^0.0.3", "vers:npm/>=0.0.3|<0.0.4"},
      {"npm", "1.2 - 2.3", "vers:npm/>=1.2.0|<2.4.0"},
      {"pypi", "~=1.4.5", "vers:pypi/>=1.4.5|<1.5"},
      {"pypi", "==1.4.*", "vers:pypi/>=1.4|<1.5"},
      {"pypi", ">=1,!=1.5,<2", "vers:pypi/>=1|!=1.5|<2"},
      {"nuget", "(1.0,]", "vers:nuget/>1.0"},
      {"nuget", "[1.0]", "vers:nuget/1.0"},
      {"nuget", "1.0", "vers:nuget/>=1.0"},
      {"conan", "^0.0.2", "vers:conan/>=0.0.2|<0.0.3-"},
  };
  for (const auto& [type, range, expected] : kCases) {
    const auto vers = vers_from_native(type, range);
    ASSERT_TRUE(vers) << range << ": " << vers.error().to_string();
    EXPECT_EQ(vers->to_string(), expected) << range;
  }
  for (const auto& [type, range] : {std::pair{"npm", ">=one"},
                                    {"npm", "* 1"},
                                    {"nuget", "[1.0"},
                                    {"nuget", "(1.0)"},
                                    {"nginx", "1.2+"},
                                    {"conan", "~a"},
                                    {"pypi", "~=1"},
                                    {"gem", "~> a"}}) {
    EXPECT_FALSE(vers_from_native(type, range)) << type << " " << range;
  }
}

}  // namespace
}  // namespace bulkhead::version
