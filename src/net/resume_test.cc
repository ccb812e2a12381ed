#include "net/resume.h"

#include <deque>

#include <gtest/gtest.h>

#include "base/text.h"

namespace bulkhead::net {
namespace {

using std::chrono::milliseconds;

// Hands out `bytes`, then fails with `error` or ends.
class BreakingSource final : public BlockSource {
 public:
  BreakingSource(std::string bytes, std::optional<Error> error) : bytes_(std::move(bytes)), error_(std::move(error)) {}
  Result<ByteSpan> next() override {
    if (!given_) {
      given_ = true;
      if (!bytes_.empty()) return as_bytes(bytes_);
    }
    if (error_) return fail(*error_);
    return ByteSpan();
  }

 private:
  std::string bytes_;
  std::optional<Error> error_;
  bool given_ = false;
};

const Error kBroken(Code::kUnavailable, "connection broke");

Response answer(int status, std::string bytes, std::optional<Error> error, Headers headers = {}) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::make_unique<BreakingSource>(std::move(bytes), std::move(error));
  return response;
}

// What each call of open() gives, and what it was asked.
struct Script {
  std::deque<Result<Response>> answers;
  std::vector<std::string> ranges;
  std::vector<std::string> if_ranges;
  RetryPolicy policy{.max_attempts = 3, .first_delay = milliseconds(1), .max_delay = milliseconds(1)};

