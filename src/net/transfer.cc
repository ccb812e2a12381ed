#include "net/transfer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.h"
#include "net/proxy_address.h"

namespace bulkhead::net {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr long kCurlBufferBytes = 64L << 10;
constexpr long kConnectionsPerHandle = 4;
constexpr std::chrono::milliseconds kLongestWait{1000};

// What each of libcurl's failures means to us. `transient`: the same request may work in a moment.
struct Meaning {
  CURLcode curl;
  Code code;
  bool transient;
};
constexpr std::array kMeanings = {
    Meaning{CURLE_COULDNT_RESOLVE_HOST, Code::kUnavailable, false},
    Meaning{CURLE_COULDNT_RESOLVE_PROXY, Code::kUnavailable, false},
    Meaning{CURLE_COULDNT_CONNECT, Code::kUnavailable, true},
    Meaning{CURLE_OPERATION_TIMEDOUT, Code::kDeadlineExceeded, true},
    Meaning{CURLE_SSL_CONNECT_ERROR, Code::kUnsupported, false},
    Meaning{CURLE_SSL_CIPHER, Code::kUnsupported, false},
    Meaning{CURLE_PEER_FAILED_VERIFICATION, Code::kVerificationFailed, false},
    Meaning{CURLE_SSL_ISSUER_ERROR, Code::kVerificationFailed, false},
    Meaning{CURLE_SSL_CACERT_BADFILE, Code::kInvalidArgument, false},
    Meaning{CURLE_SSL_CERTPROBLEM, Code::kInvalidArgument, false},
    Meaning{CURLE_PROXY, Code::kUnavailable, false},
    Meaning{CURLE_SEND_ERROR, Code::kUnavailable, true},
    Meaning{CURLE_RECV_ERROR, Code::kUnavailable, true},
    Meaning{CURLE_GOT_NOTHING, Code::kUnavailable, true},
    Meaning{CURLE_PARTIAL_FILE, Code::kUnavailable, true},
    Meaning{CURLE_WEIRD_SERVER_REPLY, Code::kMalformed, false},
    Meaning{CURLE_UNSUPPORTED_PROTOCOL, Code::kMalformed, false},
};

Meaning meaning_of(CURLcode code) {
  const auto found = std::ranges::find(kMeanings, code, &Meaning::curl);
  return found == kMeanings.end() ? Meaning{code, Code::kUnavailable, false} : *found;
}

bool has_no_body(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

bool is_sensitive(std::string_view name) {
  return equals_ignoring_case(name, "authorization") || equals_ignoring_case(name, "cookie") ||
         equals_ignoring_case(name, "x-registry-auth");
}

}  // namespace

ConnectionPool::~ConnectionPool() {
  for (const Idle& idle : idle_) api_.multi_cleanup(idle.multi);
}

std::unique_ptr<ConnectionPool::Lease> ConnectionPool::lease(const std::string& origin) {
  CURLM* multi = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(idle_, origin, &Idle::origin);
    if (found != idle_.end()) {
      multi = found->multi;
      idle_.erase(found);
    }
  }
  if (multi == nullptr) {
    multi = api_.multi_init();
    if (multi == nullptr) return nullptr;
    api_.multi_setopt(multi, CURLMOPT_MAXCONNECTS, kConnectionsPerHandle);
  }
  return std::make_unique<Lease>(shared_from_this(), multi, origin);
}

ConnectionPool::Lease::~Lease() {
  CURLM* surplus = nullptr;
  {
    const std::scoped_lock lock(pool_->mutex_);
    pool_->idle_.push_back({multi_, std::move(origin_)});
    if (pool_->idle_.size() > kMaxIdle) {
      surplus = pool_->idle_.front().multi;
      pool_->idle_.erase(pool_->idle_.begin());
    }
  }
  if (surplus != nullptr) pool_->api_.multi_cleanup(surplus);
}

Transfer::Transfer(const CurlApi& api, std::unique_ptr<ConnectionPool::Lease> lease, const TransferPlan& plan)
    : api_(api),
      lease_(std::move(lease)),
      display_(plan.display),
      unix_socket_(plan.request->unix_socket),
      timeouts_(plan.request->timeouts),
      deadline_(plan.deadline),
      max_body_bytes_(plan.request->method == "HEAD" ? 0 : plan.request->max_body_bytes),
      stop_(plan.request->stop),
      curl_message_(CURL_ERROR_SIZE),
      head_(plan.client->head_limits) {
  buffer_.reserve(kBufferBytes);
}

