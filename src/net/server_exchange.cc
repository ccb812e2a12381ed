#include "net/server_exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/server_api.h"

namespace bulkhead::net {
namespace {

constexpr size_t kWindowBytes = size_t{256} << 10;
// Of a body that nobody wants any more, so that its sender sees the answer: a connection closed on unread bytes is
// reset, and what was sent may be lost with it.
constexpr uint64_t kMaxDroppedBytes = uint64_t{1} << 20;
constexpr size_t kAnswerBlockBytes = size_t{64} << 10;

// The head must lie in memory as its pieces say, line for line: "name:OWS value\r\n" one after the other. What
// libmicrohttpd 0.9.75 lets pass and others read differently (a NUL in a line, which cuts it; a bare line feed; a
// folded line, which it joins to the field's name) leaves a gap. Only addresses are compared, nothing is read. Later
// versions refuse these themselves and need not keep the head in place.
class Layout {
 public:
  explicit Layout(const char* begin, size_t size)
      : next_(reinterpret_cast<uintptr_t>(begin)), end_(next_ + size), tight_(true) {}
  void word(const char* text, size_t size, size_t gap) {
    tight_ = tight_ && reinterpret_cast<uintptr_t>(text) == next_;
    next_ = reinterpret_cast<uintptr_t>(text) + size + gap;
  }
  void value(const char* text, size_t size) {  // after optional white space
    tight_ = tight_ && reinterpret_cast<uintptr_t>(text) >= next_ && reinterpret_cast<uintptr_t>(text) <= end_;
    next_ = reinterpret_cast<uintptr_t>(text) + size + 2;
  }
  bool ends_well() const { return tight_ && next_ + 2 == end_; }

