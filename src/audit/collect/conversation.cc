#include "audit/collect/conversation.h"

#include "base/text.h"

namespace bulkhead::audit {

std::string told(const Error& error) {
  return error.remedy().empty() ? error.to_string() : fmt::format("{} ({})", error.to_string(), error.remedy());
}

Conversation::Conversation(const engine::Address& address, engine::ClientOptions options,
                           std::chrono::milliseconds time_for_all)
    : user_stop_(options.stop),
      timeout_(options.answer_timeout),
      forward_(options.stop, [this] { stop_.request_stop(); }),
      deadline_([this, time_for_all](const std::stop_token& done) { wait_for_deadline(done, time_for_all); }) {
  options.stop = stop_.get_token();
  options.retry = net::RetryPolicy::never();
  client_ = engine::Client::connect(address, std::move(options));
  if (client_) return;
  if (auto silence = this->silence()) client_ = fail(*std::move(silence));
}

Result<json::Document> Conversation::get(const std::string& path) {
  if (auto silence = this->silence()) return fail(*std::move(silence));
  auto answer = client_->ask(path);
  if (answer) {
    if (answer->status / 100 == 2 && trim(answer->body).empty()) {
      return fail(Code::kMalformed, fmt::format("GET {}: the engine's answer is empty", path));
    }
    auto document = answer->document();
    if (!document) return fail(std::move(document).error().with_context(fmt::format("GET {}", path)));
    return document;
  }
  if (answer.error().code() == Code::kDeadlineExceeded) {
    give_up(fmt::format("the engine did not answer GET {} within {} ms", path, timeout_.count()));
  }
  if (auto silence = this->silence()) return fail(*std::move(silence));
  const Code code = answer.error().code();
  return fail(code == Code::kNotFound ? Code::kUnavailable : code, told(answer.error()));
}

void Conversation::wait_for_deadline(const std::stop_token& done, std::chrono::milliseconds time_for_all) {
  {
    std::unique_lock lock(mutex_);
    deadline_wait_.wait_for(lock, done, time_for_all, [] { return false; });
  }
  if (!done.stop_requested()) {
    give_up(fmt::format("the engine did not give all of its answers within {} ms", time_for_all.count()));
  }
}

// The first reason stays.
void Conversation::give_up(std::string why) {
  {
    const std::scoped_lock lock(mutex_);
    if (silence_.empty()) silence_ = std::move(why);
  }
  stop_.request_stop();
}

std::optional<Error> Conversation::silence() {
  if (user_stop_.stop_requested()) return Error(Code::kCancelled, "stopped on request");
  const std::scoped_lock lock(mutex_);
  if (silence_.empty()) return std::nullopt;
  return Error(Code::kDeadlineExceeded, silence_);
}

}  // namespace bulkhead::audit
