#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/http_fields.h"
#include "net/transfer.h"
#include "net/trust.h"
#include "net/url.h"

namespace bulkhead::net {
namespace {

using Clock = std::chrono::steady_clock;

// The rest of an answer that nobody wants is read up to here, so that its connection can be used again.
constexpr size_t kMaxDrainedBytes = size_t{64} << 10;

class Body final : public BlockSource {
 public:
  explicit Body(std::unique_ptr<Transfer> transfer) : transfer_(std::move(transfer)) {}

  Result<ByteSpan> next() override {
    if (!transfer_) return ByteSpan();
    auto block = transfer_->next();
    if (block && block->empty()) transfer_.reset();  // the connection is free for the next request
    return block;
  }

 private:
  std::unique_ptr<Transfer> transfer_;
};

void drain(BlockSource& body) {
  size_t drained = 0;
  for (;;) {
    const auto block = body.next();
    if (!block || block->empty()) return;
    drained += block->size();
    if (drained > kMaxDrainedBytes) return;
  }
}

bool is_idempotent(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The parts of a call that stay the same over its redirects and retries.
struct Call {
  const Request& request;
  std::optional<Clock::time_point> deadline;
};

}  // namespace

struct Client::State {
  explicit State(ClientOptions given) : options(std::move(given)) {}

  const ClientOptions options;
  std::mutex mutex;
  std::shared_ptr<ConnectionPool> pool;                  // guarded by mutex; made by the first request
  std::map<const TlsOptions*, std::string> authorities;  // guarded by mutex; read once for each set of options

  std::shared_ptr<ConnectionPool> connections(const CurlApi& api) {
    const std::scoped_lock lock(mutex);
    if (!pool) pool = std::make_shared<ConnectionPool>(api);
    return pool;
  }

  const TlsOptions& tls_for(const Url& url) const {
    const auto found = options.tls_by_host.find(url.authority());
    return found == options.tls_by_host.end() ? options.tls : found->second;
  }