Transfer::~Transfer() {
  on_stop_.reset();  // waits for a wake-up that is under way: the handle goes to somebody else now
  if (easy_ != nullptr) {
    // Given up while the server's name is looked up: libcurl's thread that does it may end when it likes. Before 7.87,
    // which does not know the option, removing the handle waits for it.
    if (!finished_) api_.easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
    api_.multi_remove_handle(lease_->multi(), easy_);
    api_.easy_cleanup(easy_);
  }
  for (curl_slist* item = header_list_; item != nullptr; item = item->next) {
    ::explicit_bzero(item->data, std::strlen(item->data));
  }
  api_.slist_free_all(header_list_);
}

void Transfer::Waker::operator()() const {
  transfer->api_.multi_wakeup(transfer->lease_->multi());
}

std::expected<std::unique_ptr<Transfer>, TransferFailure> Transfer::start(const CurlApi& api,
                                                                          const std::shared_ptr<ConnectionPool>& pool,
                                                                          const TransferPlan& plan) {
  auto lease = pool->lease(plan.request->unix_socket.empty() ? plan.url.origin() : plan.request->unix_socket);
  if (!lease) return std::unexpected(TransferFailure{Error(Code::kInternal, "libcurl: out of memory")});
  std::unique_ptr<Transfer> transfer(new Transfer(api, std::move(lease), plan));
  if (auto configured = transfer->configure(plan); !configured) {
    return std::unexpected(TransferFailure{std::move(configured).error()});
  }
  if (auto pumped = transfer->pump(true); !pumped) {
    return std::unexpected(transfer->failure(std::move(pumped).error()));
  }
  return transfer;
}

template <typename Value>
void Transfer::set(CURLoption option, Value value) {
  options_refused_ |= api_.easy_setopt(easy_, option, value) != CURLE_OK;
}

Status Transfer::configure(const TransferPlan& plan) {
  easy_ = api_.easy_init();
  if (easy_ == nullptr) return fail(Code::kInternal, "libcurl: out of memory");
  const Request& request = *plan.request;

  set(CURLOPT_URL, plan.url.text().c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, curl_message_.data());
  set(CURLOPT_BUFFERSIZE, kCurlBufferBytes);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeouts_.connect.count()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_USERAGENT, plan.client->user_agent.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  TRY(check_proxy_address(plan.client->proxies.proxy_for(plan.url).reveal(), plan.url));
  // Both set always: libcurl would otherwise look into the environment.
  std::string proxy(plan.client->proxies.proxy_for(plan.url).reveal());
  set(CURLOPT_PROXY, proxy.c_str());
  through_proxy_ = !proxy.empty();
  wipe(proxy);
  set(CURLOPT_NOPROXY, "");
  if (!request.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());

  if (request.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
  } else if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else {
    const bool sends_length = !request.body.empty() || request.method == "POST" || request.method == "PUT";
    if (sends_length) {
      body_ = Secret::copy_of(request.body);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.reveal().size()));
      set(CURLOPT_POSTFIELDS, body_.reveal().data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  const TlsOptions& tls = *plan.tls;
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, tls.skip_verification ? 0L : 1L);
  set(CURLOPT_SSL_VERIFYHOST, tls.skip_verification ? 0L : 2L);
  if (!plan.authorities.empty()) {
    curl_blob blob{};
    blob.data = const_cast<char*>(plan.authorities.data());
    blob.len = plan.authorities.size();
    blob.flags = CURL_BLOB_COPY;
    set(CURLOPT_CAINFO_BLOB, &blob);
    set(CURLOPT_PROXY_CAINFO_BLOB, &blob);
    if (tls.only_these_authorities) set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!tls.client_certificate.empty()) {
    set(CURLOPT_SSLCERT, tls.client_certificate.c_str());
    set(CURLOPT_SSLKEY, (tls.client_key.empty() ? tls.client_certificate : tls.client_key).c_str());
  }

  TRY(add_headers(plan));
  if (options_refused_) return fail(Code::kUnsupported, "libcurl.so.4 was built without something that is needed here");
  if (api_.multi_add_handle(lease_->multi(), easy_) != CURLM_OK)
    return fail(Code::kInternal, "libcurl: add_handle failed");
  on_stop_.emplace(stop_, Waker{this});
  return {};
}

