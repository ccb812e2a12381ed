#include "base/process.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "base/secret.h"

namespace bulkhead {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

ProcessOptions shell(std::string script) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", std::move(script)};
  return options;
}

TEST(Process, FeedsInputAndCollectsBothOutputsAndTheExitCode) {
  ProcessOptions options = shell("cat; echo oops >&2; exit 3");
  options.input = "hello";
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "hello");
  EXPECT_EQ(result->error_output, "oops\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(Process, PassesMoreThanAPipeHoldsBothWays) {
  const std::string big(500'000, 'x');
  ProcessOptions options;
  options.arguments = {"cat"};
  options.input = big;
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, big);
}

TEST(Process, SurvivesAProgramThatDoesNotReadItsInput) {
  const std::string big(500'000, 'x');
  ProcessOptions options;
  options.arguments = {"true"};
  options.input = big;
  ASSERT_TRUE(run_process(options));
}

TEST(Process, NamesAMissingProgram) {
  ProcessOptions options;
  options.arguments = {"bulkhead-no-such-program"};
  const auto result = run_process(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kNotFound);
  EXPECT_NE(result.error().to_string().find("bulkhead-no-such-program"), std::string::npos);
}

TEST(Process, EndsAHangingProgramAndItsChildrenAtTheDeadline) {
  ProcessOptions options = shell("sleep 60 & sleep 60");
  options.timeout = milliseconds(200);
  const auto started = steady_clock::now();
  const auto result = run_process(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(20));
}

TEST(Process, DoesNotWaitForAGrandchildThatKeepsTheOutputOpen) {
  ProcessOptions options = shell("sleep 5 & echo done");
  const auto started = steady_clock::now();
  const auto result = run_process(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "done\n");
  EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(4));
}

TEST(Process, StopsOnRequest) {
  std::stop_source stop;
  ProcessOptions options = shell("sleep 60");
  options.stop = stop.get_token();
  const std::jthread stopper([&stop] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  const auto result = run_process(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kCancelled);
}

TEST(Process, BoundsTheOutput) {
  ProcessOptions options = shell("yes");
  options.max_output_bytes = 10'000;
  const auto result = run_process(options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kLimitExceeded);
}

TEST(Process, ReportsASignalAsShellsDo) {
  const auto result = run_process(shell("kill -9 $$"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 128 + 9);
}

TEST(Secret, WipesTheTextItTakesOver) {
  std::string text = "a password of some length, beyond the small buffer";
  const Secret secret(std::move(text));
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move): emptied by contract
  EXPECT_EQ(secret.reveal(), "a password of some length, beyond the small buffer");
}

TEST(Secret, MovesAndCopiesByValue) {
  Secret first = Secret::copy_of("short");
  Secret second = first;
  Secret third = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): emptied by contract
  second = Secret::copy_of("another");
  EXPECT_EQ(third.reveal(), "short");
  third = std::move(second);
  EXPECT_EQ(third.reveal(), "another");
}

TEST(Secret, WipingOverwritesTheBuffer) {
  std::string text(100, 's');
  const char* buffer = text.data();
  const size_t capacity = text.capacity();
  wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), buffer);
  for (size_t i = 0; i < capacity; ++i) EXPECT_EQ(buffer[i], '\0');
}

}  // namespace
}  // namespace bulkhead
