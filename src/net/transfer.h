// One HTTP exchange over libcurl's multi interface, pulled by its reader, and the pool of connections behind it.
// Internal to net; http_client.h is the door.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/block_source.h"
#include "net/curl_api.h"
#include "net/headers.h"
#include "net/http_client.h"
#include "net/url.h"

namespace bulkhead::net {

// Multi handles, each with the connections that its transfers left open. A handle serves one transfer at a time, so
// that connections are reused without libcurl's handles ever being shared between threads. Thread-safe.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
 public:
  explicit ConnectionPool(const CurlApi& api) : api_(api) {}
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  ~ConnectionPool();

  // Goes back to the pool when it dies.
  class Lease {
   public:
    Lease(std::shared_ptr<ConnectionPool> pool, CURLM* multi, std::string origin)
        : pool_(std::move(pool)), multi_(multi), origin_(std::move(origin)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    CURLM* multi() const { return multi_; }

   private:
    std::shared_ptr<ConnectionPool> pool_;
    CURLM* multi_;
    std::string origin_;
  };

  // A handle that last spoke to this origin, else a fresh one. Null when memory is out.
  std::unique_ptr<Lease> lease(const std::string& origin);

 private:
  struct Idle {
    CURLM* multi;
    std::string origin;
  };
  static constexpr size_t kMaxIdle = 8;

  const CurlApi& api_;
  std::mutex mutex_;
  std::vector<Idle> idle_;  // guarded by mutex_; the longest unused first
};

// What a transfer needs, decided: nothing here is looked up again.
struct TransferPlan {
  Url url;
  std::string display;                    // how messages name the resource
  const Request* request = nullptr;       // alive until the head is there
  bool send_credentials = true;           // authorization and cookies: not to another origin than they were meant for
  const ClientOptions* client = nullptr;  // alive until the head is there
  const TlsOptions* tls = nullptr;
  std::string authorities;  // from load_authorities()
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

// Why an exchange failed, and whether it may work at another try.
struct TransferFailure {
  Error error;
  bool transient = false;
  bool unanswered = false;  // connected, and nothing came within the time for the first byte
};

class Transfer {
 public:
  // Sends the request and waits for the head of the answer.
  static std::expected<std::unique_ptr<Transfer>, TransferFailure> start(const CurlApi& api,
                                                                         const std::shared_ptr<ConnectionPool>& pool,
                                                                         const TransferPlan& plan);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer();

  int status() const { return head_.status(); }
  const Headers& headers() const { return head_.headers(); }

  // The next bytes of the body; empty at its end. As BlockSource::next().
  Result<ByteSpan> next();

 private:
  using Clock = std::chrono::steady_clock;
  struct Waker {
    Transfer* transfer;
    void operator()() const;
  };

  Transfer(const CurlApi& api, std::unique_ptr<ConnectionPool::Lease> lease, const TransferPlan& plan);
  Status configure(const TransferPlan& plan);
  Status add_headers(const TransferPlan& plan);
  Status pump(bool until_head);
  Status check_promised_length() const;
  Error too_large() const;
  std::chrono::milliseconds patience_left(bool awaiting_head) const;
  Status check_time(Clock::time_point now, bool awaiting_head);
  TransferFailure failure(Error error) const;
  Error curl_error(CURLcode code) const;
  bool is_transient() const;
  long info(CURLINFO what) const;
  void unpause();

  static size_t on_header(char* data, size_t size, size_t count, void* self) noexcept;
  static size_t on_body(char* data, size_t size, size_t count, void* self) noexcept;

  template <typename Value>
  void set(CURLoption option, Value value);

  const CurlApi& api_;
  std::unique_ptr<ConnectionPool::Lease> lease_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  Secret body_;  // what is sent
  bool options_refused_ = false;

  std::string display_;
  std::string unix_socket_;
  bool through_proxy_ = false;
  Timeouts timeouts_;
  std::optional<Clock::time_point> deadline_;
  std::optional<Clock::time_point> body_deadline_;  // from the head on
  uint64_t max_body_bytes_;                         // 0 for HEAD, whose Content-Length promises no body
  std::stop_token stop_;

  std::vector<char> curl_message_;
  HeadReader head_;
  std::optional<Error> callback_error_;
  std::vector<std::byte> buffer_;
  bool handed_out_ = false;  // buffer_'s bytes, by an earlier next(): what came with the head was not
  bool paused_ = false;
  bool finished_ = false;
  CURLcode result_ = CURLE_OK;
  uint64_t body_bytes_ = 0;

  // Stall detection: time spent waiting, and bytes that came, since the last time enough had come.
  Clock::duration waited_{};
  std::optional<Clock::duration> sent_after_;  // of it, until the request began to go out
  uint64_t waited_bytes_ = 0;

  std::optional<std::stop_callback<Waker>> on_stop_;
};

}  // namespace bulkhead::net
