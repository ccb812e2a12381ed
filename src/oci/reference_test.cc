#include "oci/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "base/text.h"

namespace bulkhead::oci {
namespace {

using Row = std::vector<std::string>;

std::vector<Row> rows_of(const std::string& file) {
  const auto text = read_file(testdata_path(file), size_t{1} << 20);
  EXPECT_TRUE(text) << text.error().to_string();
  std::vector<Row> rows;
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  for (std::string_view line; next_line(rest, line);) {
    if (line.starts_with('#')) continue;
    Row row;
    for (const std::string_view cell : split(line, '\t')) row.emplace_back(cell);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string repeated(std::string_view text, size_t count) {
  std::string result;
  for (size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST(Reference, FollowsTheDistributionGrammar) {
  const auto rows = rows_of("reference_grammar.tsv");
  EXPECT_GT(rows.size(), 140U);
  for (const Row& row : rows) {
    const auto reference = Reference::parse(row[0]);
    if (row.size() == 2) {
      ASSERT_FALSE(reference) << row[0];
      EXPECT_EQ(reference.error().code(), row[1] == "unsupported" ? Code::kUnsupported : Code::kInvalidArgument)
          << row[0];
      continue;
    }
    ASSERT_EQ(row.size(), 5U) << row[0];
    ASSERT_TRUE(reference) << reference.error().to_string();
    EXPECT_EQ(reference->domain, row[1]) << row[0];
    EXPECT_EQ(reference->repository, row[2]) << row[0];
    EXPECT_EQ(reference->tag, row[3]) << row[0];
    EXPECT_EQ(reference->digest.to_string(), row[4]) << row[0];
    EXPECT_EQ(reference->to_string(), row[0]);
  }
}

TEST(Reference, NormalisesShortNamesAsDockerDoes) {
  const auto rows = rows_of("reference_normalized.tsv");
  EXPECT_GT(rows.size(), 100U);
  for (const Row& row : rows) {
    if (row.size() == 2 && (row[1] == "valid" || row[1] == "invalid")) {
      EXPECT_EQ(Reference::parse_normalized(row[0]).has_value(), row[1] == "valid") << row[0];
    } else if (row.size() == 2) {
      const auto reference = Reference::parse_any(row[0]);
      ASSERT_TRUE(reference) << reference.error().to_string();
      EXPECT_EQ(reference->to_string(), row[1]);
    } else {
      ASSERT_EQ(row.size(), 5U) << row[0];
      const auto reference = Reference::parse_normalized(row[0]);
      ASSERT_TRUE(reference) << reference.error().to_string();
      EXPECT_EQ(reference->name(), row[1]) << row[0];
      EXPECT_EQ(reference->familiar_name(), row[2]) << row[0];
      EXPECT_EQ(reference->domain, row[3]) << row[0];
      EXPECT_EQ(reference->repository, row[4]) << row[0];
    }
  }
}

TEST(Reference, LimitsTheRepositoryTo255CharactersWithoutDomainAndTag) {
  const auto longest = Reference::parse(repeated("a/", 127) + "a:tag-puts-this-over-max");
  ASSERT_TRUE(longest) << longest.error().to_string();
  EXPECT_EQ(longest->domain, "a");
  EXPECT_EQ(longest->repository, repeated("a/", 126) + "a");
  EXPECT_FALSE(Reference::parse("domain/" + std::string(256, 'a') + ":tag"));
  EXPECT_TRUE(Reference::parse("example.com/" + std::string(255, 'a') + ":tag"));
}

TEST(Reference, LimitsTheTagTo128Characters) {
  EXPECT_TRUE(Reference::parse("a:" + std::string(128, 't')));
  EXPECT_FALSE(Reference::parse("a:" + std::string(129, 't')));
  EXPECT_FALSE(Reference::parse("a:"));
  EXPECT_TRUE(is_valid_tag("_v1.2-rc"));
  EXPECT_FALSE(is_valid_tag("-v1"));
}

TEST(Reference, AddsTheDefaultTagOnlyWhereNothingIsChosen) {
  EXPECT_EQ(Reference::parse_normalized("alpine")->with_default_tag().to_string(), "docker.io/library/alpine:latest");
  EXPECT_EQ(Reference::parse_normalized("alpine:3")->with_default_tag().tag, "3");
  const std::string digest = "sha256:" + std::string(64, '0');
  EXPECT_EQ(Reference::parse_normalized("alpine@" + digest)->with_default_tag().tag, "");
}

TEST(Reference, RefusesAHostNameThatCannotBeOne) {
  const auto reference = Reference::parse_normalized("my_host.com/app");
  ASSERT_FALSE(reference);
  EXPECT_THAT(reference.error().message(), testing::HasSubstr("\"my_host.com\" stands where a registry's host name"));
}

TEST(Reference, ErrorsNameWhatTheUserTyped) {
  EXPECT_THAT(Reference::parse_normalized("Alpine:3").error().message(),
              testing::AllOf(testing::HasSubstr("\"Alpine:3\""), testing::HasSubstr("must be lower case")));
  EXPECT_THAT(Reference::parse_normalized("alpine:\x1b[31m").error().message(), testing::HasSubstr("\\x1b"));
  EXPECT_THAT(Reference::parse_normalized("").error().message(), testing::HasSubstr("empty"));
}

}  // namespace
}  // namespace bulkhead::oci
