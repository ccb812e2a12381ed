// For tests only: a server with a handler of the test's, and clients to ask it.
#pragma once

#include <atomic>
#include <cerrno>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include "base/fs.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace bulkhead::net {

inline ServerResponse text_answer(std::string text, int status = 200) {
  ServerResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

class TestHandler final : public RequestHandler {
 public:
  std::function<ServerResponse(ServerRequest&)> on_request;
  std::function<std::expected<uint64_t, ServerResponse>(const RequestHead&)> on_admit;
  std::atomic<int> handled = 0;

  std::expected<uint64_t, ServerResponse> admit(const RequestHead& head, const ServerLimits& limits) override {
    return on_admit ? on_admit(head) : RequestHandler::admit(head, limits);
  }
  ServerResponse handle(ServerRequest& request) override {
    ++handled;
    return on_request(request);
  }
};

// "METHOD target|body"
inline ServerResponse echo(ServerRequest& request) {
  const auto body = read_all(*request.body, 64 << 20, "body");
  return text_answer(fmt::format("{} {}|{}", request.head.method, request.head.target,
                                 body ? *body : "error: " + body.error().to_string()));
}

struct TestServer {
  TestHandler handler;
  std::mutex mutex;
  std::vector<ServerEvent> events;
  std::unique_ptr<Server> server;

  explicit TestServer(std::function<ServerResponse(ServerRequest&)> on_request = echo, ServerLimits limits = {},
                      std::vector<Listener> listeners = {}) {
    handler.on_request = std::move(on_request);
    ServerOptions options;
    options.limits = limits;
    options.listeners = std::move(listeners);
    if (options.listeners.empty()) options.listeners.push_back({.address = TcpAddress{.host = "127.0.0.1"}});
    options.log = [this](const ServerEvent& event) {
      const std::scoped_lock lock(mutex);
      events.push_back(event);
    };
    auto started = Server::start(std::move(options), handler);
    if (!started) throw std::runtime_error(started.error().to_string());
    server = std::move(*started);
  }
  ~TestServer() { server.reset(); }

  std::string url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", server->port(), path); }
  std::string problems() {
    const std::scoped_lock lock(mutex);
    std::string out;
    for (const auto& event : events) {
      if (!event.problem.empty()) out += event.problem + "\n";
    }
    return out;
  }
};

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const timeval limit{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  bool send(std::string_view text) const {
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Until the server closes, or `until` was read.
  std::string receive(std::string_view until = "\x01never") {
    std::string out;
    char buffer[65536];
    for (size_t seen = 0; out.find(until, seen) == std::string::npos;) {
      seen = out.size() < until.size() ? 0 : out.size() - until.size();
      const ssize_t count = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
      closed = count == 0 || (count < 0 && errno == ECONNRESET);
      if (count <= 0) break;
      out.append(buffer, static_cast<size_t>(count));
    }
    return out;
  }
  void close() { fd_ = UniqueFd(); }
  bool connected = false;
  bool closed = false;

 private:
  UniqueFd fd_;
};

inline Request request_for(const std::string& url, std::string method = "GET", std::string body = {}) {
  Request request;
  request.method = std::move(method);
  request.url = url;
  request.body = std::move(body);
  request.retry.max_attempts = 1;
  return request;
}

inline std::string fetch(const Request& request, const Client& client = Client({})) {
  auto response = client.send(request);
  if (!response) return "error: " + response.error().to_string();
  auto text = read_all(*response->body, 512 << 20, "answer");
  return fmt::format("{} {}", response->status, text ? *text : "error: " + text.error().to_string());
}

}  // namespace bulkhead::net