Status Transfer::add_headers(const TransferPlan& plan) {
  const Request& request = *plan.request;
  const auto append = [this](std::string_view name, std::string_view value) -> Status {
    if (!is_valid_field(name, value)) {
      return fail(Code::kInvalidArgument, fmt::format("header field '{}' cannot be sent", printable(name)));
    }
    // libcurl's way to send a field without a value is a semicolon in place of the colon.
    std::string line = value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
    curl_slist* grown = api_.slist_append(header_list_, line.c_str());
    wipe(line);
    if (grown == nullptr) return fail(Code::kInternal, "libcurl: out of memory");
    header_list_ = grown;
    return {};
  };
  const auto suppress = [this](const char* line) { header_list_ = api_.slist_append(header_list_, line); };

  for (const Headers::Field& field : request.headers) {
    if (plan.send_credentials || !is_sensitive(field.name)) TRY(append(field.name, field.value));
  }
  if (plan.send_credentials && !request.authorization.empty()) {
    TRY(append("Authorization", request.authorization.reveal()));
  }
  if (!has_no_body(request.method)) {
    suppress("Expect:");  // no waiting for 100 Continue: bodies are small
    if (!request.headers.find("Content-Type")) suppress("Content-Type:");
  }
  set(CURLOPT_HTTPHEADER, header_list_);
  return {};
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.waited_bytes_ += size * count;
  auto read = transfer.head_.line({data, size * count});
  if (read) return size * count;
  transfer.callback_error_ = std::move(read).error().with_context(transfer.display_);
  return 0;
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  if (transfer.buffer_.size() + bytes > kBufferBytes) {
    transfer.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.waited_bytes_ += bytes;
  transfer.body_bytes_ += bytes;
  if (transfer.max_body_bytes_ != 0 && transfer.body_bytes_ > transfer.max_body_bytes_) {
    transfer.callback_error_ = transfer.too_large();
    return 0;
  }
  const ByteSpan block = as_bytes({data, bytes});
  transfer.buffer_.insert(transfer.buffer_.end(), block.begin(), block.end());
  return bytes;
}

Error Transfer::too_large() const {
  return {Code::kLimitExceeded, fmt::format("{}: the answer is larger than {} bytes", display_, max_body_bytes_)};
}

// Nothing is waited for that would be refused in the end.
Status Transfer::check_promised_length() const {
  const auto promised = parse_decimal(head_.headers().find("Content-Length").value_or(""));
  if (max_body_bytes_ != 0 && promised && *promised > max_body_bytes_) return fail(too_large());
  return {};
}

Result<ByteSpan> Transfer::next() {
  TRY(check_promised_length());
  if (std::exchange(handed_out_, true)) buffer_.clear();
  TRY(pump(false));
  return ByteSpan(buffer_);
}

// Runs the exchange until its head is there, or until there are bytes of the body or their end.
Status Transfer::pump(bool until_head) {
  Clock::time_point last = Clock::now();
  bool have_polled = false;
  if (paused_) unpause();
  for (;;) {
    if (stop_.stop_requested()) return fail(Code::kCancelled, fmt::format("{}: stopped on request", display_));
    if (until_head ? (head_.complete() || finished_) : (!buffer_.empty() || finished_)) break;

    int running = 0;
    if (const CURLMcode code = api_.multi_perform(lease_->multi(), &running); code != CURLM_OK) {
      return fail(Code::kInternal, fmt::format("libcurl: {}", api_.multi_strerror(code)));
    }
    int left = 0;
    while (const CURLMsg* message = api_.multi_info_read(lease_->multi(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        finished_ = true;
        result_ = message->data.result;
      }
    }
    const Clock::time_point now = Clock::now();
    if (have_polled) waited_ += now - last;
    last = now;
    if (finished_ || (until_head ? head_.complete() : !buffer_.empty())) continue;
    TRY(check_time(now, until_head));
    auto wait = std::min(kLongestWait, patience_left(until_head));
    for (const auto& deadline : {deadline_, body_deadline_}) {
      if (deadline) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(*deadline - now));
    }
    wait = std::max(wait, std::chrono::milliseconds(1));
    api_.multi_poll(lease_->multi(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    have_polled = true;
  }
  if (callback_error_) return fail(*callback_error_);
  // Bytes that came before the failure are handed out first; the next call reports it.
  if (finished_ && result_ != CURLE_OK && (until_head ? !head_.complete() : buffer_.empty()))
    return fail(curl_error(result_));
  if (until_head && !head_.complete())
    return fail(Code::kMalformed, fmt::format("{}: the answer has no head", display_));
  if (until_head) {
    waited_ = {};
    waited_bytes_ = 0;
    if (timeouts_.body) body_deadline_ = Clock::now() + *timeouts_.body;
  }
  return {};
}

void Transfer::unpause() {
  paused_ = false;  // before the call: it may write, and pause again, at once
  api_.easy_pause(easy_, CURLPAUSE_CONT);
}

// Until check_time() would give up on what is waited for now.
std::chrono::milliseconds Transfer::patience_left(bool awaiting_head) const {
  const auto patience =
      awaiting_head ? sent_after_.value_or(timeouts_.connect) + timeouts_.first_byte : timeouts_.stall_period;
  return std::chrono::ceil<std::chrono::milliseconds>(patience - waited_) + std::chrono::milliseconds(1);
}

Status Transfer::check_time(Clock::time_point now, bool awaiting_head) {
  if (deadline_ && now >= *deadline_) {
    return fail(Code::kDeadlineExceeded, fmt::format("{}: not done within the time allowed in all", display_));
  }
  if (body_deadline_ && now >= *body_deadline_) {
    return fail(Code::kDeadlineExceeded,
                fmt::format("{}: the answer began, but was not whole after {} ms", display_, timeouts_.body->count()));
  }
  if (awaiting_head) {
    // Time that connecting did not need is not left for the answer.
    if (!sent_after_ && info(CURLINFO_REQUEST_SIZE) > 0) sent_after_ = waited_;
    if (waited_ > sent_after_.value_or(timeouts_.connect) + timeouts_.first_byte) {
      return fail(Code::kDeadlineExceeded,
                  fmt::format("{}: no answer within {} ms", display_, timeouts_.first_byte.count()));
    }
    return {};
  }
  if (waited_bytes_ >= timeouts_.stall_min_bytes) {
    waited_bytes_ = 0;
    waited_ = {};
  }
  if (waited_ > timeouts_.stall_period) {
    return fail(Code::kDeadlineExceeded, fmt::format("{}: stalled: fewer than {} bytes in {} ms", display_,
                                                     timeouts_.stall_min_bytes, timeouts_.stall_period.count()));
  }
  return {};
}

TransferFailure Transfer::failure(Error error) const {
  const bool timed_out = error.code() == Code::kDeadlineExceeded && (!deadline_ || Clock::now() < *deadline_);
  const bool transient = !callback_error_ && (timed_out || (finished_ && is_transient()));
  return {.error = std::move(error), .transient = transient, .unanswered = timed_out && !finished_};
}

long Transfer::info(CURLINFO what) const {
  long value = 0;
  api_.easy_getinfo(easy_, what, &value);
  return value;
}

bool Transfer::is_transient() const {
  const long error_number = info(CURLINFO_OS_ERRNO);
  // A proxy that refused to make the connection (407, 403) will refuse again.
  if (const long answer = info(CURLINFO_HTTP_CONNECTCODE); answer >= 400 && answer < 500) return false;
  // Nobody listens there: waiting a second seldom changes that, and the user should hear of it at once.
  if (result_ == CURLE_COULDNT_CONNECT) {
    return error_number != ECONNREFUSED && error_number != ENOENT && error_number != EACCES;
  }
  // A connection that is cut during the handshake has the same code as a server that speaks no TLS.
  if (result_ == CURLE_SSL_CONNECT_ERROR) {
    return error_number == ECONNRESET || std::string_view(curl_message_.data()).contains("SYSCALL");
  }
  return meaning_of(result_).transient;
}

Error Transfer::curl_error(CURLcode code) const {
  std::string_view detail(curl_message_.data());
  // libcurl quotes the whole address of a proxy that it does not take, password and all.
  if (detail.empty() || detail.contains("nsupported proxy")) detail = api_.easy_strerror(code);
  std::string message = fmt::format("{}: {}", display_, printable(trim(detail)));
  const long error_number = info(CURLINFO_OS_ERRNO);

  if (code == CURLE_COULDNT_CONNECT && !unix_socket_.empty() && (error_number == ENOENT || error_number == EACCES)) {
    return errno_error(static_cast<int>(error_number), unix_socket_);
  }
  if (code == CURLE_COULDNT_CONNECT && !unix_socket_.empty()) {
    struct stat status{};
    const bool is_other = ::stat(unix_socket_.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode);
    return {Code::kUnavailable, fmt::format("{}: {}", printable(unix_socket_),
                                            is_other ? "is no socket" : "nobody answers at this socket")};
  }
  // Before a server behind a proxy is reached, whatever goes wrong is between us and the proxy.
  const bool proxy_failed = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY ||
                            code == CURLE_PROXY || info(CURLINFO_HTTP_CONNECTCODE) >= 400;
  if (through_proxy_ && proxy_failed) {
    return {
        meaning_of(code).code, std::move(message),
        "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names refused, or does not answer: correct it, or list "
        "in NO_PROXY what is reached directly"};
  }
  if (code == CURLE_SSL_CONNECT_ERROR && is_transient()) return {Code::kUnavailable, std::move(message)};
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Code::kVerificationFailed, std::move(message),
              "if the server is yours, add the authority that signed its certificate to the trusted ones"};
    case CURLE_SSL_CACERT_BADFILE:
      return {Code::kInvalidArgument, std::move(message),
              "install the system's certificate authorities (ca-certificates)"};
    default:
      return {meaning_of(code).code, std::move(message)};
  }
}

}  // namespace bulkhead::net