  Result<std::string> authorities_for(const CurlApi& api, const TlsOptions& tls);
  std::expected<Response, TransferFailure> exchange(const Call& call, const Url& url, bool same_origin);
  std::expected<Response, TransferFailure> follow(const Call& call);
};

Result<std::string> Client::State::authorities_for(const CurlApi& api, const TlsOptions& tls) {
  const std::scoped_lock lock(mutex);
  if (const auto known = authorities.find(&tls); known != authorities.end()) return known->second;
  std::string system_bundle;
  if (CURL* easy = api.easy_init(); easy != nullptr) {
    const char* path = nullptr;
    if (api.easy_getinfo(easy, CURLINFO_CAINFO, &path) == CURLE_OK && path != nullptr) system_bundle = path;
    api.easy_cleanup(easy);
  }
  TRY_CONTEXT(std::string text, load_authorities(tls, system_bundle), "certificate authorities");
  return authorities.emplace(&tls, std::move(text)).first->second;
}

// One request, one answer: no redirects, no retries.
std::expected<Response, TransferFailure> Client::State::exchange(const Call& call, const Url& url, bool same_origin) {
  const auto api = curl_api();
  if (!api) return std::unexpected(TransferFailure{api.error()});
  const TlsOptions& tls = tls_for(url);
  auto trusted = url.is_tls() ? authorities_for(**api, tls) : std::string();
  if (!trusted) return std::unexpected(TransferFailure{std::move(trusted).error()});

  const std::string& socket = call.request.unix_socket;
  TransferPlan plan{
      .url = url,
      .display = socket.empty() ? url.for_display() : fmt::format("{}: {}", socket, printable(url.path())),
      .request = &call.request,
      .send_credentials = same_origin,
      .client = &options,
      .tls = &tls,
      .authorities = *std::move(trusted),
      .deadline = call.deadline};
  auto transfer = Transfer::start(**api, connections(**api), plan);
  if (!transfer) return std::unexpected(std::move(transfer).error());
  Response response;
  response.status = (*transfer)->status();
  response.headers = (*transfer)->headers();
  response.url = url.text();
  response.display_url = plan.display;
  response.body = std::make_unique<Body>(*std::move(transfer));
  return response;
}

// One request with its redirects.
std::expected<Response, TransferFailure> Client::State::follow(const Call& call) {
  auto first = Url::parse(call.request.url);
  if (!first) return std::unexpected(TransferFailure{std::move(first).error()});
  Url url = *first;
  for (uint32_t redirects = 0;; ++redirects) {
    auto response = exchange(call, url, url.origin() == first->origin());
    if (!response || !is_redirect(response->status)) return response;
    const auto location = response->headers.find("Location");
    if (!location || !is_idempotent(call.request.method) || !call.request.unix_socket.empty()) return response;
    if (redirects == call.request.max_redirects) {
      return std::unexpected(
          TransferFailure{Error(Code::kLimitExceeded, fmt::format("{}: more than {} redirects", first->for_display(),
                                                                  call.request.max_redirects))});
    }
    auto target = url.resolve(*location);
    if (!target) {
      return std::unexpected(
          TransferFailure{std::move(target).error().with_context(fmt::format("{}: redirect", url.for_display()))});
    }
    if (url.is_tls() && !target->is_tls()) {
      return std::unexpected(TransferFailure{
          Error(Code::kUnsupported, fmt::format("{}: redirects from https to plain http ({}), which is refused",
                                                url.for_display(), target->for_display()))});
    }
    drain(*response->body);
    url = *std::move(target);
  }
}

std::optional<uint64_t> Response::content_length() const {
  const auto value = headers.find("Content-Length");
  return value ? parse_decimal(*value) : std::nullopt;
}

Status Response::expect_success() const {
  if (is_success()) return {};
  Code code = Code::kUnsupported;
  if (status == 401 || status == 407) code = Code::kUnauthenticated;
  if (status == 403) code = Code::kPermissionDenied;
  if (status == 404 || status == 410) code = Code::kNotFound;
  if (status == 408 || status == 429 || status >= 500) code = Code::kUnavailable;
  return fail(code, fmt::format("{}: the server answered {}", display_url, status));
}

Client::Client(ClientOptions options) : state_(std::make_shared<State>(std::move(options))) {}
Client::~Client() = default;

const ClientOptions& Client::options() const {
  return state_->options;
}

Result<Response> Client::send(const Request& request) const {
  if (!is_valid_field(request.method, {})) return fail(Code::kInvalidArgument, "not an HTTP method");
  Call call{.request = request, .deadline = std::nullopt};
  if (request.timeouts.total) call.deadline = Clock::now() + *request.timeouts.total;

  uint32_t unanswered = 0;
  for (uint32_t attempt = 1;; ++attempt) {
    auto response = state_->follow(call);
    if (!response && response.error().unanswered) ++unanswered;
    const bool transient = response ? RetryPolicy::is_transient_status(response->status) : response.error().transient;
    std::optional<std::chrono::milliseconds> delay;
    if (transient && unanswered < request.retry.max_unanswered && is_idempotent(request.method)) {
      const auto wish = response ? retry_after_of(response->headers) : std::nullopt;
      delay = request.retry.delay_after(attempt, wish, random_fraction());
    }
    if (delay && call.deadline && Clock::now() + *delay >= *call.deadline) delay.reset();
    if (!delay) {
      if (response) return *std::move(response);
      return fail(std::move(response).error().error);
    }
    if (response) drain(*response->body);
    response = std::unexpected(TransferFailure{Error(Code::kInternal, {})});  // lets the connection go before the sleep
    TRY(sleep_for(*delay, request.stop));
  }
}

Validators validators_of(const Headers& headers) {
  return {std::string(headers.find("ETag").value_or("")), std::string(headers.find("Last-Modified").value_or(""))};
}

void make_conditional(Request& request, const Validators& validators) {
  if (!validators.etag.empty()) request.headers.set("If-None-Match", validators.etag);
  if (!validators.last_modified.empty()) request.headers.set("If-Modified-Since", validators.last_modified);
}

}  // namespace bulkhead::net
