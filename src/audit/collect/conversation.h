// Questions to one engine, from several threads. The first that it lets wait for longer than it may is the last: those
// under way are given up, and those to come are not asked, so that its silence costs its timeout once; the same when
// the time for all of its answers is over. Thread-safe.
// Answers are untrusted. Internal to audit.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "audit/facts.h"
#include "base/json.h"
#include "base/result.h"
#include "engine/client.h"

namespace bulkhead::audit {

// An error as a reason why something is not known: with its remedy.
std::string told(const Error& error);

class Conversation {
 public:
  Conversation(const engine::Address& address, engine::ClientOptions options, std::chrono::milliseconds time_for_all);

  // Why there is nobody to talk to, if so.
  const Error* failure() const { return client_ ? nullptr : &client_.error(); }
  bool is_podman() const { return client_->flavour() == engine::Flavour::kPodman; }

  // kNotFound only where the engine says so itself.
  Result<json::Document> get(const std::string& path);

  // The answer as `parse` reads it; Unknown with the engine's words or with what is wrong with the answer.
  template <typename Parse>
  auto fact(const std::string& path, Parse&& parse)
      -> Fact<typename std::invoke_result_t<Parse, const json::Value&>::value_type> {
    const auto document = get(path);
    if (!document) return not_known(told(document.error()));
    auto parsed = parse(document->root());
    if (!parsed) return not_known(fmt::format("GET {}: {}", path, parsed.error().to_string()));
    return *std::move(parsed);
  }

 private:
  void wait_for_deadline(const std::stop_token& done, std::chrono::milliseconds time_for_all);
  void give_up(std::string why);
  std::optional<Error> silence();

  const std::stop_token user_stop_;
  const std::chrono::milliseconds timeout_;
  std::stop_source stop_;  // ours, and the user's
  std::stop_callback<std::function<void()>> forward_;
  Result<engine::Client> client_ = fail(Code::kInternal, "not connected");
  std::mutex mutex_;
  std::condition_variable_any deadline_wait_;
  std::string silence_;    // guarded by mutex_; empty: it talks
  std::jthread deadline_;  // last: it ends before the rest goes
};

}  // namespace bulkhead::audit
