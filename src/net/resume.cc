#include "net/resume.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "net/http_fields.h"

namespace bulkhead::net {
namespace {

// May it work when it is tried again from where it ended?
bool may_pass(const Error& error) {
  return error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded;
}

// Only a strong validator proves that the bytes are the same (RFC 9110 section 13.1.5).
std::string strong_etag(const Headers& headers) {
  const auto etag = headers.find("ETag");
  return etag && etag->starts_with('"') ? std::string(*etag) : std::string();
}

class ResumingSource final : public BlockSource {
 public:
  ResumingSource(ResumeOptions options, OpenRange open) : options_(std::move(options)), open_(std::move(open)) {}

  Status open_first() {
    TRY_ASSIGN(Response response, open_({}, {}));
    TRY(response.expect_success());
    if (response.status != 200) return fail(unexpected_status(response.status));
    etag_ = strong_etag(response.headers);
    const auto length = response.content_length();
    if (options_.expected_bytes != 0 && length && *length != options_.expected_bytes) {
      return fail(Code::kVerificationFailed, fmt::format("{}: has {} bytes where {} were promised", options_.what,
                                                         *length, options_.expected_bytes));
    }
    total_ = options_.expected_bytes != 0 ? std::optional(options_.expected_bytes) : length;
    body_ = std::move(response.body);
    return {};
  }

  Result<ByteSpan> next() override {
    for (;;) {
      auto block = body_ ? read_block() : Result<ByteSpan>(fail(*failure_));
      if (block && !block->empty()) {
        attempts_without_progress_ = 0;
        timeouts_without_progress_ = 0;
        position_ += block->size();
        return block;
      }
      if (block && is_complete()) return block;
      if (block) {
        failure_ =
            Error(Code::kUnavailable, fmt::format("{}: ends after {} of {} bytes", options_.what, position_, *total_));
      } else {
        failure_ = std::move(block).error();
      }
      body_.reset();
      TRY(resume());
    }
  }

 private:
  bool is_complete() const { return !total_ || position_ >= *total_; }

  // The next bytes that are new: what a server sends again from the start is skipped.
  Result<ByteSpan> read_block() {
    for (;;) {
      TRY_ASSIGN(const ByteSpan block, body_->next());
      const auto skipped = static_cast<size_t>(std::min<uint64_t>(to_skip_, block.size()));
      to_skip_ -= skipped;
      if (block.empty() || skipped < block.size()) return block.subspan(skipped);
    }
  }

  // After a failure: waits, and opens the rest. Leaves body_ null, and the failure to judge anew, when that may pass
  // too.
  Status resume() {
    if (!may_pass(*failure_)) return fail(*failure_);
    const bool timed_out = failure_->code() == Code::kDeadlineExceeded;
    const bool is_silent = timed_out && timeouts_without_progress_++ >= options_.retry.max_unanswered;
    const auto delay =
        options_.retry.delay_after(++attempts_without_progress_, std::exchange(retry_after_, {}), random_fraction());
    if (!delay || is_silent || resumes_ >= options_.max_resumes) {
      return fail(Error(*failure_).with_context(
          fmt::format("given up after {} interruptions at byte {}", resumes_ + 1, position_)));
    }
    ++resumes_;
    TRY(sleep_for(*delay, options_.stop));
    auto reopened = reopen();
    if (!reopened) failure_ = std::move(reopened).error();
    return {};
  }

  Status reopen() {
    to_skip_ = 0;
    const std::string range = position_ == 0 ? std::string() : fmt::format("bytes={}-", position_);
    // Content that is named by its digest needs no validator, and mirrors and blob stores disagree about theirs.
    TRY_ASSIGN(Response response, open_(range, range.empty() || options_.content_addressed ? std::string() : etag_));
    if (RetryPolicy::is_transient_status(response.status)) retry_after_ = retry_after_of(response.headers);
    TRY(response.expect_success());
    if (response.status == 200) return restart(std::move(response));
    if (response.status != 206 || range.empty()) return fail(unexpected_status(response.status));
    const auto content_range = parse_content_range(response.headers.find("Content-Range").value_or(""));
    const bool fits = content_range && content_range->first == position_ &&
                      (!total_ || !content_range->complete || *content_range->complete == *total_);
    if (!fits) {
      return fail(Code::kMalformed,
                  fmt::format("{}: the server sent another range than the one asked for (from byte {})", options_.what,
                              position_));
    }
    if (!options_.content_addressed && (etag_.empty() || strong_etag(response.headers) != etag_))
      return fail(changed());
    body_ = std::move(response.body);
    return {};
  }

  // The server sent the whole again.
  Status restart(Response response) {
    const bool same = !etag_.empty() && strong_etag(response.headers) == etag_;
    if (position_ != 0 && !options_.content_addressed && !same) return fail(changed());
    if (position_ == 0) etag_ = strong_etag(response.headers);
    to_skip_ = position_;
    body_ = std::move(response.body);
    return {};
  }

  Error changed() const {
    return {Code::kVerificationFailed,
            fmt::format("{}: cannot be continued at byte {}: the server does not say that it is still the same",
                        options_.what, position_)};
  }
  Error unexpected_status(int status) const {
    return {Code::kUnsupported, fmt::format("{}: the server answered {} to a download", options_.what, status)};
  }

  const ResumeOptions options_;
  const OpenRange open_;
  std::unique_ptr<BlockSource> body_;
  std::optional<Error> failure_;                          // set whenever body_ is null
  std::optional<std::chrono::milliseconds> retry_after_;  // what the server wished when it refused to continue
  std::string etag_;
  std::optional<uint64_t> total_;
  uint64_t position_ = 0;  // bytes handed out
  uint64_t to_skip_ = 0;
  uint32_t attempts_without_progress_ = 0;
  uint32_t timeouts_without_progress_ = 0;
  uint32_t resumes_ = 0;
};

}  // namespace

Result<std::unique_ptr<BlockSource>> open_resuming(ResumeOptions options, OpenRange open) {
  auto source = std::make_unique<ResumingSource>(std::move(options), std::move(open));
  TRY(source->open_first());
  return std::unique_ptr<BlockSource>(std::move(source));
}

}  // namespace bulkhead::net
