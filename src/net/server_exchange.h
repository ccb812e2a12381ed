// One request and its answer, between the polling thread of its connection and the threads of handlers. Internal to
// net.
//
// Invariants:
// 1. connection_ is used only under mutex_, and only until completed(): it dies with that call.
// 2. A connection is suspended only by a call of libmicrohttpd on its polling thread, under mutex_, and then something
//    is under way that resumes it: work on a handler's thread (suspended_ with busy_), or room in the window, which
//    next() makes (suspended_ with full_), or the end of the handler.
// 3. Whoever resumes it clears suspended_ under mutex_ first: nobody resumes twice.
// 4. After refuse_all nothing is suspended any more: the daemon can be stopped when the handlers have ended.
//
// stage      what libmicrohttpd's calls mean                         leaves it
// kHead      the first call, and those after a resumption            access(): refused, or no body, or admitted
// kBody      a piece of the body, or (no bytes) its end               access(): the end, or an answer while it comes
// kAnswered  the answer is queued                                     completed()
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <microhttpd.h>

#include "net/http_server.h"
#include "net/server_threads.h"

namespace bulkhead::net {

// What all exchanges of a server share.
struct ExchangeContext {
  RequestHandler* handler = nullptr;
  ServerLimits limits;
  std::function<void(const ServerEvent&)> log;
  ServerThreads* threads = nullptr;
  std::atomic<bool> closing = false;     // answers close their connections
  std::atomic<bool> refuse_all = false;  // calls of libmicrohttpd end their connections
  std::atomic<size_t> active = 0;        // requests whose head is whole and whose end has not come
};

class Exchange final : public std::enable_shared_from_this<Exchange> {
 public:
  using Clock = std::chrono::steady_clock;
  Exchange(ExchangeContext& context, MHD_Connection* connection, Peer peer, std::string_view target);

  // From libmicrohttpd, on the polling thread.
  MHD_Result access(const char* url, const char* method, const char* version, const char* data, size_t& size);
  ssize_t read_answer(char* buffer, size_t size);
  void completed(MHD_RequestTerminationCode reason);

  // From anywhere. Ends what the handler waits for; it is asked to stop.
  void cancel(std::string_view why);
  void request_stop() { stop_.request_stop(); }
  // With refuse_all set: nothing of it is suspended from now on but for a handler that runs.
  void settle() { const std::scoped_lock lock(mutex_); }

  bool head_done() const { return head_done_; }
  bool waits_for_handler() const { return suspended_; }
  uint64_t moved() const { return moved_; }
  bool answer_is_unseen() const { return unseen_; }  // moved() does not grow by it
  Clock::time_point begun() const { return begun_; }

 private:
  class Body;
  enum class Stage : uint8_t { kHead, kBody, kAnswered };

  // A status that refuses the request, and why; nothing when it may go on.
  std::optional<std::pair<int, std::string>> read_head(const char* url, const char* method, const char* version);
  MHD_Result decide(const char* url, const char* method, const char* version, const char* data, size_t& size);
  MHD_Result begin(const char* url, const char* method, const char* version);
  MHD_Result take_body(const char* data, size_t& size);
  MHD_Result refuse(int status, std::string why);
  MHD_Result answer();
  MHD_Response* make_response(ServerResponse& response);
  void suspend();
  void resume();
  void admit();
  void handle();
  void produce();
  ServerResponse guarded(const std::function<ServerResponse()>& work);
  Result<ByteSpan> next_of_body();

  ExchangeContext& context_;
  const Clock::time_point begun_ = Clock::now();
  std::atomic<bool> head_done_ = false;
  std::atomic<bool> suspended_ = false;
  std::atomic<bool> unseen_ = false;
  std::atomic<uint64_t> moved_ = 0;
  std::stop_source stop_;

  std::mutex mutex_;  // guards everything below
  MHD_Connection* connection_;
  ServerRequest request_;
  Stage stage_ = Stage::kHead;
  bool chunked_ = false;
  bool close_ = false;
  bool admitted_ = false;
  bool handling_ = false;  // handle() was given to a thread
  bool body_whole_ = false;
  bool body_too_large_ = false;
  uint64_t max_body_ = 0;
  uint64_t received_ = 0;
  uint64_t dropped_ = 0;
  std::string window_;     // received, not yet taken
  std::string current_;    // what the handler looks at
  std::string cancelled_;  // why; empty: not
  std::condition_variable arrived_;

  std::optional<ServerResponse> response_;
  int status_ = 0;
  MHD_Response* made_ = nullptr;  // from decide() to the end of access()
  std::string text_;              // of an answer in memory
  std::unique_ptr<BlockSource> source_;
  std::optional<uint64_t> left_;  // of a source whose size was promised
  ByteSpan block_;
  bool source_ended_ = false;
  std::string problem_;
};

}  // namespace bulkhead::net
