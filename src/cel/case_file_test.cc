#include "cel/case_file.h"

#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/test_data.h"

namespace bulkhead::cel {
namespace {

TEST(ConformanceCases, AllPassThatNeedNoProtocolBuffers) {
  BULKHEAD_NEED_TEST_DATA();
  static const std::set<std::string, std::less<>> kFiles = {
      "basic",        "comparisons", "conversions",     "fields",       "fp_math",    "integer_math",
      "lists",        "logic",       "macros",          "macros2",      "namespace",  "parse",
      "plumbing",     "string",      "string_ext",      "math_ext",     "timestamps", "optionals",
      "bindings_ext", "block_ext",   "type_deductions", "encoders_ext", "network_ext"};
  std::ifstream lines(*test_data_dir() + "/cel/conformance.jsonl");
  ASSERT_TRUE(lines.good());
  size_t passed = 0;
  size_t left_out = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto document = json::Document::parse(line);
    ASSERT_TRUE(document.has_value());
    if (!kFiles.contains(document->root().string_or("file", ""))) continue;
    const auto result = run_case(line);
    ASSERT_TRUE(result.has_value()) << result.error().to_string() << "\n" << line;
    EXPECT_NE(result->outcome, CaseOutcome::kFailed) << result->name << ": " << result->reason << "\n" << line;
    passed += result->outcome == CaseOutcome::kPassed ? 1 : 0;
    left_out += result->outcome == CaseOutcome::kLeftOut ? 1 : 0;
  }
  RecordProperty("passed", std::to_string(passed));
  RecordProperty("left_out", std::to_string(left_out));
  EXPECT_EQ(passed, 1141U);
  EXPECT_EQ(left_out, 109U);
}

}  // namespace
}  // namespace bulkhead::cel