  Result<std::string> download(ResumeOptions options) {
    options.retry = policy;
    options.what = "thing";
    auto source =
        open_resuming(options, [this](const std::string& range, const std::string& if_range) -> Result<Response> {
          ranges.push_back(range);
          if_ranges.push_back(if_range);
          if (answers.empty()) return fail(Code::kInternal, "the script is over");
          auto next = std::move(answers.front());
          answers.pop_front();
          return next;
        });
    if (!source) return fail(std::move(source).error());
    return read_all(**source, 1000, "thing");
  }
};

TEST(Resume, ContinuesWhereTheConnectionBroke) {
  Script script;
  script.answers.push_back(answer(200, "0123", kBroken));
  script.answers.push_back(answer(206, "45", kBroken, {{"Content-Range", "bytes 4-9/10"}}));
  script.answers.push_back(answer(206, "6789", std::nullopt, {{"Content-Range", "bytes 6-9/10"}}));
  EXPECT_EQ(script.download({.expected_bytes = 10, .content_addressed = true}).value(), "0123456789");
  EXPECT_EQ(script.ranges, (std::vector<std::string>{"", "bytes=4-", "bytes=6-"}));
}

TEST(Resume, ContinuesABodyThatEndsTooEarly) {
  Script script;
  script.answers.push_back(answer(200, "0123", std::nullopt));
  script.answers.push_back(answer(206, "456789", std::nullopt, {{"Content-Range", "bytes 4-9/*"}}));
  EXPECT_EQ(script.download({.expected_bytes = 10, .content_addressed = true}).value(), "0123456789");
}

TEST(Resume, SkipsWhatAServerWithoutRangesSendsAgain) {
  Script script;
  script.answers.push_back(answer(200, "0123", kBroken));
  script.answers.push_back(answer(200, "01", kBroken));
  script.answers.push_back(answer(200, "0123456789", std::nullopt));
  EXPECT_EQ(script.download({.expected_bytes = 10, .content_addressed = true}).value(), "0123456789");
}

TEST(Resume, TriesAgainWhenReopeningFailsInPassing) {
  Script script;
  script.answers.push_back(answer(200, "0123", kBroken));
  script.answers.push_back(fail(kBroken));
  script.answers.push_back(answer(206, "456789", std::nullopt, {{"Content-Range", "bytes 4-9/10"}}));
  EXPECT_EQ(script.download({.expected_bytes = 10, .content_addressed = true}).value(), "0123456789");
}

TEST(Resume, GivesUpWithoutProgress) {
  Script script;
  script.answers.push_back(answer(200, "0123", kBroken));
  for (int i = 0; i < 5; ++i) script.answers.push_back(fail(kBroken));
  const auto result = script.download({.expected_bytes = 10, .content_addressed = true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kUnavailable);
  EXPECT_EQ(script.ranges.size(), 3U);
}

TEST(Resume, GivesUpOnAServerThatFallsSilent) {
  const Error silent(Code::kDeadlineExceeded, "no answer");
  Script script;
  script.policy.max_attempts = 9;
  script.answers.push_back(answer(200, "0123", silent));
  script.answers.push_back(answer(206, "45", silent, {{"Content-Range", "bytes 4-9/10"}}));  // the count starts anew
  for (int i = 0; i < 9; ++i) script.answers.push_back(fail(silent));
  const auto result = script.download({.expected_bytes = 10, .content_addressed = true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(script.ranges.size(), 2 + script.policy.max_unanswered);
}

TEST(Resume, WaitsAsLongAsTheServerWishesOrNotAtAll) {
  Script patient;
  patient.answers.push_back(answer(200, "0123", kBroken));
  patient.answers.push_back(answer(429, "", std::nullopt, {{"Retry-After", "0"}}));
  patient.answers.push_back(answer(206, "456789", std::nullopt, {{"Content-Range", "bytes 4-9/10"}}));
  EXPECT_EQ(patient.download({.expected_bytes = 10, .content_addressed = true}).value(), "0123456789");
  // Longer than the policy waits: asking again before that would be refused, too.
  Script refused;
  refused.answers.push_back(answer(200, "0123", kBroken));
  refused.answers.push_back(answer(503, "", std::nullopt, {{"Retry-After", "9999"}}));
  refused.answers.push_back(answer(206, "456789", std::nullopt, {{"Content-Range", "bytes 4-9/10"}}));
  const auto result = refused.download({.expected_bytes = 10, .content_addressed = true});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), Code::kUnavailable);
  EXPECT_EQ(refused.ranges.size(), 2U);
}

TEST(Resume, BoundsTheNumberOfResumesEvenWithProgress) {
  Script script;
  script.answers.push_back(answer(200, "x", kBroken));
  for (int i = 1; i < 50; ++i) {
    script.answers.push_back(answer(206, "x", kBroken, {{"Content-Range", "bytes " + std::to_string(i) + "-99/100"}}));
  }
  EXPECT_FALSE(script.download({.max_resumes = 7, .expected_bytes = 100, .content_addressed = true}));
  EXPECT_EQ(script.ranges.size(), 8U);
}

TEST(Resume, RefusesAnotherRangeThanTheOneAskedFor) {
  for (const std::string range : {"bytes 3-9/10", "bytes 4-9/11", "bytes 5-9/10", "nonsense", ""}) {
    Script script;
    script.answers.push_back(answer(200, "0123", kBroken));
    script.answers.push_back(answer(206, "456789", std::nullopt, {{"Content-Range", range}}));
    const auto result = script.download({.expected_bytes = 10, .content_addressed = true});
    ASSERT_FALSE(result) << range;
    EXPECT_EQ(result.error().code(), Code::kMalformed);
  }
}

TEST(Resume, ChecksThePromisedSizeAtOnce) {
  Script script;
  script.answers.push_back(answer(200, "01234", std::nullopt, {{"Content-Length", "5"}}));
  EXPECT_EQ(script.download({.expected_bytes = 10, .content_addressed = true}).error().code(),
            Code::kVerificationFailed);
}

TEST(Resume, NeedsTheSameStrongValidatorForContentWithoutADigest) {
  {
    Script script;
    script.answers.push_back(answer(200, "0123", kBroken, {{"Content-Length", "10"}, {"ETag", "\"a\""}}));
    script.answers.push_back(
        answer(206, "456789", std::nullopt, {{"Content-Range", "bytes 4-9/10"}, {"ETag", "\"a\""}}));
    EXPECT_EQ(script.download({}).value(), "0123456789");
    EXPECT_EQ(script.if_ranges.at(1), "\"a\"");
  }
  for (const std::string etag : {"\"b\"", "W/\"a\"", ""}) {
    Script script;
    script.answers.push_back(answer(200, "0123", kBroken, {{"Content-Length", "10"}, {"ETag", "\"a\""}}));
    script.answers.push_back(answer(200, "abcdefghij", std::nullopt, {{"ETag", etag}}));
    EXPECT_EQ(script.download({}).error().code(), Code::kVerificationFailed) << etag;
  }
  Script weak;
  weak.answers.push_back(answer(200, "0123", kBroken, {{"Content-Length", "10"}, {"ETag", "W/\"a\""}}));
  weak.answers.push_back(answer(206, "456789", std::nullopt, {{"Content-Range", "bytes 4-9/10"}, {"ETag", "W/\"a\""}}));
  EXPECT_EQ(weak.download({}).error().code(), Code::kVerificationFailed);
}

TEST(Resume, DoesNotRetryWhatWillNotPass) {
  for (const Code code : {Code::kCancelled, Code::kLimitExceeded, Code::kMalformed}) {
    Script script;
    script.answers.push_back(answer(200, "0123", Error(code, "no")));
    EXPECT_EQ(script.download({.expected_bytes = 10, .content_addressed = true}).error().code(), code);
    EXPECT_EQ(script.ranges.size(), 1U);
  }
}

TEST(Resume, PassesAnUnusableFirstAnswerOn) {
  Script script;
  script.answers.push_back(answer(404, "", std::nullopt));
  EXPECT_EQ(script.download({}).error().code(), Code::kNotFound);
  Script partial;
  partial.answers.push_back(answer(206, "x", std::nullopt));
  EXPECT_FALSE(partial.download({}));
}

}  // namespace
}  // namespace bulkhead::net