 private:
  uintptr_t next_, end_;
  bool tight_;
};

struct FieldWalk {
  Layout* layout;
  Headers* headers;
  size_t count;
  bool valid;
};

MHD_Result on_field(void* cls, MHD_ValueKind /*kind*/, const char* key, size_t key_size, const char* value,
                    size_t value_size) {
  auto& walk = *static_cast<FieldWalk*>(cls);
  const std::string_view name(key, key_size);
  const std::string_view text(value == nullptr ? "" : value, value_size);
  walk.layout->word(key, key_size, 1);
  walk.layout->value(value, value_size);
  ++walk.count;
  const std::string_view trimmed = trim(text);
  walk.valid = walk.valid && is_valid_field(name, trimmed);
  walk.headers->add(std::string(name), std::string(trimmed));
  return MHD_YES;
}

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

ServerResponse plain(int status, std::string_view text) {
  ServerResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = fmt::format("{}\n", text);
  return response;
}

ssize_t on_read_answer(void* cls, uint64_t /*position*/, char* buffer, size_t size) {
  return (*static_cast<std::shared_ptr<Exchange>*>(cls))->read_answer(buffer, size);
}
void on_answer_gone(void* cls) {
  delete static_cast<std::shared_ptr<Exchange>*>(cls);
}

}  // namespace

class Exchange::Body final : public BlockSource {
 public:
  explicit Body(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Result<ByteSpan> next() override { return exchange_->next_of_body(); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

Exchange::Exchange(ExchangeContext& context, MHD_Connection* connection, Peer peer, std::string_view target)
    : context_(context), connection_(connection), max_body_(context.limits.max_body_bytes) {
  request_.head.peer = std::move(peer);
  request_.head.target = target;
}

std::optional<std::pair<int, std::string>> Exchange::read_head(const char* url, const char* method,
                                                               const char* version) {
  RequestHead& head = request_.head;
  head.method = method;
  const MHD_ConnectionInfo* info =
      server_api().get_connection_info(connection_, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  const size_t head_size = info == nullptr ? 0 : info->header_size;
  if (head_size > context_.limits.max_head_bytes) return std::pair(431, "the head of the request is too large");

  Layout layout(method, head_size);
  layout.word(method, head.method.size(), 1);
  layout.word(url, head.target.size(), 1);
  layout.word(version, std::strlen(version), 2);
  FieldWalk walk{&layout, &head.headers, 0, true};
  server_api().get_connection_values_n(connection_, MHD_HEADER_KIND, &on_field, &walk);
  if (walk.count > context_.limits.max_fields) return std::pair(431, "the request has too many fields");
  if (!walk.valid) return std::pair(400, "a field of the request is not well formed");
#if MHD_VERSION < 0x01000000
  if (!layout.ends_well()) return std::pair(400, "the head of the request is not well formed");
#endif
  if (!is_valid_field(head.method, {})) return std::pair(400, "the method is not well formed");
  if (head.target.empty() || !is_printable_ascii(head.target)) {
    return std::pair(400, "the target is not well formed");
  }
  const bool version_1_1 = std::string_view(version) == "HTTP/1.1";
  const auto hosts = head.headers.find_all("Host");
  if (hosts.size() > 1 || (version_1_1 && hosts.empty())) return std::pair(400, "one Host field is needed");
  const auto lengths = head.headers.find_all("Content-Length");
  const auto codings = head.headers.find_all("Transfer-Encoding");
  if (lengths.size() > 1 || (!lengths.empty() && !codings.empty())) {
    return std::pair(400, "the length of the body is told twice");
  }
  if (!codings.empty()) {
    if (codings.size() > 1 || !version_1_1) return std::pair(400, "the transfer coding is not well formed");
    if (!equals_ignoring_case(codings[0], "chunked")) return std::pair(501, "chunked is the only transfer coding");
    chunked_ = true;
    close_ = true;
  } else {
    head.content_length = 0;
    if (!lengths.empty()) {
      head.content_length = parse_decimal(lengths[0]);
      if (!head.content_length) return std::pair(400, "the length of the body is not a number");
    }
  }
  const auto expectation = head.headers.find("Expect");
  if (expectation && !equals_ignoring_case(*expectation, "100-continue")) {
    return std::pair(417, "only 100-continue can be expected");
  }
  return std::nullopt;
}

MHD_Result Exchange::access(const char* url, const char* method, const char* version, const char* data, size_t& size) {
  MHD_Result result = MHD_NO;
  MHD_Response* made = nullptr;
  MHD_Connection* connection = nullptr;
  unsigned status = 0;
  {
    const std::scoped_lock lock(mutex_);
    result = decide(url, method, version, data, size);
    made = std::exchange(made_, nullptr);
    connection = connection_;
    status = static_cast<unsigned>(status_);
  }
  if (made == nullptr) return result;
  // Not under mutex_: libmicrohttpd holds the answer's own mutex when it calls read_answer().
  if (result == MHD_YES) result = server_api().queue_response(connection, status, made);
  server_api().destroy_response(made);
  if (result != MHD_YES) {
    const std::scoped_lock lock(mutex_);
    problem_ = "the answer could not be queued";
  }
  return result;
}

MHD_Result Exchange::decide(const char* url, const char* method, const char* version, const char* data, size_t& size) {
  if (context_.refuse_all) return MHD_NO;
  if (stage_ == Stage::kAnswered) {  // the rest of a body that was refused while it came
    size = 0;
    return MHD_YES;
  }
  if (stage_ == Stage::kHead) {
    if (!head_done_) return begin(url, method, version);
    if (response_) return answer();
    if (!admitted_) {
      suspend();
      return MHD_YES;
    }
    if (!chunked_ && *request_.head.content_length > max_body_) return refuse(413, "the body is too large");
    stage_ = Stage::kBody;  // libmicrohttpd sends "100 Continue" now, when it was asked to
    return MHD_YES;
  }
  if (size > 0) return take_body(data, size);
  body_whole_ = true;
  arrived_.notify_all();
  if (response_) return answer();
  if (!handling_) {
    handling_ = true;
    context_.threads->run([self = shared_from_this()] { self->handle(); });
  }
  suspend();
  return MHD_YES;
}

MHD_Result Exchange::begin(const char* url, const char* method, const char* version) {
  head_done_ = true;
  ++context_.active;
  if (auto refusal = read_head(url, method, version)) return refuse(refusal->first, std::move(refusal->second));
  request_.stop = stop_.get_token();
  const bool has_body = chunked_ || *request_.head.content_length > 0;
  if (!has_body) {
    // The next call comes at once and says that the request is whole. An answer queued before that would end the
    // connection.
    stage_ = Stage::kBody;
    return MHD_YES;
  }
  context_.threads->run([self = shared_from_this()] { self->admit(); });
  suspend();
  return MHD_YES;
}

MHD_Result Exchange::take_body(const char* data, size_t& size) {
  moved_ += size;
  if (!response_ && received_ + size > max_body_) {
    body_too_large_ = true;
    close_ = true;
    arrived_.notify_all();
    if (!handling_) response_ = plain(413, "the body is too large");
  }
  if (response_ || body_too_large_) {
    dropped_ += size;
    size = 0;
    if (dropped_ <= kMaxDroppedBytes) return MHD_YES;
    problem_ = "the answer could not be sent: the client went on sending a body that nobody wants";
    return MHD_NO;
  }
  const size_t taken = std::min(size, kWindowBytes - window_.size());
  window_.append(data, taken);
  received_ += taken;
  size -= taken;
  arrived_.notify_all();
  if (window_.size() == kWindowBytes) {
    if (!handling_) {
      handling_ = true;
      context_.threads->run([self = shared_from_this()] { self->handle(); });
    }
    if (size > 0) suspend();
  }
  return MHD_YES;
}

Result<ByteSpan> Exchange::next_of_body() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !window_.empty() || body_whole_ || body_too_large_ || !cancelled_.empty(); });
  if (body_too_large_) {
    return fail(Code::kLimitExceeded, fmt::format("request body: more than {} bytes", max_body_));
  }
  if (!cancelled_.empty()) return fail(Code::kCancelled, fmt::format("request body: {}", cancelled_));
  current_.clear();
  std::swap(current_, window_);
  // The whole body may be known only when the polling thread is called again: that is for it to suspend for.
  if (!body_whole_) resume();
  return as_bytes(current_);
}

void Exchange::suspend() {
  suspended_ = true;
  server_api().suspend_connection(connection_);
}

void Exchange::resume() {
  if (!suspended_) return;
  suspended_ = false;
  server_api().resume_connection(connection_);
}

ServerResponse Exchange::guarded(const std::function<ServerResponse()>& work) {
  std::string what;
  try {
    return work();
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "something unknown";
  }
  const std::scoped_lock lock(mutex_);
  problem_ = fmt::format("the handler threw: {}", what);
  return plain(500, "internal error");
}

void Exchange::admit() {
  std::optional<uint64_t> most;
  ServerResponse refusal = guarded([&]() -> ServerResponse {
    auto admission = context_.handler->admit(request_.head, context_.limits);
    if (!admission) return std::move(admission).error();
    most = *admission;
    return {};
  });
  const std::scoped_lock lock(mutex_);
  if (most) {
    max_body_ = *most;
    admitted_ = true;
  } else {
    response_ = std::move(refusal);
    close_ = true;  // the body may come all the same
  }
  resume();
}

void Exchange::handle() {
  // The body holds this exchange, which holds the request: the ring is broken here.
  request_.body = std::make_unique<Body>(shared_from_this());
  ServerResponse response = guarded([&] { return context_.handler->handle(request_); });
  request_.body.reset();
  const std::scoped_lock lock(mutex_);
  if (body_too_large_) response = plain(413, "the body is too large");
  if (!body_whole_) close_ = true;
  response_ = std::move(response);
  window_.clear();
  resume();
}

MHD_Result Exchange::refuse(int status, std::string why) {
  response_ = plain(status, why);
  problem_ = std::move(why);
  close_ = true;
  return answer();
}

MHD_Response* Exchange::make_response(ServerResponse& response) {
  if (auto* text = std::get_if<std::string>(&response.body)) {
    text_ = std::move(*text);
    return server_api().create_response_from_buffer(text_.size(), text_.data(), MHD_RESPMEM_PERSISTENT);
  }
  if (auto* file = std::get_if<FileBody>(&response.body)) {
    MHD_Response* made = server_api().create_response_from_fd_at_offset64(file->size, file->file.get(), file->offset);
    if (made != nullptr) static_cast<void>(file->file.release());
    return made;
  }
  auto& stream = std::get<StreamBody>(response.body);
  source_ = std::move(stream.source);
  left_ = stream.size;
  auto self = std::make_unique<std::shared_ptr<Exchange>>(shared_from_this());
  MHD_Response* made = server_api().create_response_from_callback(
      stream.size.value_or(MHD_SIZE_UNKNOWN), kAnswerBlockBytes, &on_read_answer, self.get(), &on_answer_gone);
  if (made != nullptr) static_cast<void>(self.release());
  return made;
}

MHD_Result Exchange::answer() {
  bool valid = response_->status >= 200 && response_->status < 600;
  for (const auto& [name, value] : response_->headers) {
    valid = valid && is_valid_field(name, value) && !equals_ignoring_case(name, "Content-Length") &&
            !equals_ignoring_case(name, "Transfer-Encoding");
  }
  if (!valid) {
    problem_ = "the handler's answer has a status or a field that cannot be sent";
    response_ = plain(500, "internal error");
  }
  stage_ = Stage::kAnswered;
  status_ = response_->status;
  unseen_ = !std::holds_alternative<StreamBody>(response_->body);
  made_ = make_response(*response_);
  bool complete = made_ != nullptr;
  for (const auto& [name, value] : response_->headers) {
    complete = complete && server_api().add_response_header(made_, name.c_str(), value.c_str()) == MHD_YES;
  }
  if (close_ || context_.closing) {
    complete = complete && server_api().add_response_header(made_, "Connection", "close") == MHD_YES;
  }
  if (!complete) problem_ = "the answer could not be made";
  return complete ? MHD_YES : MHD_NO;
}

ssize_t Exchange::read_answer(char* buffer, size_t size) {
  const std::scoped_lock lock(mutex_);
  if (context_.refuse_all) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (block_.empty()) {
    if (source_ended_) return problem_.empty() ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
    context_.threads->run([self = shared_from_this()] { self->produce(); });
    suspend();
    return 0;
  }
  const size_t count = std::min(size, block_.size());
  std::memcpy(buffer, block_.data(), count);
  block_ = block_.subspan(count);
  moved_ += count;
  return static_cast<ssize_t>(count);
}

void Exchange::produce() {
  // Only one of these runs at a time, and the polling thread does not touch the source.
  Result<ByteSpan> block = ByteSpan{};
  std::string what;
  try {
    if (source_ != nullptr) block = source_->next();
  } catch (const std::exception& exception) {
    what = fmt::format("the source of the answer threw: {}", exception.what());
  } catch (...) {
    what = "the source of the answer threw";
  }
  if (what.empty() && !block) what = fmt::format("the answer breaks off: {}", block.error().to_string());
  const std::scoped_lock lock(mutex_);
  if (what.empty()) {
    block_ = *block;
    source_ended_ = block_.empty();
    if (left_ && (block_.size() > *left_ || (source_ended_ && *left_ > 0))) {
      what = "the answer has not the length that was promised";
    } else if (left_) {
      *left_ -= block_.size();
    }
  }
  if (!what.empty()) {
    problem_ = std::move(what);
    source_ended_ = true;
    block_ = {};
  }
  resume();
}

void Exchange::cancel(std::string_view why) {
  {
    const std::scoped_lock lock(mutex_);
    if (cancelled_.empty()) cancelled_ = why;
    if (problem_.empty()) problem_ = why;
    arrived_.notify_all();
  }
  stop_.request_stop();
}

void Exchange::completed(MHD_RequestTerminationCode reason) {
  ServerEvent event;
  std::unique_ptr<BlockSource> source;
  std::optional<ServerResponse> response;
  {
    const std::scoped_lock lock(mutex_);
    connection_ = nullptr;
    // They may hold this exchange.
    source = std::move(source_);
    response = std::exchange(response_, std::nullopt);
    if (!head_done_ && problem_.empty()) problem_ = "the head of the request is not well formed, or too large";
    if (reason != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
      if (cancelled_.empty()) cancelled_ = "the client left";
      if (problem_.empty()) {
        problem_ = reason == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED ? "nothing moved for too long" : "broken off";
      }
    }
    arrived_.notify_all();
    event = {request_.head.peer.address,
             request_.head.method,
             std::string(request_.head.path()),
             status_,
             received_,
             std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_),
             problem_};
  }
  if (reason != MHD_REQUEST_TERMINATED_COMPLETED_OK) stop_.request_stop();
  if (context_.log) context_.log(event);
  if (head_done_) --context_.active;
}

}  // namespace bulkhead::net
