#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace bulkhead::cli {
namespace {

Result<Arguments> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "bulkhead");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

TEST(Arguments, RefuseAnOptionWithAnEmptyValue) {
  // As in --fail-on "$LEVEL", with LEVEL not set: a gate must not open by itself.
  for (const char* option : {"--fail-on", "--severity", "--status", "--ignore-file", "--db", "--explain", "--platform",
                             "--cache-dir", "--template", "--ca-file", "--mirror"}) {
    const auto arguments = parse({"scan", option, "", "image"});
    ASSERT_FALSE(arguments) << option;
    EXPECT_EQ(arguments.error().code(), Code::kInvalidArgument) << option;
    EXPECT_NE(arguments.error().message().find(option), std::string::npos) << arguments.error().message();
  }
  EXPECT_FALSE(parse({"scan", "--fail-on=", "image"}));
  EXPECT_FALSE(parse({"db", "info", "--db", ""}));
  EXPECT_TRUE(parse({"version-compare", "--scheme", "deb", "", "1"}));  // an empty version is an answer's matter
}

TEST(Arguments, TakeOneThreshold) {
  const auto high = parse({"scan", "--fail-on", "high", "image"});
  ASSERT_TRUE(high) << high.error().to_string();
  EXPECT_EQ(std::get<ScanArguments>(*high).fail_on, advisory::Severity::kHigh);
  const auto two = parse({"scan", "--fail-on", "high,low", "image"});
  ASSERT_FALSE(two);
  EXPECT_NE(two.error().message().find("more than one severity"), std::string::npos) << two.error().message();
}

}  // namespace
}  // namespace bulkhead::cli
