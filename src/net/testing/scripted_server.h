// For unit tests only: an HTTP server on a free port of 127.0.0.1 (or a Unix socket) whose every answer is bytes that
// the test wrote, so that broken answers can be told as well as good ones.
#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead::net::testing {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  size_t connection = 0;  // counted from 0
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct ScriptedReply {
  std::string bytes;
  bool close = false;  // after the bytes
  bool hang = false;   // keep the connection open and say nothing more
};

// "HTTP/1.1 <status>", Content-Length and the given fields ("Name: value\r\n" each), and the body.
inline ScriptedReply reply(int status, const std::string& body, const std::string& fields = {}) {
  return {fmt::format("HTTP/1.1 {} Status\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields, body)};
}

class ScriptedServer {
 public:
  // Called from several threads, one for each connection.
  using Handler = std::function<ScriptedReply(const SeenRequest&)>;

  explicit ScriptedServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    listen_on(reinterpret_cast<const sockaddr*>(&address), size);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ScriptedServer(const std::string& socket_path, Handler handler) : handler_(std::move(handler)) {
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_path.c_str(), std::min(socket_path.size() + 1, sizeof(address.sun_path) - 1));
    ::unlink(socket_path.c_str());
    listen_on(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    stopping_ = true;
    acceptor_.join();
    const std::scoped_lock lock(mutex_);
    connections_.clear();  // joins
  }

  int port() const { return port_; }
  std::string url(const std::string& path) const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  std::string authority() const { return fmt::format("127.0.0.1:{}", port_); }
  size_t connection_count() const { return accepted_; }
  std::vector<SeenRequest> requests() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }

 private:
  static constexpr int kTickMs = 20;

  void listen_on(const sockaddr* address, socklen_t size) {
    if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 64) != 0) {
      fmt::print(stderr, "ScriptedServer: {}\n", errno_error(errno, "bind").to_string());
      std::abort();
    }
    acceptor_ = std::jthread([this] { accept_all(); });
  }

  void accept_all() {
    while (!stopping_) {
      pollfd polled{listener_.get(), POLLIN, 0};
      if (::poll(&polled, 1, kTickMs) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const size_t index = accepted_++;
      const std::scoped_lock lock(mutex_);
      connections_.emplace_back([this, index, owned = UniqueFd(fd)] { serve(owned.get(), index); });
    }
  }

  // Appends what comes; false when the peer is gone or the server ends.
  bool receive(int fd, std::string& text) const {
    while (!stopping_) {
      pollfd polled{fd, POLLIN, 0};
      if (::poll(&polled, 1, kTickMs) <= 0) continue;
      char buffer[65536];
      const ssize_t count = ::recv(fd, buffer, sizeof(buffer), 0);
      if (count <= 0) return false;
      text.append(buffer, static_cast<size_t>(count));
      return true;
    }
    return false;
  }

  void serve(int fd, size_t index) {
    std::string received;
    for (;;) {
      size_t head_end = 0;
      while ((head_end = received.find("\r\n\r\n")) == std::string::npos) {
        if (!receive(fd, received)) return;
      }
      SeenRequest request = parse_head(received.substr(0, head_end + 2));
      request.connection = index;
      received.erase(0, head_end + 4);
      const size_t length = parse_decimal(request.header("content-length")).value_or(0);
      while (received.size() < length) {
        if (!receive(fd, received)) return;
      }
      request.body = received.substr(0, length);
      received.erase(0, length);
      {
        const std::scoped_lock lock(mutex_);
        seen_.push_back(request);
      }
      const ScriptedReply answer = handler_(request);
      if (!send_all(fd, answer.bytes) || answer.close) return;
      while (answer.hang) {
        std::string ignored;
        if (!receive(fd, ignored)) return;
      }
    }
  }

  bool send_all(int fd, std::string_view bytes) const {
    while (!bytes.empty() && !stopping_) {
      pollfd polled{fd, POLLOUT, 0};
      if (::poll(&polled, 1, kTickMs) <= 0) continue;
      const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return bytes.empty();
  }

  static SeenRequest parse_head(std::string_view head) {
    SeenRequest request;
    std::string_view line;
    next_line(head, line);
    const auto words = split(line, ' ');
    request.method = words[0];
    request.target = words.size() > 1 ? words[1] : "";
    while (next_line(head, line)) {
      const size_t colon = line.find(':');
      request.headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
    return request;
  }

  Handler handler_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<size_t> accepted_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;
};

}  // namespace bulkhead::net::testing
